import { writeSync } from 'node:fs';
import { samples } from '#ports/contract';
import { openStore } from './index.ts';

/** Creates keys without end, several at once, and prints the id of each after it was acknowledged. */
async function createForEver(url: string): Promise<never> {
  const store = await openStore(url);
  const one = async (): Promise<void> => {
    const key = samples.sampleKey('production');
    const materials = [1, 2].map((version) => ({ version, material: samples.material() }));
    const name = samples.sampleName(key, key.id);
    await store.commit({
      changes: [samples.createKey(key, materials), { kind: 'name-created', name }],
      events: [samples.sampleEvent({ node: 'crash', keyId: key.id })],
    });
    writeSync(1, `${key.id}\n`);
  };
  const lanes = Array.from({ length: 5 }, async () => {
    for (;;) await one();
  });
  await Promise.all(lanes);
  throw new Error('unreachable');
}

const url = process.argv[2];
if (import.meta.main && url !== undefined) await createForEver(url);

import { writeSync } from 'node:fs';
import { samples } from '#ports/contract';
import { storeSchema } from './migrations.ts';
import { openMigrated } from './sqlite.fixture.ts';
import type { LaneChoice } from './sqlite-lanes.ts';
import { sqlStore } from './store.ts';

/** Writes at once, and waits while the reader is behind. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error;
    }
  }
}

/** Creates keys without end, several at once, and prints the id of each after it was acknowledged. */
async function createForEver(file: string, lane: LaneChoice): Promise<never> {
  const store = sqlStore(await openMigrated(file, storeSchema, { lane }));
  const one = async (): Promise<void> => {
    const key = samples.sampleKey('production');
    const materials = [1, 2].map((version) => ({ version, material: samples.material() }));
    const name = samples.sampleName(key, key.id);
    await store.commit({
      changes: [samples.createKey(key, materials), { kind: 'name-created', name }],
      events: [samples.sampleEvent({ node: 'crash', keyId: key.id })],
    });
    say(`${key.id}\n`);
  };
  const lanes = Array.from({ length: 5 }, async () => {
    for (;;) await one();
  });
  await Promise.all(lanes);
  throw new Error('unreachable');
}

const [, , file, lane] = process.argv;
if (import.meta.main && file !== undefined) await createForEver(file, lane as LaneChoice);

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#sdk';
import { startTestServer } from '../test/servers.ts';
import { tell } from './report.ts';

/**
 * Puts a home that is full of keys under a new root, and everything in it under a new environment key, while other keys are used:
 * how long it takes, and what the users feel.
 */
export async function benchRekey(home: string, keys: number): Promise<void> {
  const server = await startTestServer({ home });
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const { id } = await client.keys.create({});
  const millis: number[] = [];
  let over = false;
  let refused = 0;
  const serving = Array.from({ length: 4 }, async () => {
    for (; !over; await sleep(5)) {
      const begin = performance.now();
      await client.encrypt(id, Buffer.alloc(32)).catch(() => {
        refused += 1;
      });
      millis.push(performance.now() - begin);
    }
  });
  const begin = performance.now();
  await client.root.migrate(`file:${path.join(home, 'root', 'next.key')}`);
  let state = await client.rekeys.begin('default');
  for (; state.running; state = await client.rekeys.status('default')) await sleep(100);
  const seconds = (performance.now() - begin) / 1000;
  over = true;
  await Promise.all(serving);
  millis.sort((a, b) => a - b);
  const p99 = millis[Math.floor(millis.length * 0.99)] ?? 0;
  tell({
    name: `${keys} keys sealed anew under a new root, while serving`,
    value: `${seconds.toFixed(1)} s`,
    number: seconds,
    ...(keys >= 100_000 ? { bar: '60 s', holds: seconds < 60 && refused === 0 } : {}),
  });
  tell({
    name: 'requests meanwhile: p99, refused',
    value: `${p99.toFixed(0)} ms, ${refused} of ${millis.length}`,
    number: p99,
  });
  await server.stop();
}

import { randomBytes } from 'node:crypto';
import type { TestServer } from '../test/servers.ts';
import type { Scale } from './encrypt.ts';
import { type LoadRequest, wrk } from './load.ts';
import { cpuMicros, startFloor } from './processes.ts';
import { median, tell } from './report.ts';

const itemsInBatch = 100;
const plaintext = (): string => randomBytes(32).toString('base64');

/** Vault's transit encrypt of 32 bytes at 64 connections, of the bare server; and a batch, for each item. */
export async function benchVaultTransit(server: TestServer, { seconds, rounds }: Scale): Promise<void> {
  const headers = { 'x-vault-token': server.env['VAULT_TOKEN'] ?? '', 'content-type': 'application/json' };
  const at = `${server.address}/v1/transit/encrypt/bench`;
  const single = JSON.stringify({ plaintext: plaintext() });
  const batch = JSON.stringify({
    batch_input: Array.from({ length: itemsInBatch }, () => ({ plaintext: plaintext() })),
  });
  const sample = await fetch(at, { method: 'POST', headers, body: single });
  const floor = await startFloor((await sample.text()).length);
  const request = (url: string, body: string, length: number): LoadRequest => ({
    url,
    headers,
    body,
    seconds: length,
  });
  await wrk(request(at, single, 2));
  await wrk(request(floor.url, single, 1));
  const found: { ratio: number; perItem: number; rps: number; micros: number; errors: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const low = await wrk(request(floor.url, single, seconds));
    const before = cpuMicros(server.pid);
    const ours = await wrk(request(at, single, seconds));
    const micros = (cpuMicros(server.pid) - before) / (ours.rps * seconds);
    const many = await wrk(request(at, batch, seconds));
    found.push({
      ratio: ours.rps / low.rps,
      perItem: (many.rps * itemsInBatch) / ours.rps,
      rps: ours.rps,
      micros,
      errors: ours.errors + many.errors,
    });
  }
  floor.stop();
  const errors = found.reduce((sum, one) => sum + one.errors, 0);
  const ratio = median(found.map((one) => one.ratio));
  const perItem = median(found.map((one) => one.perItem));
  const rps = median(found.map((one) => one.rps));
  const micros = median(found.map((one) => one.micros)).toFixed(1);
  tell({
    name: 'Vault transit encrypt 32 B, of the floor',
    value: ratio.toFixed(3),
    number: ratio,
    bar: '0.42',
    holds: ratio >= 0.42 && errors === 0,
  });
  tell({
    name: `Vault transit encrypt, batch of ${itemsInBatch}, items to singles`,
    value: perItem.toFixed(1),
    number: perItem,
    bar: '8',
    holds: perItem >= 8 && errors === 0,
  });
  tell({
    name: 'Vault transit encrypt 32 B, requests a second',
    value: `${rps.toFixed(0)} (CPU ${micros} us a request, errors ${errors})`,
    number: rps,
  });
}

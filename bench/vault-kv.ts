import { randomBytes } from 'node:crypto';
import type { TestServer } from '../test/servers.ts';
import type { Scale } from './encrypt.ts';
import { type LoadRequest, wrk } from './load.ts';
import { cpuMicros, startFloor } from './processes.ts';
import { median, tell } from './report.ts';

const secret = JSON.stringify({
  data: { username: 'service', password: randomBytes(24).toString('base64') },
});
/** As many secrets are written in turn; each is written again and again, so that versions are evicted as well. */
const written = 20_000;

function headersOf(server: TestServer): Record<string, string> {
  return { 'x-vault-token': server.env['VAULT_TOKEN'] ?? '', 'content-type': 'application/json' };
}

async function benchRead(server: TestServer, { seconds, rounds }: Scale): Promise<void> {
  const headers = headersOf(server);
  const at = `${server.address}/v1/secret/data/bench/read`;
  await fetch(at, { method: 'POST', headers, body: secret });
  const sample = await fetch(at, { headers });
  const floor = await startFloor((await sample.text()).length);
  const read = (url: string, length: number): LoadRequest => ({
    url: url.startsWith(server.address) ? at : url,
    headers,
    body: '',
    method: 'GET',
    seconds: length,
  });
  await wrk(read(server.address, 2));
  await wrk(read(floor.url, 1));
  const pairs: { ratio: number; rps: number; micros: number; floorMicros: number; errors: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const beforeFloor = cpuMicros(floor.pid);
    const low = await wrk(read(floor.url, seconds));
    const floorMicros = (cpuMicros(floor.pid) - beforeFloor) / (low.rps * seconds);
    const before = cpuMicros(server.pid);
    const ours = await wrk(read(server.address, seconds));
    const micros = (cpuMicros(server.pid) - before) / (ours.rps * seconds);
    pairs.push({ ratio: ours.rps / low.rps, rps: ours.rps, micros, floorMicros, errors: ours.errors });
  }
  floor.stop();
  const ratio = median(pairs.map((pair) => pair.ratio));
  const errors = pairs.reduce((sum, pair) => sum + pair.errors, 0);
  tell({
    name: 'Vault KV v2 read, of the floor',
    value: ratio.toFixed(3),
    number: ratio,
    bar: '0.42',
    holds: ratio >= 0.42 && errors === 0,
  });
  const rps = median(pairs.map((pair) => pair.rps));
  const micros = median(pairs.map((pair) => pair.micros)).toFixed(1);
  const floorMicros = median(pairs.map((pair) => pair.floorMicros)).toFixed(1);
  tell({
    name: 'Vault KV v2 read, requests a second',
    value: `${rps.toFixed(0)} (CPU ${micros} us a request, floor ${floorMicros}; errors ${errors})`,
    number: rps,
  });
}

async function benchWrite(server: TestServer, { seconds, rounds }: Scale): Promise<void> {
  const write = (length: number): LoadRequest => ({
    url: `${server.address}/v1/secret/data/bench/write-`,
    headers: headersOf(server),
    body: secret,
    seconds: length,
    paths: written,
  });
  await wrk(write(2));
  const loads = [];
  for (let round = 0; round < rounds; round += 1) loads.push(await wrk(write(seconds)));
  const rate = median(loads.map(({ rps }) => rps));
  const errors = loads.reduce((sum, load) => sum + load.errors, 0);
  tell({
    name: 'Vault KV v2 durable write, 64 at once',
    value: `${rate.toFixed(0)} a second (p99 ${median(loads.map(({ p99 }) => p99)).toFixed(0)} ms, errors ${errors})`,
    number: rate,
    bar: '3000',
    holds: rate >= 3000 && errors === 0,
  });
}

/** KV v2 through Vault's API: reads of one secret, and durable writes of many, each with a record. */
export async function benchVaultKv(server: TestServer, scale: Scale): Promise<void> {
  await benchRead(server, scale);
  await benchWrite(server, scale);
}

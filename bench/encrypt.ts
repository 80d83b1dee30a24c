import { randomBytes } from 'node:crypto';
import { createClient } from '#sdk';
import type { TestServer } from '../test/servers.ts';
import { type Load, type LoadRequest, wrk } from './load.ts';
import { cpuMicros, startFloor } from './processes.ts';
import { median, tell } from './report.ts';
import { signedHeaders } from './sign.ts';

export type Scale = { readonly seconds: number; readonly rounds: number };

/** Makes a key and a signed Encrypt of 32 bytes under it; signed anew for each run, since it is good for five minutes. */
export async function encryptRequest(
  server: TestServer,
): Promise<(url: string, seconds: number) => LoadRequest> {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const key = await client.keys.create({ description: 'bench' });
  const body = JSON.stringify({ KeyId: key.id, Plaintext: randomBytes(32).toString('base64') });
  const credentials = {
    id: server.env['AWS_ACCESS_KEY_ID'] ?? '',
    secret: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  return (url, seconds) => ({
    url: `${url}/`,
    headers: signedHeaders(url, 'TrentService.Encrypt', body, credentials),
    body,
    seconds,
  });
}

type Measured = Load & { readonly micros: number };

async function measure(pid: number, request: LoadRequest): Promise<Measured> {
  const before = cpuMicros(pid);
  const load = await wrk(request);
  return { ...load, micros: (cpuMicros(pid) - before) / (load.rps * request.seconds) };
}

/** AWS Encrypt of 32 bytes at 64 connections against the bare server, in turns, so that both see the same machine. */
export async function benchEncrypt(server: TestServer, { seconds, rounds }: Scale): Promise<void> {
  const request = await encryptRequest(server);
  const sample = await fetch(`${server.address}/`, { method: 'POST', ...request(server.address, 1) });
  const floor = await startFloor((await sample.text()).length);
  const pairs: { floor: Measured; ours: Measured }[] = [];
  await wrk(request(server.address, 2));
  await wrk(request(floor.url, 1));
  for (let round = 0; round < rounds; round += 1) {
    const low = await measure(floor.pid, request(floor.url, seconds));
    pairs.push({ floor: low, ours: await measure(server.pid, request(server.address, seconds)) });
  }
  floor.stop();
  const middle = (read: (pair: { floor: Measured; ours: Measured }) => number) => median(pairs.map(read));
  const errors = pairs.reduce((sum, pair) => sum + pair.ours.errors, 0);
  const ratio = middle(({ ours, floor: low }) => ours.rps / low.rps);
  const p99 = middle(({ ours, floor: low }) => ours.p99 / low.p99);
  const micros = middle(({ ours }) => ours.micros);
  const [rps, floorRps, floorMicros] = [
    middle(({ ours }) => ours.rps),
    middle((pair) => pair.floor.rps),
    middle((pair) => pair.floor.micros),
  ];
  tell({
    name: 'AWS Encrypt 32 B, of the floor',
    value: ratio.toFixed(3),
    number: ratio,
    bar: '0.35',
    holds: ratio >= 0.35 && errors === 0,
  });
  tell({
    name: 'AWS Encrypt 32 B, p99 as a multiple of the floor',
    value: p99.toFixed(2),
    number: p99,
    bar: '3',
    holds: p99 <= 3,
  });
  tell({
    name: 'AWS Encrypt 32 B, requests a second',
    value: `${rps.toFixed(0)} (floor ${floorRps.toFixed(0)}, errors ${errors})`,
    number: rps,
  });
  tell({
    name: 'AWS Encrypt 32 B, CPU of the server',
    value: `${micros.toFixed(1)} us a request (floor ${floorMicros.toFixed(1)})`,
    number: micros,
  });
}

/** The same request against a server whose store holds many keys, in turns with one whose store is almost empty. */
export async function benchManyKeys(
  servers: { readonly small: TestServer; readonly large: TestServer; readonly keys: number },
  { seconds, rounds }: Scale,
): Promise<void> {
  const { small, large, keys } = servers;
  const [ofSmall, ofLarge] = [await encryptRequest(small), await encryptRequest(large)];
  await wrk(ofSmall(small.address, 1));
  await wrk(ofLarge(large.address, 1));
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const one = await wrk(ofSmall(small.address, seconds));
    const other = await wrk(ofLarge(large.address, seconds));
    ratios.push(other.rps / one.rps);
  }
  const ratio = median(ratios);
  tell({
    name: `AWS Encrypt 32 B with ${keys} keys, of that with few`,
    value: ratio.toFixed(3),
    number: ratio,
    bar: '0.90',
    holds: ratio >= 0.9,
  });
}

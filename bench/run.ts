import { spawn } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createClient, encryptStream } from '#sdk';
import { newHome, removeHome, startTestServer, type TestServer } from '../test/servers.ts';
import { hasWrk, type Load, wrk } from './load.ts';
import { signedHeaders } from './sign.ts';

// Measures ratios within one run: figures of different runs or machines say nothing about each other.

const quick = process.argv.includes('--quick');
const seconds = quick ? 2 : 8;
const rounds = quick ? 1 : 3;

type Line = {
  readonly name: string;
  readonly value: string;
  readonly bar?: string;
  readonly holds?: boolean;
};
const lines: Line[] = [];

function tell(line: Line): void {
  lines.push(line);
  const mark = line.holds === undefined ? '    ' : line.holds ? 'ok  ' : 'MISS';
  process.stdout.write(
    `${mark} ${line.name.padEnd(58)} ${line.value}${line.bar ? `   (bar: ${line.bar})` : ''}\n`,
  );
}

async function startFloor(size: number): Promise<{ url: string; stop: () => void }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'floor.ts'), String(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  return { url, stop: () => child.kill() };
}

function cpuMicros(pid: number): number {
  const [, , ...fields] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').join(' ) ').split(' ');
  const at = fields.indexOf(')') + 1;
  return (Number(fields[at + 11]) + Number(fields[at + 12])) * 10_000;
}

function residentMiB(pid: number): number {
  const found = /VmRSS:\s+([0-9]+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(found ?? 0) / 1024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function benchEncrypt(server: TestServer): Promise<void> {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const key = await client.keys.create({ description: 'bench' });
  const body = JSON.stringify({ KeyId: key.id, Plaintext: randomBytes(32).toString('base64') });
  const credentials = {
    id: server.env['AWS_ACCESS_KEY_ID'] ?? '',
    secret: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  const request = (url: string) => ({
    url: `${url}/`,
    headers: signedHeaders(url, 'TrentService.Encrypt', body, credentials),
    body,
    seconds,
  });
  const sample = await fetch(`${server.address}/`, { method: 'POST', ...request(server.address) });
  const floor = await startFloor((await sample.text()).length);
  const pairs: { floor: Load; ours: Load; micros: number }[] = [];
  await wrk({ ...request(server.address), seconds: 2 });
  for (let round = 0; round < rounds; round += 1) {
    const low = await wrk(request(floor.url));
    const before = cpuMicros(server.pid);
    const ours = await wrk(request(server.address));
    pairs.push({ floor: low, ours, micros: (cpuMicros(server.pid) - before) / (ours.rps * seconds) });
  }
  floor.stop();
  const ratio = median(pairs.map((pair) => pair.ours.rps / pair.floor.rps));
  const p99 = median(pairs.map((pair) => pair.ours.p99 / pair.floor.p99));
  const rps = median(pairs.map((pair) => pair.ours.rps));
  const errors = pairs.reduce((sum, pair) => sum + pair.ours.errors, 0);
  tell({
    name: 'AWS Encrypt 32 B, of the floor',
    value: ratio.toFixed(3),
    bar: '0.35',
    holds: ratio >= 0.35 && errors === 0,
  });
  tell({
    name: 'AWS Encrypt 32 B, p99 as a multiple of the floor',
    value: p99.toFixed(2),
    bar: '3',
    holds: p99 <= 3,
  });
  tell({
    name: 'AWS Encrypt 32 B, requests a second',
    value: `${rps.toFixed(0)} (floor ${median(pairs.map((pair) => pair.floor.rps)).toFixed(0)}, errors ${errors})`,
  });
  tell({
    name: 'AWS Encrypt 32 B, CPU of the server',
    value: `${median(pairs.map((pair) => pair.micros)).toFixed(1)} us a request`,
  });
}

async function benchKeys(server: TestServer): Promise<void> {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const count = quick ? 300 : 3000;
  const begin = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (; left > 0; ) {
        left -= 1;
        await client.keys.create({});
      }
    }),
  );
  tell({
    name: 'keys created, durable, 64 at once',
    value: `${(count / ((performance.now() - begin) / 1000)).toFixed(0)} a second`,
  });
}

async function* pieces(total: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(1 << 20, 7);
  for (let done = 0; done < total; done += piece.length) yield piece;
}

async function benchFiles(): Promise<void> {
  const total = (quick ? 64 : 512) * (1 << 20);
  const fileKey = { plaintext: randomBytes(32), ciphertext: randomBytes(100) };
  const ratios: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const raw = performance.now();
    const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12));
    for await (const piece of pieces(total)) cipher.update(piece);
    cipher.final();
    const ours = performance.now();
    for await (const _piece of encryptStream(pieces(total), fileKey)) void _piece;
    ratios.push((ours - raw) / (performance.now() - ours));
  }
  const ratio = median(ratios);
  tell({
    name: 'file encryption, of raw AES-256-GCM',
    value: ratio.toFixed(2),
    bar: '0.70',
    holds: ratio >= 0.7,
  });
}

async function benchStart(): Promise<void> {
  const home = newHome();
  await (await startTestServer({ home })).stop();
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begin = performance.now();
    const server = await startTestServer({ home });
    times.push(performance.now() - begin);
    await server.stop();
  }
  removeHome(home);
  tell({
    name: 'start to ready',
    value: `${median(times).toFixed(0)} ms`,
    bar: '1000 ms',
    holds: median(times) < 1000,
  });
}

if (!hasWrk())
  process.stdout.write(
    'The load generator wrk is not installed: throughput is not measured (apt-get install wrk).\n',
  );
await benchStart();
await benchFiles();
const server = await startTestServer();
tell({ name: 'memory when idle', value: `${residentMiB(server.pid).toFixed(0)} MiB` });
if (hasWrk()) await benchEncrypt(server);
await benchKeys(server);
await server.stop();
removeHome(server.home);
fs.mkdirSync(path.join(import.meta.dirname, 'results'), { recursive: true });
const file = path.join(import.meta.dirname, 'results', 'last.json');
fs.writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), quick, lines }, null, 2)}\n`);
const missed = lines.filter((line) => line.holds === false);
process.stdout.write(
  `${missed.length === 0 ? 'Every bar holds.' : `${missed.length} bars are missed.`} Figures: ${file}\n`,
);
if (missed.length > 0 && !quick) process.exitCode = 1;

import { createCipheriv, randomBytes } from 'node:crypto';
import { createClient, encryptStream } from '#sdk';
import { newHome, removeHome, startTestServer, type TestServer } from '../test/servers.ts';
import { benchAnomaly } from './anomaly.ts';
import { benchEncrypt, benchManyKeys, type Scale } from './encrypt.ts';
import { benchDetectors } from './detectors.ts';
import { benchGovernance, benchGoverned } from './governance.ts';
import { benchInventory } from './inventory.ts';
import { benchVaultKv } from './vault-kv.ts';
import { benchVaultTransit } from './vault-transit.ts';
import { fillWithKeys } from './fill.ts';
import { hasWrk } from './load.ts';
import { residentMiB } from './processes.ts';
import { benchRekey } from './rekey.ts';
import { finish, median, tell } from './report.ts';

// Measures ratios within one run: figures of different runs or machines say nothing about each other.

const quick = process.argv.includes('--quick');
const scale: Scale = quick ? { seconds: 2, rounds: 3 } : { seconds: 6, rounds: 5 };
const sizes = quick
  ? { files: 64, created: 300, memory: 2000, many: 2000 }
  : { files: 512, created: 3000, memory: 100_000, many: 1_000_000 };

async function benchCreation(server: TestServer): Promise<void> {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const begin = performance.now();
  let left = sizes.created;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (; left > 0; ) {
        left -= 1;
        await client.keys.create({});
      }
    }),
  );
  const rate = sizes.created / ((performance.now() - begin) / 1000);
  tell({ name: 'keys created, durable, 64 at once', value: `${rate.toFixed(0)} a second`, number: rate });
}

async function* pieces(total: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(1 << 20, 7);
  for (let done = 0; done < total; done += piece.length) yield piece;
}

async function benchFiles(): Promise<void> {
  const total = sizes.files * (1 << 20);
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
    number: ratio,
    bar: '0.70',
    holds: ratio >= 0.7,
  });
}

async function benchStart(): Promise<void> {
  const home = newHome();
  await (await startTestServer({ home })).stop();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const begin = performance.now();
    const server = await startTestServer({ home });
    times.push(performance.now() - begin);
    await server.stop();
  }
  removeHome(home);
  const millis = median(times);
  tell({
    name: 'start to ready',
    value: `${millis.toFixed(0)} ms`,
    number: millis,
    bar: '1000 ms',
    holds: millis < 1000,
  });
}

/** Fills a home with keys, with a line that tells how far it is. */
async function fill(home: string, count: number): Promise<void> {
  const begin = performance.now();
  await fillWithKeys(home, count, (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r     filling: ${done} of ${count} keys`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const rate = count / ((performance.now() - begin) / 1000);
  process.stdout.write(`     (${count} keys put into the store, ${rate.toFixed(0)} a second)\n`);
}

/** Memory and throughput with many keys in the store. */
async function benchMany(few: TestServer): Promise<void> {
  const home = newHome();
  await (await startTestServer({ home })).stop();
  await fill(home, sizes.memory);
  await benchMemory(home);
  if (sizes.many > sizes.memory) await fill(home, sizes.many - sizes.memory);
  if (hasLoad) {
    const large = await startTestServer({ home });
    await benchManyKeys({ small: few, large, keys: sizes.many }, scale);
    await large.stop();
  }
  removeHome(home);
}

/** Memory with many keys in the store, before and after a part of them is used. */
async function benchMemory(home: string): Promise<void> {
  const server = await startTestServer({ home });
  const idle = residentMiB(server.pid);
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const ids: string[] = [];
  for await (const key of client.keys.list()) if (ids.push(key.id) === 20_000) break;
  const listed = residentMiB(server.pid);
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) await client.encrypt(id, Buffer.alloc(32));
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  const used = residentMiB(server.pid);
  tell({
    name: `memory with ${sizes.memory} keys: idle, listed, 20,000 used`,
    value: `${idle.toFixed(0)}, ${listed.toFixed(0)}, ${used.toFixed(0)} MiB (${seconds.toFixed(0)} s)`,
    number: used,
  });
  await server.stop();
}

async function benchRoot(): Promise<void> {
  const home = newHome();
  await (await startTestServer({ home })).stop();
  await fill(home, sizes.memory);
  await benchRekey(home, sizes.memory);
  removeHome(home);
}

// words name the parts to run; without any, all are run
const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const wanted = (part: string): boolean => words.length === 0 || words.includes(part);
const hasLoad = hasWrk();
if (!hasLoad) {
  process.stdout.write(
    'The load generator wrk is not installed: throughput is not measured (apt-get install wrk).\n',
  );
}

if (wanted('anomaly')) await benchAnomaly(quick);
if (wanted('detectors')) await benchDetectors(quick ? 100_000 : 1_000_000);
if (wanted('inventory')) await benchInventory(quick ? 20_000 : 1_000_000);
if (wanted('governance')) await benchGovernance(quick ? 20_000 : 1_000_000);
if (hasLoad && wanted('governed')) await benchGoverned(scale);
if (wanted('start')) await benchStart();
if (wanted('files')) await benchFiles();
const small = await startTestServer();
const idle = residentMiB(small.pid);
tell({ name: 'memory when idle', value: `${idle.toFixed(0)} MiB`, number: idle });
if (hasLoad && wanted('encrypt')) await benchEncrypt(small, scale);
if (hasLoad && wanted('vault-transit')) await benchVaultTransit(small, scale);
if (hasLoad && wanted('vault-kv')) await benchVaultKv(small, scale);
if (wanted('create')) await benchCreation(small);
if (wanted('root')) await benchRoot();
if (wanted('many')) await benchMany(small);
await small.stop();
removeHome(small.home);
if (finish(quick) > 0 && !quick) process.exitCode = 1;

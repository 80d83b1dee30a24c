import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createKeyUses } from '#operations';
import { createClient, type InventoryWish } from '#sdk';
import { newHome, removeHome, startTestServer, type TestServer } from '../test/servers.ts';
import { fillCompany } from './company.ts';
import { encryptRequest, type Scale } from './encrypt.ts';
import { wrk } from './load.ts';
import { residentMiB } from './processes.ts';
import { median, tell } from './report.ts';

const main = path.join(import.meta.dirname, '../src/cli/main.mjs');

/** Runs a command of claviger as people do. Seconds, and the most memory of it and of the server meanwhile. */
async function commandOf(server: TestServer, words: readonly string[], out: string) {
  const begin = performance.now();
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...server.env, CLAVIGER_ADDR: server.address },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.pipe(createWriteStream(out));
  let [most, own] = [0, 0];
  const timer = setInterval(() => {
    most = Math.max(most, residentMiB(server.pid));
    own = Math.max(own, residentMiB(child.pid ?? 0));
  }, 250);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}:\n${server.output()}`);
  return { seconds: (performance.now() - begin) / 1000, most, own };
}

/** How long each of those who encrypt meanwhile waits, one after the other, in milliseconds. */
function startProbe(server: TestServer) {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const waits: number[] = [];
  let isOver = false;
  async function run(): Promise<void> {
    const { id } = await client.keys.create({});
    while (!isOver) {
      const begin = performance.now();
      await client.encrypt(id, Buffer.alloc(32));
      waits.push(performance.now() - begin);
      await new Promise((resume) => setTimeout(resume, 20));
    }
  }
  const running = run();
  return {
    async stop(): Promise<readonly number[]> {
      isOver = true;
      await running;
      return waits.sort((a, b) => a - b);
    },
  };
}

const runSecondsMax = 60;
const memoryMaxMiB = 800;

/** A compliance run, a CBOM and due dates of very many keys, by the command line. */
async function benchCommands(server: TestServer, keys: number): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claviger-governance-'));
  const out = path.join(folder, 'out');
  for (const [name, words] of [
    ['compliance run', ['compliance', 'run', '--framework', 'nist-sp-800-57', '-o', 'json']],
    ['CBOM', ['inventory', 'export', '--format', 'cbom']],
    ['findings', ['findings', 'detect', '-o', 'json']],
  ] as const) {
    const idle = residentMiB(server.pid);
    const probe = startProbe(server);
    const { seconds, most, own } = await commandOf(server, words, out).finally(probe.stop);
    const waits = await probe.stop();
    const p99 = waits[Math.floor(waits.length * 0.99)] ?? 0;
    const mebibytes = (statSync(out).size / 1024 / 1024).toFixed(1);
    tell({
      name: `${name} of ${keys} keys`,
      value: `${seconds.toFixed(1)} s (${mebibytes} MiB; encryptions meanwhile: p99 ${p99.toFixed(0)} ms)`,
      number: seconds,
      bar: `${runSecondsMax} s`,
      holds: seconds < runSecondsMax,
    });
    tell({
      name: `${name} of ${keys} keys, memory of the server`,
      value: `${most.toFixed(0)} MiB at most, ${idle.toFixed(0)} before; the command's own ${own.toFixed(0)}`,
      number: most,
      bar: `${memoryMaxMiB} MiB`,
      holds: most < memoryMaxMiB && own < memoryMaxMiB,
    });
  }
  rmSync(folder, { recursive: true, force: true });
}

const questions: Readonly<Record<string, InventoryWish>> = {
  everything: {},
  'the newest': { sort: '-created' },
  'a large team': { filter: { owner: 'team-000' } },
  compromised: { filter: { state: 'compromised' } },
  'ending within 90 days': { filter: { 'ends-before': '+90d' }, sort: 'ends' },
  'names that begin so': { filter: { name: 'team-01*' }, sort: 'name' },
};

/** First pages of the inventory as clients get them. */
async function benchPages(server: TestServer, keys: number): Promise<void> {
  const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  const lines: string[] = [];
  let slowest = 0;
  for (const [name, question] of Object.entries(questions)) {
    const times: number[] = [];
    for (let round = 0; round < 60; round += 1) {
      const begin = performance.now();
      await client.inventory.list(question, 100).next();
      // the first ones find a server that was never asked
      if (round >= 10) times.push(performance.now() - begin);
    }
    const p99 = times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
    lines.push(`${name} ${median(times).toFixed(0)}/${p99.toFixed(0)}`);
    slowest = Math.max(slowest, p99);
  }
  tell({
    name: `pages of 100 of the inventory of ${keys} keys, by HTTP`,
    value: `p99 ${slowest.toFixed(1)} ms at most (p50/p99: ${lines.join(', ')})`,
    number: slowest,
    bar: '50 ms',
    holds: slowest < 50,
  });
}

/** Everything that governance asks of a house with very many keys. */
export async function benchGovernance(keys: number): Promise<void> {
  // filling takes minutes: a home that is named is filled once, and kept
  const kept = process.env['CLAVIGER_BENCH_HOME'];
  const home = kept ?? newHome();
  if (!existsSync(path.join(home, 'data'))) {
    await (await startTestServer({ home })).stop();
    const begin = performance.now();
    await fillCompany(home, keys);
    const seconds = (performance.now() - begin) / 1000;
    process.stdout.write(`     (${keys} keys and their events put into a home, ${seconds.toFixed(0)} s)\n`);
  }
  const server = await startTestServer({ home });
  try {
    await benchPages(server, keys);
    await benchCommands(server, keys);
  } finally {
    await server.stop();
    if (kept === undefined) removeHome(home);
  }
}

/** Nanoseconds of what is counted of each use. */
async function countingNanos(): Promise<number> {
  const uses = createKeyUses({ relations: { of: async () => new Map(), recordUses: async () => undefined } });
  const rounds = 1_000_000;
  const begin = performance.now();
  for (let round = 0; round < rounds; round += 1)
    uses.note(`key-${round % 100}`, {
      version: 1,
      principal: 'payments',
      act: 'protect',
      at: round,
      count: 1,
    });
  const nanos = ((performance.now() - begin) * 1e6) / rounds;
  await uses.flush();
  return nanos;
}

/** Encryption with the watch and the counting of uses, in turns with a server that does not watch. */
export async function benchGoverned({ seconds, rounds }: Scale): Promise<void> {
  const [on, off] = [await startTestServer(), await startTestServer({ env: { CLAVIGER_ANOMALY: '0' } })];
  const [ofOn, ofOff] = [await encryptRequest(on), await encryptRequest(off)];
  await wrk(ofOn(on.address, 2));
  await wrk(ofOff(off.address, 2));
  const ratios: number[] = [];
  for (let round = 0; round < 2 * rounds; round += 1) {
    const first = round % 2 === 0;
    const one = first ? await wrk(ofOn(on.address, seconds)) : null;
    const other = await wrk(ofOff(off.address, seconds));
    const governed = one ?? (await wrk(ofOn(on.address, seconds)));
    ratios.push(governed.rps / other.rps);
  }
  for (const server of [on, off]) {
    await server.stop();
    removeHome(server.home);
  }
  const ratio = median(ratios);
  const nanos = await countingNanos();
  tell({
    name: 'AWS Encrypt 32 B, watched, of that unwatched',
    value: `${ratio.toFixed(3)} (and ${nanos.toFixed(0)} ns to count a use, in both)`,
    number: ratio,
    bar: '0.95',
    holds: ratio >= 0.95,
  });
}

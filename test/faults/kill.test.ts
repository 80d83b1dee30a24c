import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { logFolders } from '#audit';
import { loadConfig, verifyAudit } from '#server';
import { openShredStore, openStore } from '#storage';
import { freePort, newHome, removeHome } from '../servers.ts';
import { asker, credentialsOf, killNodes, spawnNode, type ServerNode } from './node.ts';
import { nothingTold, requireKept, requireRecords, type Told, work } from './workload.ts';

after(killNodes);

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 5);
const lanes = 8;

/** When in its life a server is killed. */
const moments = ['first requests', 'publication', 'start', 'shutdown', 'steady load'] as const;

const pause = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 20_000;
  while (!condition() && performance.now() < limit) await new Promise((next) => setImmediate(next));
}

/** Comes at a random point of a moment in the life of a server under load. */
async function moment(name: string, { node, told, home }: Load): Promise<void> {
  const answered = told.requestIds.size;
  const grownBy = (more: number) => until(() => told.requestIds.size >= answered + more);
  if (name === 'first requests') await grownBy(randomInt(30));
  if (name === 'steady load') await grownBy(150 + randomInt(150));
  if (name === 'publication') {
    await grownBy(20);
    const folder = logFolders(path.join(home, 'audit'))[0] ?? '';
    const published = () => fs.statSync(path.join(folder, 'checkpoint')).mtimeMs;
    const before = published();
    await until(() => published() !== before);
    // the next one is on its way a second later
    await pause(randomInt(2) * (985 + randomInt(30)));
  }
  if (name === 'shutdown') {
    await grownBy(60);
    node.signal('SIGTERM');
    await pause(randomInt(60));
  }
}

type Load = { readonly node: ServerNode; readonly told: Told; readonly home: string };

/** Puts load on a server until it was killed. */
async function loadAndKill(load: Load, round: number): Promise<void> {
  const client = asker(load.node.address, credentialsOf(load.home));
  let over = false;
  const working = Array.from({ length: lanes }, (_, lane) =>
    work(client, load.told, `r${round}l${lane}`, () => over),
  );
  await moment(moments[round % moments.length] ?? '', load);
  await load.node.kill();
  over = true;
  await Promise.all(working);
}

async function requireVerified(home: string): Promise<void> {
  const config = loadConfig({ env: { CLAVIGER_HOME: home } });
  for (const offline of [true, false]) {
    for (const { findings } of await verifyAudit(config, { offline })) assert.deepEqual(findings, []);
  }
}

/** Shred secrets without a key are those of creations that were cut off, and no more; every key has one. */
async function requireWholeKeys(home: string, cutOff: number): Promise<void> {
  const config = loadConfig({ env: { CLAVIGER_HOME: home } });
  const [store, shreds] = [await openStore(config.databaseUrl), await openShredStore(config.shredUrl)];
  const everything = { after: null, limit: 1_000_000 };
  const keys = new Set((await store.keys('default', null, everything)).map(({ id }) => id));
  const secrets = await shreds.ids(everything);
  const without = secrets.filter((id) => !keys.has(id));
  assert.equal(secrets.length - without.length, keys.size, 'every key has its shred secret');
  assert.ok(without.length <= cutOff, `${without.length} shred secrets without a key`);
  await store.close();
  await shreds.close();
}

describe('kill -9', () => {
  it(`loses nothing that was answered, ${rounds} times`, { timeout: 3_600_000 }, async () => {
    const home = newHome();
    const port = await freePort();
    const told = nothingTold();
    let checked = 0;
    for (let round = 0; round < rounds; round += 1) {
      const node = spawnNode(home, port, { CLAVIGER_WORKERS: round % 7 === 4 ? '2' : '1' });
      if (moments[round % moments.length] === 'start') {
        await pause(randomInt(1200));
        await node.kill();
      } else {
        await node.ready();
        const client = asker(node.address, credentialsOf(home));
        await Promise.all(told.keys.slice(checked).map((owned) => requireKept(client, owned)));
        checked = told.keys.length;
        await loadAndKill({ node, told, home }, round);
      }
      requireRecords(path.join(home, 'audit'), told);
      await requireVerified(home);
    }
    assert.ok(told.keys.length > rounds, `${told.keys.length} keys were made`);
    assert.deepEqual(told.refusals, []);
    await requireWholeKeys(home, rounds * lanes);
    const last = spawnNode(home, port);
    await last.ready();
    const client = asker(last.address, credentialsOf(home));
    for (let at = 0; at < told.keys.length; at += lanes) {
      await Promise.all(told.keys.slice(at, at + lanes).map((owned) => requireKept(client, owned)));
    }
    last.signal('SIGTERM');
    assert.equal(await last.ended, 0);
    requireRecords(path.join(home, 'audit'), told);
    await requireVerified(home);
    const cli = path.join(import.meta.dirname, '../../src/cli/main.mjs');
    execFileSync(process.execPath, [cli, 'audit', 'verify'], {
      env: { ...process.env, CLAVIGER_HOME: home },
      stdio: 'ignore',
    });
    removeHome(home);
  });

  it('leaves a first start that the next one finishes', { timeout: 600_000 }, async () => {
    for (let round = 0; round < Math.ceil(rounds / 20); round += 1) {
      const home = newHome();
      const port = await freePort();
      for (let cut = 0; cut < 3; cut += 1) {
        const node = spawnNode(home, port);
        await pause(100 + randomInt(700));
        await node.kill();
      }
      const node = spawnNode(home, port);
      await node.ready();
      const made = await asker(node.address, credentialsOf(home)).aws('CreateKey', {});
      assert.equal(made.status, 200, JSON.stringify(made.body));
      await node.kill();
      await requireVerified(home);
      removeHome(home);
    }
  });
});

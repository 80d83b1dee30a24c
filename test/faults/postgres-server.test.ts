import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import pg from 'pg';
import { loadConfig, verifyAudit } from '#server';
import { findPostgres, startPostgres } from '../../tools/postgres.ts';
import { freePort, newHome, removeHome } from '../servers.ts';
import { asker, credentialsOf, isReady, killNodes, readiness, spawnNode, until } from './node.ts';
import { nothingTold, requireKept, requireRecords, work } from './workload.ts';

after(killNodes);
const rounds = Number(process.env['CLAVIGER_RESTART_ROUNDS'] ?? 2);

describe('a server whose PostgreSQL crashes', {
  skip: findPostgres() === null && 'PostgreSQL is not installed',
  timeout: 1_800_000,
}, () => {
  it(`loses nothing, says so in between, and recovers by itself, ${rounds} times`, async () => {
    const cluster = await startPostgres();
    after(() => cluster.stop());
    const admin = new pg.Client(cluster.url);
    await admin.connect();
    await admin.query('CREATE DATABASE shred');
    await admin.end();
    const shred = new URL(cluster.url);
    shred.pathname = '/shred';
    const home = newHome();
    const env = { CLAVIGER_DATABASE_URL: cluster.url, CLAVIGER_SHRED_URL: shred.href };
    const node = spawnNode(home, await freePort(), env);
    await node.ready();
    const client = asker(node.address, credentialsOf(home));
    const told = nothingTold();
    let over = false;
    // also where something does not hold: nobody asks on for ever
    after(() => {
      over = true;
    });
    const working = Array.from({ length: 8 }, (_, lane) => work(client, told, `p${lane}`, () => over));
    for (let round = 0; round < rounds; round += 1) {
      const answered = told.requestIds.size;
      await until(() => told.requestIds.size > answered + 60, 'requests are answered');
      const red = new Set<string>();
      let restarting = true;
      const watching = (async () => {
        while (restarting) {
          for (const [name, state] of Object.entries((await readiness(node.address)) ?? {}))
            if (state !== 'ok') red.add(name);
          await new Promise((next) => setTimeout(next, 5));
        }
      })();
      await cluster.restart();
      restarting = false;
      await watching;
      assert.deepEqual([...red].sort(), ['shredStore', 'store'], 'readiness was red');
      await until(async () => isReady(await readiness(node.address)), 'readiness is green again');
    }
    const answered = told.requestIds.size;
    await until(() => told.requestIds.size > answered + 60, 'requests are answered again');
    over = true;
    await Promise.all(working);
    assert.ok(told.refusals.length > 0, 'the crashes were felt');
    for (const { status, type, body, requestId } of told.refusals) {
      assert.match(requestId, /^[0-9a-f-]{36}$/);
      if (type.includes('problem')) assert.deepEqual([status, body['code']], [503, 'store-unavailable']);
      else
        assert.deepEqual(
          [status, body['__type'], type],
          [500, 'DependencyTimeoutException', 'application/x-amz-json-1.1'],
        );
    }
    for (let at = 0; at < told.keys.length; at += 8)
      await Promise.all(told.keys.slice(at, at + 8).map((owned) => requireKept(client, owned)));
    node.signal('SIGTERM');
    assert.equal(await node.ended, 0);
    requireRecords(path.join(home, 'audit'), told);
    const config = loadConfig({ env: { CLAVIGER_HOME: home, ...env } });
    for (const { findings } of await verifyAudit(config, {})) assert.deepEqual(findings, []);
    removeHome(home);
  });
});

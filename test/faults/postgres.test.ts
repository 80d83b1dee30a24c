import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Key } from '#domain';
import { samples } from '#ports/contract';
import { openStore } from '#storage';
import { type Cluster, findPostgres, startPostgres } from '../../tools/postgres.ts';

/** A road to a server that can be blocked: bytes are then neither passed on nor refused. */
async function blockableRoad(port: number) {
  const sockets = new Set<Socket>();
  let blocked = false;
  const proxy = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!blocked) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        if (!blocked) to.destroy();
      });
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    block: () => {
      blocked = true;
    },
    /** Opens the road for new connections; those that were on it are lost. */
    unblock: () => {
      blocked = false;
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

describe('PostgreSQL under faults', {
  skip: findPostgres() === null && 'PostgreSQL is not installed',
  timeout: 60_000,
}, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startPostgres();
  });
  after(() => cluster.stop());

  const commitOf = (key: Key, node: string) => ({
    changes: [samples.createKey(key, [{ version: 1, material: samples.material() }])],
    events: [samples.sampleEvent({ node, keyId: key.id })],
  });

  it('keeps every acknowledged commit over crashes of the server, and works again by itself', async () => {
    const store = await openStore(cluster.url);
    const acknowledged: string[] = [];
    let refused = 0;
    let running = true;
    const end = performance.now() + 20_000;
    const lane = async (): Promise<void> => {
      while (running && performance.now() < end) {
        const key = samples.sampleKey('restart');
        try {
          await store.commit(commitOf(key, 'restart'));
          acknowledged.push(key.id);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'store-unavailable', String(error));
          refused += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    };
    const lanes = Promise.all(Array.from({ length: 16 }, lane));
    const grows = async (): Promise<void> => {
      const goal = acknowledged.length + 200;
      while (acknowledged.length < goal && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 5));
    };
    try {
      for (let round = 0; round < 2; round += 1) {
        await grows();
        await cluster.restart();
      }
      await grows();
    } finally {
      running = false;
      await lanes;
    }
    assert.ok(performance.now() < end, 'commits go on after a restart');
    assert.ok(refused > 0, 'the crashes were felt');
    const logged = new Set((await store.outbox('restart')).map(({ keyId }) => keyId));
    const keys = await store.keys('restart', null, { after: null, limit: 1_000_000 });
    const present = new Set(keys.map(({ id }) => id));
    for (const id of acknowledged) assert.ok(present.has(id) && logged.has(id), `acknowledged key ${id}`);
    assert.equal(logged.size, present.size, 'each key with its event');
    const { sequence, isComplete } = await store.changesSince(0);
    assert.deepEqual({ sequence, isComplete }, { sequence: present.size, isComplete: true });
    await store.close();
  });

  it('gives up on a server that does not answer, and comes back', async () => {
    const url = new URL(cluster.url);
    const road = await blockableRoad(Number(url.port));
    url.port = String(road.port);
    url.searchParams.set('query_timeout', '300');
    const store = await openStore(url.href);
    const [first, lost, later] = ['a', 'b', 'c'].map(() => samples.sampleKey('road')) as [Key, Key, Key];
    await store.commit(commitOf(first, 'road'));
    try {
      road.block();
      const started = performance.now();
      await assert.rejects(store.commit(commitOf(lost, 'road')), { code: 'store-unavailable' });
      await assert.rejects(store.key(first.id), { code: 'store-unavailable' });
      assert.ok(performance.now() - started < 8_000);
      road.unblock();
      await store.commit(commitOf(later, 'road'));
      assert.deepEqual((await store.key(first.id))?.key, first);
      assert.equal(await store.key(lost.id), null);
    } finally {
      await store.close();
      road.close();
    }
  });
});

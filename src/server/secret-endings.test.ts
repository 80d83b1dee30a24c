import assert from 'node:assert/strict';
import { it } from 'node:test';
import { operations, type Operation } from '#operations';
import { temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

it('the house destroys the shred secrets of values that were evicted, and says so in its log', async (test) => {
  const home = temporaryFolder(test);
  let now = Date.parse('2026-06-01T00:00:00Z');
  const node = await startNode(test, home, { clock: { now: () => now } });
  const admin = await administrator(node, home);
  const run = <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
    node.door.run(operation, { ...admin, requestId: node.newRequestId() }, input);
  const { environment } = admin.principal;
  const write = (n: number) =>
    run(operations.writeSecret, { store: 'kv', path: 'x', value: { n }, expected: null, keep: 1 });
  const shredIds = async () => {
    const of = { environment, collection: 'secret-values' };
    const all = await node.house.store.documents.list(of, '', { after: null, limit: 10 });
    return all.map(({ shredId }) => shredId ?? '');
  };

  await write(1);
  const [first] = await shredIds();
  assert.ok(first);
  for (const n of [2, 3, 4]) await write(n);
  assert.equal((await shredIds()).length, 1);
  assert.notEqual(await node.shreds.get(first), null);
  now += 11_000;
  // the first round may be one that began before
  await node.maintenance.tick();
  await node.maintenance.tick();
  assert.equal(await node.shreds.get(first), null);
  for (const shredId of await shredIds()) assert.notEqual(await node.shreds.get(shredId), null);
  const left = await node.house.store.documents.list({ environment, collection: 'secret-endings' }, '', {
    after: null,
    limit: 10,
  });
  assert.equal(left.length, 0);
  const read = await run(operations.readSecret, { store: 'kv', path: 'x', version: 0 });
  assert.deepEqual(read?.value, { n: 4 });
});

import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { ClavigerError } from '#domain';
import { openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { sealedValues, secretsOf, store } from './secrets.fixture.ts';

async function worldOf(test: TestContext): Promise<TestWorld> {
  const world = await openWorld();
  test.after(() => world.dispose());
  return world;
}

it('what was written is read by another process, and values in memory are not what it reads', async (test) => {
  const world = await worldOf(test);
  const secrets = secretsOf(world, () => world.caller());
  await secrets.write('kept', { n: 1 });
  await secrets.write('kept', { n: 2 });
  await secrets.delete('kept', 1);
  const later = secretsOf(await world.node(), () => world.caller());
  assert.deepEqual((await later.read('kept'))?.value, { n: 2 });
  assert.equal((await later.read('kept', 1))?.value, null);
  await later.undelete('kept', 1);
  assert.deepEqual((await later.read('kept', 1))?.value, { n: 1 });
});

it('a process that ends between the record of a destruction and the destruction leaves it to the house', async (test) => {
  const world = await worldOf(test);
  const secrets = secretsOf(world, () => world.caller());
  await secrets.write('killed', { n: 1 });
  const [value] = await sealedValues(world);
  assert.ok(value && value.shredId !== null);
  const dying = await world.node();
  Object.assign(dying.house.hierarchy, {
    shredMany: () => Promise.reject(new ClavigerError('store-unavailable', 'killed here')),
  });
  const there = secretsOf(dying, () => world.caller());
  await assert.rejects(there.destroy('killed', 1), { code: 'store-unavailable' });
  // it is destroyed for everybody, though its shred secret is still there
  world.age(2000);
  assert.equal((await secrets.read('killed'))?.value, null);
  assert.deepEqual(await secrets.undelete('killed', 1), { versions: [] });
  assert.notEqual(await world.shreds.get(value.shredId), null);
  const done = await world.door.runAsSystem(operations.shredEndedSecrets, 'alpha', { limit: 10 });
  assert.deepEqual(done, { shredded: 1 });
  assert.equal(await world.shreds.get(value.shredId), null);
});

it('a write that is not committed leaves nothing, and wastes one shred secret', async (test) => {
  const world = await worldOf(test);
  let isRefusing = false;
  const node = await world.node((stored) => ({
    ...stored,
    commit: (commit) =>
      isRefusing ? Promise.reject(new ClavigerError('store-unavailable', 'full')) : stored.commit(commit),
  }));
  const secrets = secretsOf(node, () => world.caller());
  await secrets.write('x', { n: 1 });
  isRefusing = true;
  await assert.rejects(secrets.write('x', { n: 2 }), { code: 'store-unavailable' });
  isRefusing = false;
  assert.deepEqual((await secrets.read('x'))?.value, { n: 1 });
  assert.equal((await secrets.write('x', { n: 3 })).version.number, 2);
  assert.equal((await sealedValues(world)).length, 2);
});

it('a head whose value is missing is a fault that stops, and not absence', async (test) => {
  const world = await worldOf(test);
  const secrets = secretsOf(world, () => world.caller());
  await secrets.write('torn', { n: 1 });
  const [value] = await sealedValues(world);
  assert.ok(value);
  const { environment, collection, id, revision } = value;
  const change = {
    kind: 'document-deleted',
    environment,
    collection,
    id,
    expectedRevision: revision,
  } as const;
  await world.store.commit({ changes: [change], events: [] });
  world.house.documents.drop(null);
  await assert.rejects(secrets.read('torn'), { code: 'integrity-failed' });
  const place = { store, path: 'torn' };
  assert.equal((await secrets.run(operations.describeSecret, place)).head?.current, 1);
});

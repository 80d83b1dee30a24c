import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ClavigerError, currentVersion, type Key } from '#domain';
import type { Store } from '#ports';
import {
  byId,
  dayMillis,
  decryptText,
  destroyDue,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import { operations } from '../table.ts';

describe('the destruction of a key', () => {
  let world: TestWorld;
  let onCommit: (() => void) | null = null;

  function failing(store: Store): Store {
    return {
      ...store,
      async commit(commit) {
        onCommit?.();
        return store.commit(commit);
      },
    };
  }

  before(async () => {
    world = await openWorld(failing);
  });
  beforeEach(() => {
    onCommit = null;
    world.clock.set(someDay);
  });
  after(() => world.dispose());

  const schedule = (key: Key, waitingDays = 7): Promise<Key> =>
    world.door.run(operations.scheduleDestruction, world.caller(), { key: byId(key), waitingDays });
  const cancel = (key: Key): Promise<Key> =>
    world.door.run(operations.cancelDestruction, world.caller(), { key: byId(key) });
  const destroy = (key: Key): Promise<Key> => destroyDue(world, key);
  const materialsOf = async (key: Key): Promise<number | undefined> =>
    (await world.store.key(key.id))?.materials.length;

  it('waits for its day, to the millisecond, and can be called off until then', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    const scheduled = await schedule(key, 30);
    assert.equal(scheduled.destruction?.dueAt, someDay + 30 * dayMillis);
    await assert.rejects(decryptText(world, sealed), { code: 'key-destruction-scheduled' });
    world.clock.advance(30 * dayMillis - 1);
    await assert.rejects(destroy(key), { code: 'key-state-forbids' });
    assert.equal(currentVersion(await cancel(key)).state, 'suspended');
    await world.door.run(operations.enableKey, world.caller(), { key: byId(key) });
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await assert.rejects(cancel(key), { code: 'key-destruction-scheduled' });
    await destroy(key);
  });

  it('takes 7 to 30 days and no other number', async () => {
    const key = await makeKey(world);
    for (const days of [0, 6, 31, 7.5, -7, Number.NaN])
      await assert.rejects(schedule(key, days), { code: 'input-invalid' });
  });

  it('takes the secret, all material and the schedule, and leaves the history', async () => {
    const key = await makeKey(world);
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    await world.door.run(operations.enableRotation, world.caller(), { key: byId(key), periodDays: 365 });
    const report = { key: byId(key), version: 1, occurredAt: someDay - 5 };
    await world.door.run(operations.reportCompromise, world.caller(), report);
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await destroy(key);
    assert.equal(await world.shreds.get(key.id), null);
    assert.equal(await materialsOf(key), 0);
    const stored = (await world.store.key(key.id))?.key;
    assert.ok(stored);
    assert.deepEqual([stored.destruction, stored.rotation], [null, null]);
    assert.deepEqual(
      stored.versions.map(({ history }) => history.map(({ state }) => state)),
      [
        ['pre-activation', 'active', 'deactivated', 'compromised', 'destroyed-compromised'],
        ['pre-activation', 'active', 'destroyed'],
      ],
    );
    assert.equal(stored.versions[0]?.history[3]?.occurredAt, someDay - 5);
    const due = await world.store.dueKeys(Number.MAX_SAFE_INTEGER, 1000);
    assert.ok(!due.includes(key.id));
  });

  it('is finished after a crash between the shredding and the commit', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await world.door.runAsSystem(operations.beginDestruction, 'alpha', { key: byId(key) });
    onCommit = () => {
      throw new ClavigerError('store-unavailable', 'a crash');
    };
    await assert.rejects(destroy(key), { code: 'store-unavailable' });
    onCommit = null;
    assert.equal(await world.shreds.get(key.id), null);
    assert.equal(await materialsOf(key), 1);
    // what is half done can neither be used nor called off, and is still due
    const other = await world.node();
    await assert.rejects(decryptText(other, sealed), { code: 'key-destruction-scheduled' });
    await assert.rejects(cancel(key), { code: 'key-destruction-scheduled' });
    assert.ok((await world.store.dueKeys(world.clock.now(), 10)).includes(key.id));
    const done = await destroyDue(other, key);
    assert.equal(currentVersion(done).state, 'destroyed');
    assert.equal(await materialsOf(key), 0);
  });

  it('happens once where two nodes begin it', async () => {
    const key = await makeKey(world);
    const other = await world.node();
    await encryptUnder(other, byId(key));
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    other.age(1000);
    const both = await Promise.allSettled([destroy(key), destroyDue(other, key)]);
    const codes = both.map((each) =>
      each.status === 'rejected' ? (each.reason as ClavigerError).code : null,
    );
    assert.deepEqual(codes.sort(), ['key-destroyed', null]);
    const stored = (await world.store.key(key.id))?.key;
    assert.equal(stored && currentVersion(stored).history.length, 3);
  });

  it('can still turn out to have come after a compromise', async () => {
    const key = await makeKey(world);
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await destroy(key);
    const report = (occurredAt: number | null): Promise<Key> =>
      world.door.run(operations.reportCompromise, world.caller(), { key: byId(key), version: 1, occurredAt });
    await assert.rejects(report(world.clock.now() + 1), { code: 'input-invalid' });
    const reported = currentVersion(await report(someDay));
    assert.equal(reported.state, 'destroyed-compromised');
    assert.equal(reported.history.at(-1)?.occurredAt, someDay);
    await assert.rejects(report(null), { code: 'transition-refused' });
  });

  it('is for ever: nothing is done with a destroyed key, not even described', async () => {
    const key = await makeKey(world);
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await destroy(key);
    const gone = { code: 'key-destroyed' };
    const onlyKey = { key: byId(key) };
    await assert.rejects(destroy(key), gone);
    await assert.rejects(cancel(key), gone);
    await assert.rejects(schedule(key), gone);
    for (const operation of [
      operations.describeKey,
      operations.enableKey,
      operations.disableKey,
      operations.rotateKey,
      operations.getPolicy,
    ])
      await assert.rejects(world.door.run<typeof onlyKey, unknown>(operation, world.caller(), onlyKey), gone);
    await assert.rejects(
      world.door.run(operations.createName, world.caller(), { ...onlyKey, name: 'of/the/dead' }),
      gone,
    );
  });
});

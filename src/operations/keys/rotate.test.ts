import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { currentVersion, nextRotation, type Key } from '#domain';
import {
  byId,
  dayMillis,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import { operations } from '../table.ts';

describe('rotation', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  beforeEach(() => world.clock.set(someDay));
  after(() => world.dispose());

  const rotate = (key: Key): Promise<Key> =>
    world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
  const enable = (key: Key, periodDays: number): Promise<Key> =>
    world.door.run(operations.enableRotation, world.caller(), { key: byId(key), periodDays });
  const rotateDue = (key: Key, spentVersion: number | null = null): Promise<Key> =>
    world.door.runAsSystem(operations.rotateDueKey, 'alpha', { key: byId(key), spentVersion });

  it('protects with the new version and opens what every old one made', async () => {
    const key = await makeKey(world);
    const sealed = [await encryptUnder(world, byId(key))];
    for (let count = 0; count < 3; count += 1) {
      await rotate(key);
      sealed.push(await encryptUnder(world, byId(key)));
    }
    for (const each of sealed) assert.equal(await decryptText(world, each), 'the plaintext');
    await assert.rejects(encryptUnder(world, byId(key), { version: 1 }), { code: 'key-state-forbids' });
    const { versions } = await world.door.run(operations.describeKey, world.caller(), { key: byId(key) });
    assert.deepEqual(
      versions.map(({ number, state, rotation }) => [number, state, rotation]),
      [
        [1, 'deactivated', 'first'],
        [2, 'deactivated', 'on-demand'],
        [3, 'deactivated', 'on-demand'],
        [4, 'active', 'on-demand'],
      ],
    );
    assert.equal(new Set(versions.map(({ materialId }) => materialId)).size, 4);
  });

  it('comes by its schedule once, however many nodes ask for it', async () => {
    const key = await enable(await makeKey(world), 90);
    assert.equal(key.rotation?.nextAt, someDay + 90 * dayMillis);
    world.clock.advance(90 * dayMillis - 1);
    assert.equal((await rotateDue(key)).versions.length, 1);
    world.clock.advance(1);
    const rotated = await rotateDue(key);
    assert.equal(currentVersion(rotated).rotation, 'automatic');
    assert.equal(rotated.rotation?.nextAt, someDay + 180 * dayMillis);
    assert.equal((await rotateDue(key)).versions.length, 2);
  });

  it('makes up for no dates that were missed', async () => {
    const key = await enable(await makeKey(world), 90);
    world.clock.advance(400 * dayMillis);
    const rotated = await rotateDue(key);
    assert.equal(rotated.versions.length, 2);
    assert.equal(rotated.rotation?.nextAt, someDay + 450 * dayMillis);
  });

  it('comes once for a version that is nearly spent, and leaves the schedule where it is', async () => {
    const key = await enable(await makeKey(world), 90);
    assert.equal((await rotateDue(key, 1)).versions.length, 2);
    const again = await rotateDue(key, 1);
    assert.equal(again.versions.length, 2);
    assert.equal(again.rotation?.nextAt, someDay + 90 * dayMillis);
  });

  it('comes before the originator period ends, so that the key never stops protecting', async () => {
    const key = await makeKey(world);
    const yearMillis = 365 * dayMillis;
    const hour = dayMillis / 24;
    world.clock.advance(300 * dayMillis);
    const scheduled = await enable(key, 365);
    assert.equal(nextRotation(scheduled), someDay + yearMillis - hour);
    world.clock.advance(65 * dayMillis);
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'crypto-period-over' });
    const rotated = await rotateDue(key);
    await encryptUnder(world, byId(key));
    // the schedule goes on from there: there is no second rotation on its old date
    assert.equal(rotated.rotation?.nextAt, world.clock.now() + yearMillis);
    const long = await enable(await makeKey(world), 2560);
    const begun = world.clock.now();
    assert.equal(nextRotation(long), begun + yearMillis - hour);
    world.clock.advance(yearMillis - hour);
    assert.equal(nextRotation(await rotateDue(long)), begun + 2 * (yearMillis - hour));
  });

  it('is due at once where the originator period is over when it is switched on', async () => {
    const key = await makeKey(world);
    world.clock.advance(1000 * dayMillis);
    await enable(key, 365);
    assert.ok((await world.store.dueKeys(world.clock.now(), 10)).includes(key.id));
    assert.equal((await rotateDue(key)).versions.length, 2);
    await encryptUnder(world, byId(key));
  });

  it('lists rotations page by page, and refuses markers that are not its own', async () => {
    const key = await makeKey(world);
    for (let count = 0; count < 3; count += 1) await rotate(key);
    const list = (after: string | null, limit = 2, withFirst = false) =>
      world.door.run(operations.listRotations, world.caller(), {
        key: byId(key),
        page: { after, limit },
        withFirst,
      });
    const first = await list(null);
    assert.deepEqual([first.versions.map(({ number }) => number), first.next], [[2, 3], '3']);
    const second = await list(first.next);
    assert.deepEqual([second.versions.map(({ number }) => number), second.next], [[4], null]);
    assert.equal((await list(null, 10, true)).versions.length, 4);
    for (const marker of ['', ' ', '-1', '+1', '1.5', '1e1', '0x2', '03', 'x', '9'.repeat(30), 'NaN'])
      await assert.rejects(list(marker), { code: 'page-marker-invalid' }, JSON.stringify(marker));
  });
});

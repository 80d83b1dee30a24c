import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { currentVersion, type Key } from '#domain';
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
import type { Operation } from '../operation.ts';
import { operations } from '../table.ts';

describe('suspending a key', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  type OnKey = Operation<{ key: ReturnType<typeof byId> }, Key>;
  const run = (operation: OnKey, key: Key): Promise<Key> =>
    world.door.run(operation, world.caller(), { key: byId(key) });
  const compromise = (key: Key, version: number | null = null): Promise<Key> =>
    world.door.run(operations.reportCompromise, world.caller(), {
      key: byId(key),
      version,
      occurredAt: null,
    });

  it('stops everything, can be done twice, and is taken back', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    const suspended = await run(operations.disableKey, key);
    assert.equal(currentVersion(suspended).state, 'suspended');
    assert.deepEqual(await run(operations.disableKey, key), suspended);
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'key-suspended' });
    await assert.rejects(decryptText(world, sealed), { code: 'key-suspended' });
    const back = await run(operations.enableKey, key);
    assert.deepEqual(
      currentVersion(back).history.map(({ state }) => state),
      ['pre-activation', 'active', 'suspended', 'active'],
    );
    assert.deepEqual(await run(operations.enableKey, key), back);
    assert.equal(await decryptText(world, sealed), 'the plaintext');
  });

  it('outlasts the report that the newest version is compromised', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    await run(operations.rotateKey, key);
    await run(operations.disableKey, key);
    await compromise(key);
    await assert.rejects(decryptText(world, sealed), { code: 'key-suspended' });
    const back = await run(operations.enableKey, key);
    assert.equal(currentVersion(back).state, 'compromised');
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'key-state-forbids' });
  });

  it('stops a key whose newest version is compromised', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    await run(operations.rotateKey, key);
    await compromise(key);
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    await run(operations.disableKey, key);
    await assert.rejects(decryptText(world, sealed), { code: 'key-suspended' });
  });

  it('does not pretend to enable what is compromised', async () => {
    const key = await makeKey(world);
    await compromise(key);
    await assert.rejects(run(operations.enableKey, key), { code: 'key-state-forbids' });
    const rotated = await run(operations.rotateKey, key);
    assert.deepEqual(
      rotated.versions.map(({ state }) => state),
      ['compromised', 'active'],
    );
    await run(operations.enableKey, key);
  });

  it('brings a key back deactivated once its originator period is over, and can stop it again', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key));
    await run(operations.disableKey, key);
    world.clock.advance(730 * dayMillis);
    const back = await run(operations.enableKey, key);
    assert.equal(currentVersion(back).state, 'deactivated');
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'key-state-forbids' });
    await run(operations.disableKey, key);
    await assert.rejects(decryptText(world, sealed), { code: 'key-suspended' });
    await run(operations.enableKey, key);
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    world.clock.set(someDay);
  });

  it('comes over every key whose destruction is called off', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    await run(operations.disableKey, key);
    world.clock.advance(730 * dayMillis);
    await run(operations.enableKey, key);
    const schedule = { key: byId(key), waitingDays: 7 };
    await world.door.run(operations.scheduleDestruction, world.caller(), schedule);
    const back = await run(operations.cancelDestruction, key);
    assert.equal(currentVersion(back).state, 'deactivated');
    await assert.rejects(run(operations.rotateKey, key), { code: 'key-suspended' });
    await run(operations.enableKey, key);
    await run(operations.rotateKey, key);
    await encryptUnder(world, byId(key));
    world.clock.set(someDay);
  });
});

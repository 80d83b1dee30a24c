import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Key, currentVersion } from '#domain';
import { type Hierarchy, type Operation, operations } from '#operations';
import type { Composition } from './compose.ts';
import { auditEvents } from './audit-reader.ts';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

const dayMillis = 86_400_000;

/** Nodes on one home with one clock, and what an administrator does there. */
async function housekeeping(test: TestContext) {
  const home = temporaryFolder(test);
  let now = Date.parse('2026-06-01T00:00:00Z');
  const clock = { now: () => now };
  const { logger, lines } = recordingLogger();
  const start = (name: string) => startNode(test, home, { name, clock, logger });
  const node = await start('one');
  const admin = await administrator(node, home);
  const run = <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
    node.door.run(operation, { ...admin, requestId: node.newRequestId() }, input);
  const reference = (key: Key) => ({ key: { kind: 'id', id: key.id } as const });
  return {
    node,
    start,
    lines,
    pass: (days: number) => {
      now += days * dayMillis;
    },
    passMinutes: (minutes: number) => {
      now += minutes * 60_000;
    },
    async newKey(periodDays: number | null = 365): Promise<Key> {
      const key = await run(operations.createKey, {
        spec: 'AES_256',
        usage: 'encrypt',
        description: '',
        tags: [],
        owner: null,
        policy: null,
        bypassLockoutCheck: false,
        name: null,
        dataClassification: null,
      });
      if (periodDays === null) return key;
      return run(operations.enableRotation, {
        ...reference(key),
        periodDays,
        onlySymmetricEncryption: false,
      });
    },
    disable: (key: Key) => run(operations.disableKey, reference(key)),
    enable: (key: Key) => run(operations.enableKey, reference(key)),
    scheduleDestruction: (key: Key) =>
      run(operations.scheduleDestruction, { ...reference(key), waitingDays: 7 }),
    async stored({ id }: Key, at: Composition = node): Promise<Key> {
      const found = await at.house.store.key(id);
      assert.ok(found);
      return found.key;
    },
    events: (operation: string) => auditEvents(node.config.auditFolder, { operation }, 10_000),
  };
}

describe('the scheduled work', () => {
  it('does not keep a node silent, however long a round takes', async (test) => {
    const house = await housekeeping(test);
    const { store } = house.node.house;
    const stuck = Promise.withResolvers<readonly string[]>();
    test.mock.method(store, 'dueKeys', () => stuck.promise);
    const round = house.node.maintenance.tick();
    house.passMinutes(30);
    const told = test.mock.method(store, 'takeLease');
    const isTold = () =>
      told.mock.calls.some(({ arguments: [lease], result }) => lease.name === 'node:one' && result);
    const limit = performance.now() + 10_000;
    while (!isTold() && performance.now() < limit) await new Promise((next) => setTimeout(next, 20));
    assert.ok(isTold());
    stuck.resolve([]);
    await round;
  });

  it('begins a whole round after it was asked for one, whatever a running round has looked at', async (test) => {
    const house = await housekeeping(test);
    const key = await house.newKey(null);
    await house.scheduleDestruction(key);
    const { maintenance, house: kept } = house.node;
    const looked = Promise.withResolvers<void>();
    const dueKeys = kept.store.dueKeys.bind(kept.store);
    test.mock.method(kept.store, 'dueKeys', async (...asked: Parameters<typeof dueKeys>) => {
      const due = await dueKeys(...asked);
      looked.resolve();
      return due;
    });
    const running = maintenance.tick();
    await looked.promise;
    house.pass(7.1);
    await maintenance.tick();
    assert.equal(currentVersion(await house.stored(key)).state, 'destroyed');
    await running;
  });

  it('rotates on the day and not before, once', async (test) => {
    const house = await housekeeping(test);
    const key = await house.newKey(90);
    house.pass(89.9);
    await house.node.maintenance.tick();
    assert.equal((await house.stored(key)).versions.length, 1);
    house.pass(0.2);
    for (let count = 0; count < 3; count += 1) await house.node.maintenance.tick();
    const rotated = await house.stored(key);
    assert.equal(rotated.versions.length, 2);
    assert.equal(currentVersion(rotated).state, 'active');
    assert.equal(house.events('keys.rotate-due').length, 1);
  });

  it('destroys on the day and not before', async (test) => {
    const house = await housekeeping(test);
    const key = await house.newKey(null);
    await house.scheduleDestruction(key);
    house.pass(6.9);
    await house.node.maintenance.tick();
    assert.equal(currentVersion(await house.stored(key)).state, 'active');
    house.pass(0.2);
    await house.node.maintenance.tick();
    assert.equal(currentVersion(await house.stored(key)).state, 'destroyed');
    assert.equal(await house.node.shreds.get(key.id), null);
  });

  it('is not held up by keys that can not be attended, however many they are', async (test) => {
    const house = await housekeeping(test);
    for (let count = 0; count < 105; count += 1) {
      const key = await house.newKey(90);
      if (count % 50 === 0) await house.disable(key);
      else await house.node.shreds.shred(key.id);
    }
    house.pass(1);
    const late = await house.newKey(90);
    house.pass(90);
    await house.node.maintenance.tick();
    await house.node.maintenance.tick();
    assert.equal((await house.stored(late)).versions.length, 2);
  });

  it('leaves a disabled key alone, without a word in the log, and rotates it when it is enabled again', async (test) => {
    const house = await housekeeping(test);
    const key = await house.newKey(90);
    await house.disable(key);
    house.pass(91);
    for (let count = 0; count < 5; count += 1) await house.node.maintenance.tick();
    assert.equal((await house.stored(key)).versions.length, 1);
    assert.equal(house.events('keys.rotate-due').length, 0);
    await house.enable(key);
    house.passMinutes(2);
    await house.node.maintenance.tick();
    assert.equal((await house.stored(key)).versions.length, 2);
  });

  it('tries a key that fails again, but not every second, and attends the others', async (test) => {
    const house = await housekeeping(test);
    const broken = await house.newKey(90);
    const good = await house.newKey(90);
    const { hierarchy } = house.node.house;
    const seal = hierarchy.sealMaterial.bind(hierarchy);
    test.mock.method(
      hierarchy,
      'sealMaterial',
      (...[place, material]: Parameters<Hierarchy['sealMaterial']>) =>
        place.keyId === broken.id ? Promise.reject(new Error('no')) : seal(place, material),
    );
    house.pass(91);
    for (let count = 0; count < 5; count += 1) await house.node.maintenance.tick();
    assert.equal((await house.stored(good)).versions.length, 2);
    assert.equal((await house.stored(broken)).versions.length, 1);
    const attempts = () =>
      house.events('keys.rotate-due').filter(({ event }) => event.keyId === broken.id).length;
    assert.equal(attempts(), 1);
    assert.equal(house.lines().filter(({ what }) => what === 'due key').length, 1);
    house.passMinutes(2);
    await house.node.maintenance.tick();
    assert.equal(attempts(), 2);
  });

  it('is done by one of several nodes', async (test) => {
    const house = await housekeeping(test);
    const other = await house.start('two');
    const keys = [await house.newKey(90), await house.newKey(90), await house.newKey(90)];
    house.pass(91);
    await Promise.all([house.node.maintenance.tick(), other.maintenance.tick()]);
    for (const key of keys) assert.equal((await house.stored(key)).versions.length, 2);
    assert.equal(house.events('keys.rotate-due').length, 3);
    assert.equal(new Set(house.events('keys.rotate-due').map(({ event }) => event.node)).size, 1);
  });

  it('is taken over when the node that did it is gone', async (test) => {
    const house = await housekeeping(test);
    const other = await house.start('two');
    await house.node.maintenance.tick();
    await house.node.maintenance.stop();
    const key = await house.newKey(90);
    house.pass(91);
    await other.maintenance.tick();
    assert.equal((await house.stored(key, other)).versions.length, 2);
  });
});

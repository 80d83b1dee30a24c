import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { ClavigerError, type Destruction, type Key, type KeySpec, type KeyUsage } from '#domain';
import type { Commit } from '#ports';
import {
  byId,
  dayMillis,
  decryptText,
  destroyDue,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestNode,
  type TestWorld,
} from '../house.fixture.ts';
import { nodeLeasePrefix } from '../nodes.ts';
import { operations } from '../table.ts';

const minute = 60_000;

describe('a destruction that can be seen', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    // for each clock that a test may set
    for (const node of living.splice(0)) await lives(node, -world.clock.now());
  });
  after(() => world.dispose());

  const living: TestNode[] = [];
  const run: TestWorld['door']['run'] = (...words) => world.door.run(...words);
  const record = async ({ id }: Pick<Key, 'id'>): Promise<Destruction> => {
    const [newest] = await world.store.destructions.ofKey(id);
    assert.ok(newest);
    return newest;
  };
  const schedule = (key: Key, reason?: string) =>
    run(operations.scheduleDestruction, world.caller(), {
      key: byId(key),
      waitingDays: 7,
      ...(reason === undefined ? {} : { reason }),
    });
  const begin = (key: Key, node: TestNode = world) =>
    node.door.runAsSystem(operations.beginDestruction, 'alpha', { key: byId(key) });
  const check = (key: Pick<Key, 'id'>, node: TestNode = world) =>
    node.door.runAsSystem(operations.checkDestruction, 'alpha', { key: byId(key) });
  const describeIt = (key: Pick<Key, 'id'>, name = 'ada') =>
    run(operations.describeDestruction, world.caller({ name }), { key: byId(key) });

  /** A key whose day has come. */
  async function dueKey(spec: KeySpec = 'AES_256', usage: KeyUsage = 'encrypt'): Promise<Key> {
    world.clock.set(someDay);
    const key = await makeKey(world, { spec, usage });
    await schedule(key);
    world.clock.set(someDay + 7 * dayMillis);
    return key;
  }

  /** The lease of a node that runs. */
  async function lives(node: TestNode, millis = minute): Promise<void> {
    const now = world.clock.now();
    const lease = { name: `${nodeLeasePrefix}${node.log.node}`, holder: node.log.node, until: now + millis };
    assert.ok(await world.store.takeLease(lease, now));
    if (millis > 0) living.push(node);
  }

  it('has a record from the request on: who, why, when', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    assert.equal((await describeIt(key)).destruction, null);
    await schedule(key, 'the project ended');
    const told = await describeIt(key);
    assert.deepEqual(told.destruction, {
      id: told.destruction?.id,
      keyId: key.id,
      environment: 'alpha',
      requestedBy: 'principal-alpha-ada',
      reason: 'the project ended',
      requestedAt: someDay,
      dueAt: someDay + 7 * dayMillis,
      waitingDays: 7,
      step: 'scheduled',
      execution: null,
      probes: [],
      checks: [],
      revision: 1,
    });
    await run(operations.cancelDestruction, world.caller(), { key: byId(key) });
    assert.equal((await record(key)).step, 'cancelled');
    world.clock.advance(1);
    await schedule(key);
    const all = await world.store.destructions.ofKey(key.id);
    assert.deepEqual(
      all.map(({ step, reason }) => [step, reason]),
      [
        ['scheduled', null],
        ['cancelled', 'the project ended'],
      ],
    );
  });

  it('takes a line as its reason, and nothing else', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    for (const reason of ['', 'a\nb', '\u001b[2J', 'x'.repeat(501), '\ud800'])
      await assert.rejects(schedule(key, reason), { code: 'input-invalid' });
    await schedule(key, 'Größe: "alt" 😀');
  });

  it('can not be called off once it has begun, not even where the clock was set back', async () => {
    const key = await dueKey();
    await begin(key);
    const [once] = await world.store.destructions.ofKey(key.id);
    await begin(key);
    assert.deepEqual(await record(key), once);
    world.clock.set(someDay);
    await assert.rejects(run(operations.cancelDestruction, world.caller(), { key: byId(key) }), {
      code: 'key-destruction-scheduled',
    });
    world.clock.set(someDay + 7 * dayMillis);
    await world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) });
    assert.equal((await check(key)).step, 'verified');
  });

  it('does not begin before its day, and does not end before it began', async () => {
    const key = await dueKey();
    await assert.rejects(world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) }), {
      code: 'key-state-forbids',
    });
    assert.ok(await world.shreds.get(key.id));
    world.clock.advance(-1);
    await assert.rejects(begin(key), { code: 'key-state-forbids' });
    assert.equal((await record(key)).step, 'scheduled');
  });

  const probes: readonly [KeySpec, KeyUsage, string, string][] = [
    ['AES_256', 'encrypt', 'ciphertext', 'known-ciphertext'],
    ['RSA_2048', 'encrypt', 'ciphertext', 'known-ciphertext'],
    ['HMAC_256', 'mac', 'code', 'known-ciphertext'],
    ['EC_P256', 'sign', 'material', 'material-absent'],
    ['EC_P256', 'key-agreement', 'material', 'material-absent'],
  ];
  for (const [spec, usage, kind, method] of probes) {
    it(`sees by a ${kind} that a key of ${spec} to ${usage} is gone`, async (test) => {
      const key = await dueKey(spec, usage);
      await begin(key);
      const [probe] = (await record(key)).probes;
      assert.deepEqual([probe?.version, probe?.kind], [1, kind]);
      // before its end, the same look finds it
      test.mock.method(world.shreds, 'shred', async () => undefined, { times: 1 });
      const commit = world.store.commit.bind(world.store);
      test.mock.method(world.store, 'commit', (wanted: Commit) => commit(withoutErasure(wanted)), {
        times: 1,
      });
      await world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) });
      test.mock.restoreAll();
      const failed = await check(key);
      assert.equal(failed.step, 'executed');
      assert.deepEqual(
        failed.checks.map(({ version, method: by, opens }) => [version, by, opens]),
        [[1, method, true]],
      );
      assert.deepEqual(world.log.last().facts, {
        destruction: failed.id,
        step: 'executed',
        versions: 1,
        opens: 1,
      });
      // what was left is taken away by hand: an hour later it is seen
      await world.shreds.shred(key.id);
      const stored = await world.store.key(key.id);
      assert.ok(stored);
      const kept = { ...stored.key, revision: stored.key.revision + 1 };
      const erasure = {
        kind: 'key-updated',
        key: kept,
        expectedRevision: stored.key.revision,
        added: [],
        erased: [1],
      } as const;
      await world.store.commit({ changes: [erasure], events: [] });
      assert.equal((await check(key)).step, 'executed', 'it is not looked at again at once');
      world.clock.advance(60 * minute);
      const mended = await check(key);
      assert.equal(mended.step, 'verified');
      assert.deepEqual(
        mended.checks.map(({ opens }) => opens),
        [false],
      );
    });
  }

  it('tries every version, also those that do not protect any more', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    await run(operations.rotateKey, world.caller(), { key: byId(key) });
    await run(operations.reportCompromise, world.caller(), {
      key: byId(key),
      version: 1,
      occurredAt: null,
    });
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await destroyDue(world, key);
    const { probes: made, execution } = await record(key);
    assert.deepEqual(
      made.map(({ version, kind }) => [version, kind]),
      [
        [1, 'ciphertext'],
        [2, 'ciphertext'],
      ],
    );
    assert.deepEqual(execution, {
      at: world.clock.now(),
      node: world.log.node,
      eventId: world.log.events.find(
        ({ operation, keyId }) => operation === 'keys.destroy' && keyId === key.id,
      )?.id,
      method: 'cryptographic-erase',
      nodes: [world.log.node],
      names: [],
    });
    assert.equal((await check(key)).checks.length, 2);
  });

  it('fails where only the shred secret is left: copies elsewhere could be opened with it', async (test) => {
    const key = await dueKey();
    test.mock.method(world.shreds, 'shred', async () => undefined);
    await destroyDue(world, key);
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await check(key)).step, 'executed');
      world.clock.advance(61 * minute);
    }
    assert.deepEqual(
      (await record(key)).checks.map(({ opens }) => opens),
      [true],
    );
  });

  it('waits until the store has no old copy left', async (test) => {
    const key = await dueKey();
    await destroyDue(world, key);
    const finish = test.mock.method(world.store, 'finishErasure', async () => {
      throw new ClavigerError('store-unavailable', 'another process reads');
    });
    await assert.rejects(check(key), { code: 'store-unavailable' });
    assert.equal((await record(key)).step, 'executed');
    finish.mock.restore();
    assert.equal((await check(key)).step, 'verified');
  });

  it('is checked by both of two nodes, each for itself', async () => {
    const other = await world.node();
    const key = await dueKey();
    await lives(world);
    await lives(other);
    await destroyDue(world, key);
    const { execution } = await record(key);
    assert.deepEqual(execution?.nodes, [world.log.node, other.log.node].sort());
    assert.equal((await check(key)).step, 'executed');
    assert.equal((await check(key)).revision, 4, 'nothing is said twice');
    other.age(1000);
    const last = await check(key, other);
    assert.equal(last.step, 'verified');
    assert.deepEqual(last.checks.map(({ node }) => node).sort(), execution?.nodes);
    await assert.rejects(decryptText(other, await sealedUnder(key)), { code: 'key-destroyed' });
  });

  it('takes both of two nodes that look at once', async () => {
    const other = await world.node();
    const key = await dueKey();
    await lives(world);
    await lives(other);
    await destroyDue(world, key);
    other.age(1000);
    const both = await Promise.all([check(key), check(key, other)]);
    assert.ok(both.some(({ step }) => step === 'verified'));
    assert.equal((await record(key)).checks.length, 2);
  });

  it('does not wait for a node whose lease ended', async () => {
    const other = await world.node();
    const key = await dueKey();
    await lives(world);
    await lives(other);
    await destroyDue(other, key);
    assert.equal((await check(key)).step, 'executed');
    world.clock.advance(minute);
    assert.equal((await check(key)).step, 'verified');
  });

  it('fails where one node still opens it, whatever the others say', async (test) => {
    const other = await world.node();
    const key = await dueKey();
    await lives(world);
    await lives(other);
    await destroyDue(world, key);
    other.age(1000);
    test.mock.method(other.house.hierarchy, 'hasShredSecret', async () => true);
    assert.equal((await check(key, other)).step, 'executed');
    assert.equal((await check(key)).step, 'executed');
    world.clock.advance(10 * minute);
    assert.equal((await check(key)).step, 'executed', 'nor when that node is gone');
  });

  /** A ciphertext that names a key and was never one of its own. */
  async function sealedUnder({ id }: Key): Promise<Uint8Array> {
    const another = await makeKey(world);
    const blob = Buffer.from(await encryptUnder(world, byId(another)));
    blob.write(id.replaceAll('-', ''), 2, 16, 'hex');
    return blob;
  }

  describe('after a crash', () => {
    const crash = new ClavigerError('store-unavailable', 'a crash');
    type Fault = (test: TestContext, key: Key) => void;
    const inCommit =
      (nth: number): Fault =>
      (test) => {
        const commit = world.store.commit.bind(world.store);
        let count = 0;
        test.mock.method(world.store, 'commit', async (wanted: Commit) => {
          count += 1;
          if (count === nth) throw crash;
          return commit(wanted);
        });
      };
    const afterCommit =
      (nth: number): Fault =>
      (test) => {
        const commit = world.store.commit.bind(world.store);
        let count = 0;
        test.mock.method(world.store, 'commit', async (wanted: Commit) => {
          await commit(wanted);
          count += 1;
          if (count === nth) throw crash;
        });
      };
    const faults: Readonly<Record<string, Fault>> = {
      'before it has begun': inCommit(1),
      'just when it has begun': afterCommit(1),
      'before the shred secret goes': (test) => {
        test.mock.method(world.shreds, 'shred', async () => {
          throw crash;
        });
      },
      'just when the shred secret went': (test) => {
        const shred = world.shreds.shred.bind(world.shreds);
        test.mock.method(world.shreds, 'shred', async (id: string) => {
          await shred(id);
          throw crash;
        });
      },
      'before it is executed': inCommit(2),
      'just when it is executed': afterCommit(2),
      'before what a node saw is written': inCommit(3),
      'just when what a node saw is written': afterCommit(3),
      'before the old copies in the store are gone': (test) => {
        test.mock.method(world.store, 'finishErasure', async () => {
          throw crash;
        });
      },
    };
    for (const [when, fault] of Object.entries(faults)) {
      it(`${when}, another node finishes it`, async (test) => {
        const other = await world.node();
        const key = await dueKey();
        const whole = async (node: TestNode): Promise<Destruction> => {
          const stored = await node.store.key(key.id);
          if (stored?.key.destruction) await destroyDue(node, key);
          return check(key, node);
        };
        fault(test, key);
        await assert.rejects(whole(world), { code: 'store-unavailable' });
        test.mock.restoreAll();
        // the old state or the new one, and nothing that is used in between
        const { step } = await record(key);
        const stored = await world.store.key(key.id);
        assert.equal(stored?.materials.length, ['scheduled', 'begun'].includes(step) ? 1 : 0);
        world.house.drop(null);
        await assert.rejects(encryptUnder(world, byId(key)), (error: ClavigerError) =>
          ['key-destruction-scheduled', 'key-destroyed'].includes(error.code),
        );
        other.age(1000);
        const end = await whole(other);
        assert.equal(end.step, 'verified');
        assert.equal(end.probes[0]?.kind, 'ciphertext');
        assert.equal(await world.shreds.get(key.id), null);
        assert.equal((await world.store.destructions.ofKey(key.id)).length, 1);
      });
    }
  });

  it('is not held up for ever by a root that does not come back', async (test) => {
    const key = await dueKey();
    const other = await world.node();
    test.mock.method(other.house.hierarchy, 'openMaterial', async () => {
      throw new ClavigerError('root-unavailable', 'away');
    });
    await assert.rejects(begin(key, other), { code: 'root-unavailable' });
    assert.equal((await record(key)).step, 'scheduled');
    world.clock.advance(dayMillis);
    await begin(key, other);
    assert.equal((await record(key)).probes[0]?.kind, 'material');
    await destroyDue(other, key);
    test.mock.restoreAll();
    assert.equal((await check(key, other)).checks[0]?.method, 'material-absent');
  });

  it('has nothing to try of a key that never had its material', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world, { origin: 'imported' });
    await schedule(key);
    world.clock.advance(7 * dayMillis);
    await destroyDue(world, key);
    const { checks, step } = await check(key);
    assert.deepEqual([checks[0]?.method, checks[0]?.opens, step], ['material-absent', false, 'verified']);
  });

  it('finishes what was scheduled before there were records', async () => {
    world.clock.set(someDay);
    const key = await makeKey(world);
    const destruction = { requestedAt: someDay, dueAt: someDay + 7 * dayMillis, waitingDays: 7 };
    const change = {
      kind: 'key-updated',
      key: { ...key, destruction, revision: key.revision + 1 },
      expectedRevision: key.revision,
      added: [],
      erased: [],
    } as const;
    await world.store.commit({ changes: [change], events: [] });
    world.house.drop(null);
    world.clock.advance(7 * dayMillis);
    await destroyDue(world, key);
    const end = await check(key);
    assert.deepEqual([end.step, end.requestedBy, end.reason], ['verified', '-', null]);
  });

  describe('before the point of no return', () => {
    it('counts who still asks, by principal and operation, and nobody else', async () => {
      world.clock.set(someDay);
      const key = await makeKey(world);
      const sealed = await encryptUnder(world, byId(key));
      await schedule(key);
      const bob = world.caller({ name: 'bob', roles: ['user'] });
      const refused = { code: 'key-destruction-scheduled' };
      for (let count = 0; count < 3; count += 1) {
        world.clock.advance(1000);
        await assert.rejects(decryptText(world, sealed, {}, bob), refused);
      }
      await assert.rejects(encryptUnder(world, byId(key)), refused);
      // who manages it does not ask for it, nor who may not use it
      await assert.rejects(run(operations.disableKey, world.caller(), { key: byId(key) }), refused);
      const auditor = world.caller({ name: 'eve', roles: ['auditor'] });
      await assert.rejects(decryptText(world, sealed, {}, auditor), { code: 'access-denied' });
      const expected = [
        {
          principal: 'bob',
          operation: 'keys.decrypt',
          count: 3,
          firstAt: someDay + 1000,
          lastAt: someDay + 3000,
        },
        {
          principal: 'ada',
          operation: 'keys.encrypt',
          count: 1,
          firstAt: someDay + 3000,
          lastAt: someDay + 3000,
        },
      ];
      assert.deepEqual((await describeIt(key)).demands, expected);
      await world.house.demands.flush();
      const other = await world.node();
      const told = await other.door.run(operations.describeDestruction, world.caller(), { key: byId(key) });
      assert.deepEqual(told.demands, expected);
    });

    it('counts the second key of a request too', async () => {
      world.clock.set(someDay);
      const [from, to] = [await makeKey(world), await makeKey(world)];
      const ciphertext = await encryptUnder(world, byId(from));
      await schedule(to);
      const side = { context: null, algorithm: null };
      const wish = {
        ciphertext,
        source: { key: null, ...side },
        destination: { key: byId(to), ...side },
        dryRun: false,
      };
      await assert.rejects(run(operations.reencrypt, world.caller(), wish), {
        code: 'key-destruction-scheduled',
      });
      assert.deepEqual(
        (await describeIt(to)).demands.map(({ operation, count }) => [operation, count]),
        [['keys.reencrypt', 1]],
      );
      assert.equal((await describeIt(from)).demands.length, 0);
    });
  });

  it('is told to those who inspect, of a destroyed key too, and to nobody of another environment', async () => {
    const key = await dueKey();
    const copy = {
      id: '00000000-0000-4000-8000-000000000001',
      kind: 'export',
      keyId: key.id,
      createdAt: someDay,
      place: 'a safe',
      holder: 'ada',
      status: 'live',
      detail: {},
    } as const;
    await world.store.commit({ changes: [{ kind: 'copy-put', copy, expected: null }], events: [] });
    await destroyDue(world, key);
    const ask = (change: Parameters<TestWorld['caller']>[0]) =>
      run(operations.describeDestruction, world.caller(change), { key: byId(key) });
    for (const role of ['administrator', 'operator', 'auditor'] as const) {
      const told = await ask({ roles: [role] });
      assert.equal(told.destruction?.step, 'executed');
      assert.deepEqual(
        told.copies.map(({ id }) => id),
        [copy.id],
      );
    }
    await assert.rejects(ask({ roles: ['user'] }), { code: 'access-denied' });
    await assert.rejects(ask({ environment: 'beta' }), { code: 'key-not-found' });
  });
});

/** A commit of a store that erases nothing. */
function withoutErasure(commit: Commit): Commit {
  const changes = commit.changes.map((change) =>
    change.kind === 'key-updated' ? { ...change, erased: [] } : change,
  );
  return { ...commit, changes };
}

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { ClavigerError, type ErrorCode } from '#domain';
import type { Commit, Store } from '#ports';
import {
  byId,
  byName,
  dayMillis,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from './house.fixture.ts';
import { defineOperation } from './define.ts';
import { operations } from './table.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
};

describe('the runner', () => {
  let world: TestWorld;
  let onCommit: ((commit: Commit) => Promise<void> | void) | null = null;
  let onKey: (() => void) | null = null;

  function watched(store: Store): Store {
    return {
      ...store,
      async commit(commit) {
        await onCommit?.(commit);
        return store.commit(commit);
      },
      async key(id) {
        onKey?.();
        return store.key(id);
      },
    };
  }

  before(async () => {
    world = await openWorld(watched);
  });
  beforeEach(() => {
    [onCommit, onKey] = [null, null];
    world.clock.set(someDay);
  });
  after(() => world.dispose());

  const stranger = () => world.caller({ name: 'eve', roles: [] });

  describe('checks in one order', () => {
    const fails = async (work: Promise<unknown>, code: ErrorCode): Promise<void> => {
      await assert.rejects(work, { code });
      assert.equal(world.log.last().reason, code);
      assert.equal(world.log.last().outcome, 'refused');
    };

    it('input, then the key, then the right to it, before anything is told of it', async () => {
      const key = await makeKey(world);
      const nobody = byId({ id: randomUUID() });
      await fails(encryptUnder(world, nobody, { version: 0 }, stranger()), 'input-invalid');
      await fails(encryptUnder(world, nobody, {}, stranger()), 'key-not-found');
      await fails(encryptUnder(world, byName('no/such'), {}, stranger()), 'name-not-found');
      await world.door.run(operations.disableKey, world.caller(), { key: byId(key) });
      await fails(encryptUnder(world, byId(key), { version: 9 }, stranger()), 'access-denied');
    });

    it('then the purpose, the condition of the key, the version, the algorithm, the state, the period', async () => {
      const mac = await makeKey(world, { spec: 'HMAC_256', usage: 'mac' });
      const key = await makeKey(world);
      await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
      await world.door.run(operations.disableKey, world.caller(), { key: byId(mac) });
      await fails(encryptUnder(world, byId(mac), { version: 9 }), 'purpose-forbids');
      await world.door.run(operations.disableKey, world.caller(), { key: byId(key) });
      await fails(encryptUnder(world, byId(key), { version: 9 }), 'key-suspended');
      await world.door.run(operations.enableKey, world.caller(), { key: byId(key) });
      await fails(encryptUnder(world, byId(key), { version: 9, algorithm: 'ED25519' }), 'key-not-found');
      await fails(encryptUnder(world, byId(key), { algorithm: 'ED25519', version: 1 }), 'algorithm-forbids');
      world.clock.advance(730 * dayMillis);
      await fails(encryptUnder(world, byId(key), { version: 1 }), 'key-state-forbids');
      await fails(encryptUnder(world, byId(key)), 'crypto-period-over');
      await fails(encryptUnder(world, byId(key), { dryRun: true }), 'crypto-period-over');
    });

    it('and lets nobody out of an environment', async () => {
      const key = await makeKey(world);
      const sealed = await encryptUnder(world, byId(key));
      const bob = world.caller({ environment: 'beta', name: 'bob' });
      await fails(encryptUnder(world, byId(key), {}, bob), 'key-not-found');
      await fails(encryptUnder(world, { ...byId(key), accountId: '111122223333' }, {}, bob), 'access-denied');
      await fails(decryptText(world, sealed, {}, bob), 'access-denied');
      assert.equal(world.log.last().environment, 'beta');
      await fails(encryptUnder(world, byId(key), {}, world.caller({ region: 'us-east-1' })), 'key-not-found');
    });
  });

  describe('gives no answer before its record', () => {
    /** Holds the log, starts the work, and makes sure that nothing comes out of it until the log lets go. */
    async function waits(work: () => Promise<unknown>): Promise<void> {
      const release = world.log.hold();
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      const working = work();
      working.then(settle, settle);
      while (world.log.waiting === 0 && !settled) await turns();
      await turns();
      const early = settled;
      release();
      await Promise.allSettled([working]);
      assert.deepEqual([early, settled], [false, true]);
    }

    it('neither of a use, nor of a change, nor of a refusal', async () => {
      const key = await makeKey(world);
      await waits(() => encryptUnder(world, byId(key)));
      await waits(() => makeKey(world));
      await waits(() => encryptUnder(world, byId(key), {}, stranger()));
      await waits(() => encryptUnder(world, byId(key), { dryRun: true }));
    });

    it('and does nothing while the log is known to be broken', async () => {
      const key = await makeKey(world);
      const [events, usage] = [world.log.events.length, await world.store.usage(key.id, 1)];
      world.log.refuse(true);
      const tagging = { key: byId(key), tags: [{ key: 'a', value: '1' }] };
      await assert.rejects(encryptUnder(world, byId(key)), { code: 'audit-unavailable' });
      await assert.rejects(world.door.run(operations.tagKey, world.caller(), tagging), {
        code: 'audit-unavailable',
      });
      world.log.refuse(false);
      assert.equal(world.log.events.length, events);
      assert.deepEqual(await world.store.usage(key.id, 1), usage);
      assert.deepEqual((await world.store.key(key.id))?.key.tags, []);
    });

    it('and wipes the secrets of a result that nobody is given', async () => {
      const made: Buffer[] = [];
      const make = defineOperation<{ dryRun: boolean }, { readonly secret: Buffer }>({
        name: 'tests.make',
        kind: 'use',
        input: z.strictObject({ dryRun: z.boolean() }),
        targets: [],
        permission: 'keys:generate-random',
        isDryRun: ({ dryRun }) => dryRun,
        run: () => {
          const secret = Buffer.alloc(8, 7);
          made.push(secret);
          return { output: { secret } };
        },
        discard: ({ secret }) => void secret.fill(0),
      });
      const { secret } = await world.door.run(make, world.caller(), { dryRun: false });
      assert.deepEqual(secret, Buffer.alloc(8, 7));
      world.log.breakAppends(1);
      const failing = world.door.run(make, world.caller(), { dryRun: false });
      await assert.rejects(failing, { code: 'audit-unavailable' });
      await assert.rejects(world.door.run(make, world.caller(), { dryRun: true }), { code: 'dry-run' });
      assert.deepEqual(made.slice(1), [Buffer.alloc(8), Buffer.alloc(8)]);
      // what is answered in the clear says how it is wiped
      for (const name of [
        ...(['decrypt', 'decryptItems', 'deriveSharedSecret', 'generateRandom'] as const),
        ...(['generateDataKey', 'generateDataKeyPair', 'generateSealedDataKey'] as const),
        ...(['exportInClear', 'backUpInClear'] as const),
      ])
        assert.ok(operations[name].discard, name);
    });

    it('and keeps results back when the log breaks under them', async () => {
      const key = await makeKey(world);
      world.log.breakAppends(1);
      await assert.rejects(encryptUnder(world, byId(key)), { code: 'audit-unavailable' });
      world.log.breakAppends(1);
      await assert.rejects(encryptUnder(world, byId(key), {}, stranger()), { code: 'audit-unavailable' });
      world.log.breakAppends(1);
      const caller = world.caller();
      const tagging = { key: byId(key), tags: [{ key: 'a', value: '1' }] };
      await assert.rejects(world.door.run(operations.tagKey, caller, tagging), { code: 'audit-unavailable' });
      // the change stands, and so does its record: it waits in the outbox for the log
      assert.equal((await world.store.key(key.id))?.key.tags.length, 1);
      const waiting = await world.store.outbox(world.log.node);
      assert.ok(waiting.some(({ id }) => id === caller.requestId));
    });
  });

  describe('commits a change and its record together', () => {
    it('in one commit, under the id that the caller is told', async () => {
      const commits: Commit[] = [];
      onCommit = (commit) => void commits.push(commit);
      const caller = world.caller();
      const key = await makeKey(world, { name: 'together' }, caller);
      assert.equal(commits.length, 1);
      assert.deepEqual(
        commits[0]?.changes.map(({ kind }) => kind),
        ['key-created', 'name-created'],
      );
      assert.deepEqual(
        commits[0]?.events.map(({ id, keyId, outcome }) => [id, keyId, outcome]),
        [[caller.requestId, key.id, 'success']],
      );
      assert.deepEqual(world.log.last(), commits[0]?.events[0]);
    });

    it('and records a failed commit under an id of its own, with that of the request', async () => {
      onCommit = () => {
        throw new ClavigerError('store-unavailable', 'gone');
      };
      const caller = world.caller();
      await assert.rejects(makeKey(world, {}, caller), { code: 'store-unavailable' });
      const { id, outcome, reason, facts } = world.log.last();
      assert.notEqual(id, caller.requestId);
      assert.deepEqual(
        [outcome, reason, facts],
        ['failed', 'store-unavailable', { requestId: caller.requestId }],
      );
    });
  });

  describe('records', () => {
    it('who did what to which key and version, and the digest of the context', async () => {
      const key = await makeKey(world);
      const caller = world.caller();
      await encryptUnder(world, byId(key), { context: { b: '2', a: 'é' } }, caller);
      const canonical = Buffer.from('0000000161' + '00000002c3a9' + '0000000162' + '0000000132', 'hex');
      assert.deepEqual(world.log.last(), {
        id: caller.requestId,
        at: someDay,
        node: world.log.node,
        environment: 'alpha',
        principal: 'ada',
        operation: 'keys.encrypt',
        outcome: 'success',
        reason: null,
        keyId: key.id,
        keyVersion: 1,
        otherKeyId: null,
        protocol: 'test',
        protocolOperation: 'Test',
        region: 'eu-north-1',
        sourceAddress: '192.0.2.7',
        userAgent: 'tests/1',
        contextDigest: createHash('sha256').update(canonical).digest('hex'),
        facts: null,
      });
      await encryptUnder(world, byId(key), { context: {} });
      assert.equal(world.log.last().contextDigest, null);
    });

    it('both keys of an operation with two, also when the second is refused', async () => {
      const [from, to] = [await makeKey(world), await makeKey(world)];
      const ciphertext = await encryptUnder(world, byId(from));
      const reencrypt = () =>
        world.door.run(operations.reencrypt, world.caller(), {
          ciphertext,
          source: { key: null, context: null, algorithm: null },
          destination: { key: byId(to), context: null, algorithm: null },
          dryRun: false,
        });
      const keysOf = () => [world.log.last().keyId, world.log.last().otherKeyId];
      const done = await reencrypt();
      assert.deepEqual(keysOf(), [from.id, to.id]);
      assert.equal(await decryptText(world, done.ciphertext), 'the plaintext');
      await world.door.run(operations.disableKey, world.caller(), { key: byId(to) });
      await assert.rejects(reencrypt(), { code: 'key-suspended' });
      assert.deepEqual(keysOf(), [from.id, to.id]);
      await world.door.run(operations.disableKey, world.caller(), { key: byId(from) });
      await assert.rejects(reencrypt(), { code: 'key-suspended' });
      assert.deepEqual(keysOf(), [from.id, null]);
    });

    it('a dry run, which leaves nothing else', async () => {
      const key = await makeKey(world);
      const events = world.log.events.length;
      await assert.rejects(encryptUnder(world, byId(key), { dryRun: true }), { code: 'dry-run' });
      assert.equal(world.log.events.length, events + 1);
      assert.deepEqual([world.log.last().reason, world.log.last().keyId], ['dry-run', key.id]);
      assert.deepEqual(await world.store.usage(key.id, 1), { operations: 0, bytes: 0 });
      assert.equal(await world.house.lastUses.of(key.id), null);
    });

    it('the last use of a key that worked, and of no other', async () => {
      const key = await makeKey(world);
      const caller = world.caller();
      const sealed = await encryptUnder(world, byId(key), {}, caller);
      await assert.rejects(decryptText(world, sealed, { context: { no: 'such' } }), {
        code: 'ciphertext-invalid',
      });
      await world.door.run(operations.describeKey, world.caller(), { key: byId(key) });
      const expected = {
        operation: 'keys.encrypt',
        at: someDay,
        requestId: caller.requestId,
        principal: 'ada',
      };
      assert.deepEqual(await world.house.lastUses.of(key.id), expected);
      await world.house.lastUses.flush();
      assert.deepEqual(await world.store.lastUse(key.id), expected);
    });
  });

  it('tells the caller nothing of an error that was not foreseen', async () => {
    const key = await makeKey(world);
    world.house.drop(null);
    const bug = new TypeError('the inside of /srv/claviger');
    onKey = () => {
      throw bug;
    };
    await assert.rejects(encryptUnder(world, byId(key)), (error) => {
      assert.ok(error instanceof ClavigerError);
      assert.deepEqual([error.code, error.details, error.cause], ['internal', {}, bug]);
      assert.doesNotMatch(error.message, /inside|srv/);
      return true;
    });
    assert.deepEqual([world.log.last().outcome, world.log.last().reason], ['failed', 'internal']);
    assert.deepEqual(world.done.at(-1), { operation: 'keys.encrypt', outcome: 'internal' });
  });
});

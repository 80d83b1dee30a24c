import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, ECDH, generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { SecretBytes, sealKeyBlock, wrapForTransport } from '#crypto';
import type { Key } from '#domain';
import type { Store } from '#ports';
import {
  byId,
  dayMillis,
  destroyDue,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import { operations } from '../table.ts';
import { awaitingKey, importInto } from './import.fixture.ts';

/** Lets commits of a node wait. */
function gated() {
  let gate: Promise<void> | null = null;
  let open: () => void = () => undefined;
  let reached: () => void = () => undefined;
  return {
    change: (store: Store): Store => ({
      ...store,
      commit: async (commit) => {
        if (gate && commit.changes.length > 0) {
          reached();
          await gate;
        }
        return store.commit(commit);
      },
    }),
    /** Holds the next commit; resolves when one waits. */
    hold(): Promise<void> {
      const held = Promise.withResolvers<void>();
      const arrival = Promise.withResolvers<void>();
      gate = held.promise;
      reached = arrival.resolve;
      open = () => {
        gate = null;
        held.resolve();
      };
      return arrival.promise;
    },
    open: () => open(),
  };
}

/** PKCS#8 of a P-256 key whose point is compressed: the same key in other bytes. */
function compressed(key: ReturnType<typeof createPrivateKey>): Buffer {
  const { d = '', x = '', y = '' } = key.export({ format: 'jwk' });
  const part = (text: string) => Buffer.from(text, 'base64url');
  const whole = Buffer.concat([Buffer.of(4), part(x), part(y)]);
  const point = ECDH.convertKey(whole, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
  const der = (tag: number, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(tag, body.length), body]);
  };
  const inner = der(
    0x30,
    Buffer.of(2, 1, 1),
    der(4, part(d)),
    der(0xa1, der(3, Buffer.concat([Buffer.of(0), point]))),
  );
  const algorithm = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
  return der(0x30, Buffer.of(2, 1, 0), algorithm, der(4, inner));
}

describe('a key that is gone', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const schedule = (key: Pick<Key, 'id'>) =>
    world.door.run(operations.scheduleDestruction, world.caller(), { key: byId(key), waitingDays: 7 });
  const describeIt = (key: Pick<Key, 'id'>) =>
    world.door.run(operations.describeDestruction, world.caller(), { key: byId(key) });

  it('has no twin that nobody tells of', async () => {
    world.clock.set(someDay);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pair = privateKey.export({ type: 'pkcs8', format: 'der' });
    const wish = { spec: 'RSA_2048', usage: 'encrypt' } as const;
    const [one, two, late] = [
      await awaitingKey(world, wish),
      await awaitingKey(world, wish),
      await awaitingKey(world, wish),
    ];
    await importInto(world, one, pair);
    await importInto(world, two, pair);
    await schedule(one);
    await assert.rejects(importInto(world, late, pair), { code: 'material-unsuitable' });
    world.clock.advance(8 * dayMillis);
    await destroyDue(world, one);
    const { copies } = await describeIt(one);
    assert.deepEqual(
      copies.map(({ kind, keyId }) => [kind, keyId]),
      [['key', two.id]],
    );
    await schedule(two);
    world.clock.advance(8 * dayMillis);
    await destroyDue(world, two);
    assert.deepEqual((await describeIt(one)).copies, []);
  });

  it('is gone although the clock was set back between a cancelled schedule and the next', async () => {
    world.clock.set(someDay + 3_600_000);
    const key = await makeKey(world);
    await schedule(key);
    await world.door.run(operations.cancelDestruction, world.caller(), { key: byId(key) });
    world.clock.set(someDay);
    await schedule(key);
    world.clock.set(someDay + 8 * dayMillis);
    await destroyDue(world, key);
    const all = await world.store.destructions.ofKey(key.id);
    assert.deepEqual(
      all.map(({ step }) => step),
      ['executed', 'cancelled'],
    );
    assert.equal((await world.store.key(key.id))?.materials.length, 0);
  });

  it('is not due for anything any more, though its material had an end', async () => {
    world.clock.set(someDay);
    const key = await awaitingKey(world);
    await importInto(world, key, randomBytes(32), { expiresAt: someDay + 30 * dayMillis });
    await schedule(key);
    world.clock.advance(8 * dayMillis);
    await destroyDue(world, key);
    world.clock.set(someDay + 31 * dayMillis);
    assert.equal((await world.store.dueKeys(world.clock.now(), 100)).includes(key.id), false);
    assert.equal((await world.store.key(key.id))?.key.imported?.isPresent, false);
  });

  it('tells other environments than the first of escrows, not where they are', async () => {
    world.clock.set(someDay);
    const copy = {
      id: '00000000-0000-4000-8000-000000000001',
      kind: 'escrow',
      keyId: null,
      createdAt: someDay,
      place: 'safe 7',
      holder: 'Bob',
      status: 'live',
      detail: {},
    } as const;
    await world.store.commit({ events: [], changes: [{ kind: 'copy-put', copy, expected: null }] });
    const beta = world.caller({ environment: 'beta' });
    const key = await makeKey(world, {}, beta);
    const told = await world.door.run(operations.describeDestruction, beta, { key: byId(key) });
    assert.ok(told.copies.length > 0);
    assert.doesNotMatch(JSON.stringify(told.copies), /safe 7|Bob/);
  });
});

describe('material that comes from outside', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
    world.clock.set(someDay);
  });
  after(() => world.dispose());

  it('is the same in whichever bytes a key of a curve comes, also in another environment', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = compressed(privateKey);
    const read = createPrivateKey({ key: other, format: 'der', type: 'pkcs8' });
    assert.notEqual(
      createPublicKey(read).export({ type: 'spki', format: 'der' }).length,
      createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).length,
    );
    const wish = { spec: 'EC_P256', usage: 'sign' } as const;
    const first = await awaitingKey(world, wish);
    await importInto(world, first, privateKey.export({ type: 'pkcs8', format: 'der' }));
    const beta = world.caller({ environment: 'beta' });
    const key = await awaitingKey(world, wish, beta);
    const wrap = 'RSA_AES_KEY_WRAP_SHA_256' as const;
    const { token, publicKey } = await world.door.run(operations.getImportParameters, beta, {
      key: byId(key),
      wrap,
      wrappingSpec: 'RSA_2048' as const,
    });
    using material = SecretBytes.copyOf(other);
    const wrapped = wrapForTransport(wrap, publicKey, material);
    await assert.rejects(
      world.door.run(operations.importMaterial, beta, { key: byId(key), token, wrapped, expiresAt: null }),
      { code: 'material-unsuitable' },
    );
    const here = await awaitingKey(world, wish);
    await importInto(world, here, other);
    const told = (await world.store.key(here.id))?.key.versions[0]?.publicKey;
    assert.equal(told?.length, 91);
  });

  it('is asked for by the same conditions under a key as with a token, and is no component', async () => {
    const shared = randomBytes(32);
    const kek = await awaitingKey(world, { usage: 'wrap' });
    await importInto(world, kek, shared);
    const mustExpire = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'kms:ImportKeyMaterial',
          Resource: '*',
          Condition: { StringEquals: { 'kms:ExpirationModel': 'KEY_MATERIAL_DOES_NOT_EXPIRE' } },
        },
      ],
    });
    const under = async (key: Pick<Key, 'id'>, keyVersion: string) => {
      using protectionKey = SecretBytes.copyOf(shared);
      using inner = SecretBytes.copyOf(randomBytes(32));
      const header = { version: 'D', usage: 'D0', algorithm: 'A', modeOfUse: 'B', keyVersion } as const;
      const block = sealKeyBlock({
        protectionKey,
        key: inner,
        header: { ...header, exportability: 'N', optionalBlocks: [] },
      });
      return world.door.run(operations.importUnderKey, world.caller(), {
        key: byId(key),
        wrappingKey: byId(kek),
        wrappingVersion: null,
        form: 'TR_31_D',
        wrapped: Buffer.from(block),
        expiresAt: null,
      });
    };
    const bounded = await awaitingKey(world, { policy: mustExpire });
    await assert.rejects(under(bounded, '00'), { code: 'access-denied' });
    const free = await awaitingKey(world);
    await assert.rejects(under(free, 'c1'), { code: 'material-unsuitable' });
    await under(free, '00');
  });

  it('that a deletion overtook is known to be lost, and comes back', async () => {
    const gates = [gated(), gated(), gated()] as const;
    const [next, deletion, again] = [
      await world.node(gates[0].change),
      await world.node(gates[1].change),
      await world.node(gates[2].change),
    ];
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const key = await awaitingKey(world);
    await importInto(world, key, one);
    const on = (node: typeof next) => ({ ...world, ...node }) as TestWorld;
    // sealed under the first secret; the deletion takes that away; the third makes a new one
    const held: Promise<unknown>[] = [];
    for (const [gate, begin] of [
      [gates[0], () => importInto(on(next), key, two, { isNew: true })],
      [
        gates[1],
        () => deletion.door.run(operations.deleteImportedMaterial, world.caller(), { key: byId(key) }),
      ],
      [gates[2], () => importInto(on(again), key, one, { isNew: false })],
    ] as const) {
      const waits = gate.hold();
      held.push(begin().catch(() => undefined));
      await waits;
    }
    for (const [index, gate] of gates.entries()) {
      gate.open();
      await held[index];
    }
    const node = await world.node();
    const stored = await node.store.key(key.id);
    assert.equal(stored?.key.pending, undefined);
    assert.equal(stored?.key.imported?.isPresent, true);
    await encryptUnder(on(node), byId(key));
    await importInto(on(node), key, two, { isNew: true });
    await node.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    await encryptUnder(on(node), byId(key));
  });
});

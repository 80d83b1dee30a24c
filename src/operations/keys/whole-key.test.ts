import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { hasCode, isDestroyed, type ErrorCode, type Key, type KeyVersion } from '#domain';
import { byId, dayMillis, destroyDue, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { countOf } from './known-material.ts';
import type { WholeShape } from './whole-key.ts';

const is = (code: ErrorCode) => (error: unknown) => hasCode(error, code);
const choice = {
  hash: 'SHA2_256',
  prehashed: false,
  padding: 'PKCS1',
  saltLength: 'auto',
  encoding: 'DER',
} as const;
const message = Buffer.from('message');
const nothing = new Uint8Array(0);

describe('keys that come whole, and lose their oldest versions', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const run: TestWorld['door']['run'] = (...words) => world.door.run(...words);
  const shapeOf = (name: string, more: Partial<WholeShape> = {}): WholeShape => ({
    spec: 'AES_256',
    usage: 'encrypt',
    name,
    exportable: false,
    plaintextBackup: false,
    deletable: false,
    localRotation: false,
    ...more,
  });
  const restore = (
    name: string,
    materials: readonly Buffer[],
    more: Partial<WholeShape> = {},
  ): Promise<Key> =>
    run(operations.restoreFromClear, world.caller(), {
      ...shapeOf(name, more),
      versions: materials.map((bytes, at) => ({
        number: at + 1,
        createdAt: world.clock.now() - dayMillis,
        material: { kind: 'bytes', bytes } as const,
      })),
      takesName: false,
    });
  const seal = async (key: Key, { door }: Pick<TestWorld, 'door'> = world) => {
    const items = [{ plaintext: message, associatedData: nothing, context: null }];
    const { results } = await door.run(operations.encryptItems, world.caller(), {
      key: byId(key),
      items,
      version: null,
    });
    const [sealed] = results;
    assert.ok(sealed && 'ciphertext' in sealed);
    return sealed;
  };
  const opens = async (key: Key, { ciphertext, version }: { ciphertext: Uint8Array; version: number }) => {
    const items = [{ ciphertext, version, associatedData: nothing, context: null }];
    const { results } = await run(operations.decryptItems, world.caller(), { key: byId(key), items });
    const [opened] = results;
    if (!opened || !('plaintext' in opened)) return opened?.error.code ?? null;
    return Buffer.from(opened.plaintext).equals(message);
  };
  const fresh = () => crypto.randomBytes(32);

  it('has one wrapping key, however many ask for it at once', async () => {
    const found = await Promise.all(
      Array.from({ length: 3 }, () => run(operations.getWrappingKey, world.caller(), {})),
    );
    for (const { publicKey } of found)
      assert.deepEqual(Buffer.from(publicKey), Buffer.from(found[0]?.publicKey ?? []));
    const elsewhere = await run(operations.getWrappingKey, world.caller({ environment: 'beta' }), {});
    assert.notDeepEqual(Buffer.from(elsewhere.publicKey), Buffer.from(found[0]?.publicKey ?? []));
  });

  it('makes one key where two of one name come at once', async () => {
    const both = await Promise.allSettled([restore('twice', [fresh()]), restore('twice', [fresh()])]);
    const refused = both.filter((one) => one.status === 'rejected');
    assert.equal(refused.length, 1);
    assert.ok(refused.every((one) => hasCode(one.reason, 'name-taken')));
  });

  it('takes its name from no key whose policy keeps names from the caller', async () => {
    const statement = (more: object) => ({ Principal: '*', Resource: '*', ...more });
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        statement({ Effect: 'Allow', Action: 'kms:*' }),
        statement({
          Effect: 'Deny',
          Action: 'kms:UpdateAlias',
          Condition: { StringNotEquals: { 'aws:username': 'ada' } },
        }),
      ],
    });
    const held = await makeKey(world, { name: 'held', policy });
    const take = (name: string) =>
      run(operations.restoreFromClear, world.caller({ name, roles: ['operator'] }), {
        ...shapeOf('held'),
        versions: [{ number: 1, createdAt: 0, material: { kind: 'bytes', bytes: fresh() } }],
        takesName: true,
      });
    const holder = async () => (await world.store.name('alpha', 'eu-north-1', 'held'))?.keyId;
    await assert.rejects(take('mallory'), is('access-denied'));
    assert.equal(await holder(), held.id);
    const { id } = await take('ada');
    assert.equal(await holder(), id);
  });

  it('takes no material of another environment', async () => {
    const bytes = fresh();
    await restore('here', [bytes]);
    const there = run(operations.restoreFromClear, world.caller({ environment: 'beta' }), {
      ...shapeOf('there'),
      versions: [{ number: 1, createdAt: world.clock.now(), material: { kind: 'bytes', bytes } }],
      takesName: false,
    });
    await assert.rejects(there, is('material-unsuitable'));
  });

  it('counts on where material is here already, whichever key and version has it', async () => {
    const bytes = fresh();
    const first = await restore('counted', [fresh(), bytes]);
    const [second, third] = [await restore('counted-2', [bytes]), await restore('counted-3', [bytes])];
    for (const { versions } of [second, third])
      assert.deepEqual(versions[0]?.countedAs, { keyId: first.id, version: 2 });
    assert.equal(first.versions[1]?.countedAs, undefined);
    const usage = async (key: Key, version: number) => (await world.store.usage(key.id, version)).operations;
    await seal(second);
    const reserved = await usage(first, 2);
    assert.ok(reserved > 0);
    await seal(third);
    assert.deepEqual([await usage(second, 1), await usage(third, 1)], [0, 0]);
    // all of the bound is reserved by somebody else
    await world.store.reserveUsage(first.id, 2, { operations: 2 ** 32 - reserved, bytes: 0 });
    const late = await restore('counted-4', [bytes]);
    const node = await world.node();
    for (const key of [first, second, late])
      await assert.rejects(seal(key, node), is('usage-limit-reached'), key.id);
  });

  it('takes the largest count where the same material was counted apart', async () => {
    const bytes = fresh();
    const [few, many] = [await restore('apart-1', [bytes]), await restore('apart-2', [fresh()])];
    const twin = (key: Key) => ({ keyId: key.id, version: key.versions[0] as KeyVersion });
    await world.store.reserveUsage(few.id, 1, { operations: 3, bytes: 0 });
    await world.store.reserveUsage(many.id, 1, { operations: 7, bytes: 0 });
    const largest = { keyId: many.id, version: 1 };
    for (const twins of [
      [few, many],
      [many, few],
    ])
      assert.deepEqual(await countOf(world.house, twins.map(twin)), largest);
    assert.equal(await countOf(world.house, []), undefined);
  });

  it('goes on with the crypto-period of the same material, whatever a backup says of its age', async () => {
    const bytes = fresh();
    const old = await restore('aged', [bytes]);
    world.clock.advance(30 * dayMillis);
    const again = await restore('aged-2', [bytes]);
    assert.equal(again.versions[0]?.activatedAt, old.versions[0]?.activatedAt);
  });

  it('does not let an older backup protect with a version that was rotated away', async () => {
    const bytes = fresh();
    const key = await restore('gone-by', [bytes], { localRotation: true });
    const sealed = await seal(key);
    await run(operations.rotateKey, world.caller(), { key: byId(key) });
    const back = await restore('gone-by-2', [bytes], { localRotation: true });
    assert.equal(back.versions[0]?.state, 'deactivated');
    assert.equal(await opens(back, sealed), true);
    await assert.rejects(seal(back), is('key-state-forbids'));
    await run(operations.rotateKey, world.caller(), { key: byId(back) });
    await seal(back);
  });

  it('is for what a key that is made here could be for', async () => {
    const wrong: readonly Partial<WholeShape>[] = [
      { usage: 'sign' },
      { secondUsage: 'sign' },
      { usage: 'mac', derivation: { convergent: false } },
      { usage: 'wrap', derivation: { convergent: false } },
      { spec: 'ED25519', usage: 'sign', derivation: { convergent: true } },
      { spec: 'HMAC_256', usage: 'mac', derivation: { convergent: false } },
    ];
    for (const shape of wrong) {
      await assert.rejects(
        restore('misused', [fresh()], shape),
        is('purpose-forbids'),
        JSON.stringify(shape),
      );
      await assert.rejects(makeKey(world, shape), is('purpose-forbids'), JSON.stringify(shape));
    }
  });

  it('takes no material twice', async () => {
    const bytes = fresh();
    await assert.rejects(restore('doubled', [bytes, fresh(), bytes]), is('material-unsuitable'));
  });

  it('takes versions in their order alone', async () => {
    for (const numbers of [
      [2, 1],
      [1, 1],
    ]) {
      const versions = numbers.map((number) => ({
        number,
        createdAt: 0,
        material: { kind: 'bytes', bytes: fresh() } as const,
      }));
      const wish = { ...shapeOf('disordered'), versions, takesName: false };
      await assert.rejects(run(operations.restoreFromClear, world.caller(), wish), is('input-invalid'));
    }
  });

  it('rotates where that was allowed, and is trimmed like every other key', async () => {
    const still = await restore('still', [fresh()]);
    await assert.rejects(run(operations.rotateKey, world.caller(), { key: byId(still) }));
    const key = await restore('turning', [fresh(), fresh()], {
      localRotation: true,
      floors: { protect: 2, process: 2 },
    });
    const second = await seal(key);
    await run(operations.rotateKey, world.caller(), { key: byId(key) });
    const trimmed = await run(operations.trimKey, world.caller(), { key: byId(key), oldest: 2 });
    assert.deepEqual(
      trimmed.versions.map(({ state }) => state),
      ['destroyed', 'deactivated', 'active'],
    );
    const stored = await world.store.key(key.id);
    assert.deepEqual(
      stored?.materials.map(({ version }) => version),
      [2, 3],
    );
    assert.equal(await opens(trimmed, second), true);
    assert.equal(await opens(trimmed, { ...second, version: 1 }), 'key-destroyed');
    const third = await seal(trimmed);
    assert.equal(third.version, 3);
  });

  it('is destroyed as a whole after it was trimmed', async () => {
    const key = await restore('doomed', [fresh(), fresh()], { floors: { protect: 2, process: 2 } });
    await run(operations.trimKey, world.caller(), { key: byId(key), oldest: 2 });
    await run(operations.scheduleDestruction, world.caller(), { key: byId(key), waitingDays: 7 });
    world.clock.advance(7 * dayMillis);
    const gone = await destroyDue(world, key);
    assert.ok(gone.versions.every(({ state }) => isDestroyed(state)));
    assert.deepEqual((await world.store.key(key.id))?.materials, []);
  });

  it('signs nothing with SHA-1 in the approved mode, and verifies what it signed', async () => {
    const key = await makeKey(world, { spec: 'RSA_2048', usage: 'sign' });
    const items = [{ message, context: null }];
    const sign = (hash: 'SHA1' | 'SHA2_256') =>
      run(operations.signItems, world.caller(), {
        key: byId(key),
        items,
        version: null,
        choice: { ...choice, hash },
      });
    const [old] = (await sign('SHA1')).results;
    assert.ok(old && 'signature' in old);
    Object.assign(world.house, { fips: 'a module' });
    try {
      await assert.rejects(sign('SHA1'), is('algorithm-forbids'));
      await sign('SHA2_256');
      const { results } = await run(operations.verifyItems, world.caller(), {
        key: byId(key),
        items: [{ message, context: null, signature: old.signature, version: 1 }],
        choice: { ...choice, hash: 'SHA1' },
      });
      assert.deepEqual(results, [{ valid: true }]);
    } finally {
      Object.assign(world.house, { fips: null });
    }
  });

  it('counts every item of a batch as a use, and none of a trial', async () => {
    const key = await makeKey(world, { spec: 'EC_P256', usage: 'sign' });
    const items = Array.from({ length: 5 }, () => ({ message, context: null }));
    const wish = { key: byId(key), items, version: null, choice };
    await assert.rejects(run(operations.signItems, world.caller(), { ...wish, dryRun: true }), is('dry-run'));
    const { results } = await run(operations.signItems, world.caller(), wish);
    assert.equal(results.filter((result) => 'signature' in result).length, 5);
    await assert.rejects(
      run(operations.signItems, world.caller(), { ...wish, items: [] }),
      is('input-invalid'),
    );
  });
});

import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode, Key } from '#domain';
import { byId, dayMillis, decryptText, encryptUnder, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { awaitingKey, importInto } from './import.fixture.ts';

/** What a key with imported material should be, told by another hand. */
type Model = {
  readonly versions: { readonly bytes: Buffer; isPresent: boolean }[];
  pending: Buffer | null;
  readonly made: Uint8Array[];
};

type Step =
  | { readonly kind: 'new' | 'rotate' | 'encrypt' | 'delete-pending' }
  | { readonly kind: 'again' | 'delete'; readonly share: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('new', 'rotate', 'encrypt', 'delete-pending') }),
    fc.record({
      kind: fc.constantFrom('again', 'delete'),
      share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
  ) as fc.Arbitrary<Step>,
  { minLength: 3, maxLength: 14 },
);

describe('the rotation of imported material', () => {
  let world: TestWorld;
  let kek: Key;
  const shared = randomBytes(32);
  before(async () => {
    world = await openWorld();
    kek = await awaitingKey(world, { usage: 'wrap' });
    await importInto(world, kek, shared);
  });
  after(() => world.dispose());

  function bring(
    key: Pick<Key, 'id'>,
    bytes: Uint8Array,
    wish: { isNew?: boolean; expiresAt?: number } = {},
  ) {
    const cipher = createCipheriv('id-aes256-wrap-pad', shared, Buffer.from('a65959a6', 'hex'));
    return world.door.run(operations.importUnderKey, world.caller(), {
      key: byId(key),
      wrappingKey: byId(kek),
      wrappingVersion: null,
      form: 'AES_KWP' as 'AES_KWP' | 'TR_31_D',
      wrapped: Buffer.concat([cipher.update(bytes), cipher.final()]),
      expiresAt: null,
      ...wish,
    });
  }
  const rotate = (key: Pick<Key, 'id'>) =>
    world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
  const remove = (key: Pick<Key, 'id'>, materialId: string | null) =>
    world.door.run(operations.deleteImportedMaterial, world.caller(), { key: byId(key), materialId });
  const stored = async ({ id }: Pick<Key, 'id'>): Promise<Key> => {
    const found = (await world.store.key(id))?.key;
    assert.ok(found);
    return found;
  };
  async function codeOf(work: Promise<unknown>): Promise<ErrorCode | null> {
    try {
      await work;
      return null;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return error.code as ErrorCode;
      throw error;
    }
  }

  it('has for every order of steps the states and the refusals of the model', async () => {
    const take = async (key: Key, model: Model, step: Step): Promise<void> => {
      const lacks = model.versions.some(({ isPresent }) => !isPresent);
      const record = await stored(key);
      if (step.kind === 'again' || step.kind === 'delete') {
        const index = Math.floor(step.share * model.versions.length);
        const version = model.versions[index];
        assert.ok(version);
        if (step.kind === 'again') await bring(key, version.bytes);
        else await remove(key, record.versions[index]?.materialId ?? '');
        version.isPresent = step.kind === 'again';
      } else if (step.kind === 'new') {
        const bytes = randomBytes(32);
        const code = await codeOf(bring(key, bytes, { isNew: true }));
        assert.equal(code, model.pending ? 'key-state-forbids' : null);
        model.pending ??= bytes;
      } else if (step.kind === 'rotate') {
        const code = await codeOf(rotate(key));
        assert.equal(code, lacks ? 'key-lacks-material' : model.pending ? null : 'key-state-forbids');
        if (code !== null || !model.pending) return;
        model.versions.push({ bytes: model.pending, isPresent: true });
        model.pending = null;
      } else if (step.kind === 'encrypt') {
        if (lacks) assert.equal(await codeOf(encryptUnder(world, byId(key))), 'key-lacks-material');
        else model.made.push(await encryptUnder(world, byId(key)));
      } else if (record.pending) {
        await remove(key, record.pending.materialId);
        model.pending = null;
      }
    };
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const key = await awaitingKey(world);
        const model: Model = {
          versions: [{ bytes: randomBytes(32), isPresent: true }],
          pending: null,
          made: [],
        };
        await bring(key, model.versions[0]?.bytes ?? Buffer.alloc(0));
        for (const step of list) {
          await take(key, model, step);
          const { versions, pending, imported } = await stored(key);
          assert.deepEqual(
            versions.map((version) => version.imported?.isPresent),
            model.versions.map(({ isPresent }) => isPresent),
          );
          assert.equal(
            imported?.isPresent,
            model.versions.every(({ isPresent }) => isPresent),
          );
          assert.equal(pending !== undefined, model.pending !== null);
          assert.deepEqual(
            versions.map(({ state }) => state),
            model.versions.map((_version, index) =>
              index === model.versions.length - 1 ? 'active' : 'deactivated',
            ),
          );
        }
        // with everything back, all that was ever made opens
        for (const { bytes } of model.versions) await bring(key, bytes);
        for (const blob of model.made) assert.equal(await decryptText(world, blob), 'the plaintext');
      }),
      { numRuns: 40 },
    );
  });

  it('expires version by version; what waits is forgotten, and the key works on', async () => {
    const key = await awaitingKey(world);
    const [one, two] = [randomBytes(32), randomBytes(32)];
    await bring(key, one);
    await bring(key, two, { isNew: true, expiresAt: world.clock.now() + dayMillis });
    world.clock.advance(dayMillis);
    assert.equal(await codeOf(rotate(key)), 'key-state-forbids');
    assert.deepEqual(await world.store.dueKeys(world.clock.now(), 10), [key.id]);
    const expire = () =>
      world.door.runAsSystem(operations.expireImportedMaterial, 'alpha', { key: byId(key) });
    await expire();
    assert.equal((await stored(key)).pending, undefined);
    await encryptUnder(world, byId(key));
    await bring(key, two, { isNew: true });
    await rotate(key);
    await bring(key, one, { expiresAt: world.clock.now() + dayMillis });
    world.clock.advance(dayMillis);
    assert.equal(await codeOf(encryptUnder(world, byId(key))), 'key-lacks-material');
    await expire();
    await expire();
    assert.deepEqual(
      (await stored(key)).versions.map(({ imported }) => imported?.isPresent),
      [false, true],
    );
    assert.equal((await world.store.key(key.id))?.materials.length, 1);
  });

  it('refuses material that the key had, and new material of keys that take one for ever', async () => {
    const key = await awaitingKey(world);
    const bytes = randomBytes(32);
    await bring(key, bytes);
    assert.equal(await codeOf(bring(key, bytes, { isNew: true })), 'material-unsuitable');
    assert.equal(await codeOf(bring(key, randomBytes(32), { isNew: false })), 'material-unsuitable');
    const fresh = await awaitingKey(world);
    assert.equal(await codeOf(bring(fresh, bytes, { isNew: false })), 'material-unsuitable');
    const code = await awaitingKey(world, { spec: 'HMAC_256', usage: 'mac' });
    await bring(code, randomBytes(32));
    assert.equal(await codeOf(bring(code, randomBytes(32), { isNew: true })), 'operation-unsupported');
    assert.equal(await codeOf(rotate(code)), 'operation-unsupported');
  });

  it('takes everything along when the key is destroyed', async () => {
    const key = await awaitingKey(world);
    await bring(key, randomBytes(32));
    await bring(key, randomBytes(32), { isNew: true });
    assert.equal((await world.store.key(key.id))?.materials.length, 2);
    const due = { key: byId(key), waitingDays: 7 };
    await world.door.run(operations.scheduleDestruction, world.caller(), due);
    world.clock.advance(8 * dayMillis);
    await world.door.runAsSystem(operations.beginDestruction, 'alpha', { key: byId(key) });
    await world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) });
    const left = await world.store.key(key.id);
    assert.deepEqual([left?.materials.length, left?.key.pending], [0, undefined]);
    assert.equal(await world.shreds.get(key.id), null);
  });

  it('keeps the others when one is deleted, and shreds with the last', async () => {
    const key = await awaitingKey(world);
    const [one, two] = [randomBytes(32), randomBytes(32)];
    await bring(key, one);
    await bring(key, two, { isNew: true });
    await rotate(key);
    const before = await world.shreds.get(key.id);
    await remove(key, (await stored(key)).versions[0]?.materialId ?? '');
    assert.deepEqual(await world.shreds.get(key.id), before);
    // the current one, where none is named
    await remove(key, null);
    assert.equal(await world.shreds.get(key.id), null);
    await bring(key, two);
    await bring(key, one);
    assert.equal(await decryptText(world, await encryptUnder(world, byId(key))), 'the plaintext');
  });
});

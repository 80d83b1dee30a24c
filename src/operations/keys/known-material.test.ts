import assert from 'node:assert/strict';
import { createDecipheriv, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Key } from '#domain';
import { byId, dayMillis, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { awaitingKey, importInto } from './import.fixture.ts';

const refused = { code: 'material-unsuitable' };

describe('material that is a key already', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const beta = () => world.caller({ environment: 'beta' });
  const awaiting = (environment: 'alpha' | 'beta', wish: Parameters<typeof makeKey>[1] = {}) =>
    awaitingKey(world, wish, world.caller({ environment }));
  async function destroy(key: Pick<Key, 'id'>): Promise<void> {
    const input = { key: byId(key), waitingDays: 7 };
    await world.door.run(operations.scheduleDestruction, world.caller(), input);
    world.clock.advance(8 * dayMillis);
    await world.door.runAsSystem(operations.beginDestruction, 'alpha', { key: byId(key) });
    await world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) });
  }

  it('is refused in another environment, and only the record says of which key', async () => {
    const bytes = randomBytes(32);
    const first = await awaiting('alpha');
    await importInto(world, first, bytes);
    const second = await awaiting('beta');
    await assert.rejects(importInto(world, second, bytes, { caller: beta() }), (error: Error) => {
      assert.equal((error as { code?: string }).code, refused.code);
      const told = `${error.message} ${JSON.stringify((error as { details?: object }).details)}`;
      assert.ok(!told.includes(first.id) && !told.includes('alpha'));
      return true;
    });
    const record = world.log.events.at(-1);
    assert.deepEqual(record?.facts, { duplicateOf: first.id, in: 'alpha' });
    assert.equal(record.reason, refused.code);
    // other material goes in, and the same goes in again where it was
    await importInto(world, second, randomBytes(32), { caller: beta() });
    await importInto(world, await awaiting('alpha'), bytes);
    await importInto(world, first, bytes);
  });

  it('is counted on in another key, also where it waits for its rotation', async () => {
    const bytes = randomBytes(32);
    const first = await importInto(world, await awaiting('alpha'), bytes);
    const second = await importInto(world, await awaiting('alpha'), bytes);
    assert.deepEqual(second.versions[0]?.countedAs, { keyId: first.id, version: 1 });
    const third = await importInto(world, await awaiting('alpha'), randomBytes(32));
    await importInto(world, third, bytes, { isNew: true });
    const rotated = await world.door.run(operations.rotateKey, world.caller(), { key: byId(third) });
    assert.deepEqual(rotated.versions[1]?.countedAs, { keyId: first.id, version: 1 });
    // what comes back to where it was has its own count
    const again = await importInto(world, first, bytes);
    assert.equal(again.versions[0]?.countedAs, undefined);
  });

  it('does not come back as another key where its version was compromised', async () => {
    const bytes = randomBytes(32);
    const key = await awaiting('alpha');
    await importInto(world, key, bytes);
    await world.door.runAsSystem(operations.reportCompromise, 'alpha', {
      key: byId(key),
      version: null,
      occurredAt: null,
    });
    await assert.rejects(importInto(world, await awaiting('alpha'), bytes), refused);
    assert.deepEqual(world.log.events.at(-1)?.facts, { duplicateOf: key.id, version: 1 });
  });

  it('does not come back as another key where its version was destroyed by itself', async () => {
    const name = 'vault/transit/trimmed';
    const old = randomBytes(32);
    const shape = {
      ...({ spec: 'AES_256', usage: 'encrypt', exportable: true, plaintextBackup: true } as const),
      ...{ deletable: true, localRotation: true, takesName: true, name },
    };
    const brought = (number: number, bytes: Uint8Array) => ({
      number,
      createdAt: world.clock.now(),
      material: { kind: 'bytes' as const, bytes },
    });
    const versions = [brought(1, old), brought(2, randomBytes(32))];
    const floors = { protect: 2, process: 2 };
    const restore = operations.restoreFromClear;
    const key = await world.door.run(restore, world.caller(), { ...shape, floors, versions });
    await world.door.runAsSystem(operations.trimKey, 'alpha', { key: byId(key), oldest: 2 });
    const again = { ...shape, versions: [brought(1, old)] };
    await assert.rejects(world.door.run(restore, world.caller(), again), refused);
  });

  it('is known by the bytes of a secret, whatever it is for, and by the public half of a pair', async () => {
    const bytes = randomBytes(32);
    await importInto(world, await awaiting('alpha'), bytes);
    const code = await awaiting('beta', { spec: 'HMAC_256', usage: 'mac' });
    await assert.rejects(importInto(world, code, bytes, { caller: beta() }), refused);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    const sign = { spec: 'EC_P256', usage: 'sign' } as const;
    await importInto(world, await awaiting('alpha', sign), der);
    const agree = { spec: 'EC_P256', usage: 'key-agreement' } as const;
    await assert.rejects(importInto(world, await awaiting('beta', agree), der, { caller: beta() }), refused);
  });

  it('is remembered of keys that were made here and may leave, in every version', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
    const key = await makeKey(world, { exportable: true });
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    for (const version of [1, 2]) {
      const { wrapped } = await world.door.run(
        operations.exportKey,
        world.caller({ name: 'eve', roles: ['exporter'] }),
        { key: byId(key), version, place: 'p', holder: 'h', publicKey, wrap: 'RSA_AES_KEY_WRAP_SHA_256' },
      );
      const oaep = { key: pair.privateKey, padding: 4, oaepHash: 'sha256' };
      const aes = privateDecrypt(oaep, wrapped.subarray(0, 256));
      const decipher = createDecipheriv('id-aes256-wrap-pad', aes, Buffer.from('a65959a6', 'hex'));
      const bytes = decipher.update(wrapped.subarray(256));
      await assert.rejects(
        importInto(world, await awaiting('beta'), bytes, { caller: beta() }),
        refused,
        `version ${version}`,
      );
      await importInto(world, await awaiting('alpha'), bytes);
    }
  });

  it('stays known when its key is destroyed, and comes back nowhere', async () => {
    const bytes = randomBytes(32);
    const key = await awaiting('alpha');
    const twin = await awaiting('alpha');
    await importInto(world, key, bytes);
    await importInto(world, twin, bytes);
    await destroy(key);
    await assert.rejects(importInto(world, await awaiting('beta'), bytes, { caller: beta() }), refused);
    await assert.rejects(importInto(world, await awaiting('alpha'), bytes), refused);
    await assert.rejects(importInto(world, key, bytes), { code: 'key-destroyed' });
    // but into the other key that had it
    await importInto(world, twin, bytes);
  });

  it('has one environment, also of two that take it at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const bytes = randomBytes(32);
      const [one, two] = [await awaiting('alpha'), await awaiting('beta')];
      const results = await Promise.allSettled([
        importInto(world, one, bytes),
        importInto(world, two, bytes, { caller: beta() }),
      ]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      assert.equal((failed.reason as { code?: string }).code, refused.code);
    }
  });

  it('is not remembered of a key that never leaves', async () => {
    const before = world.log.events.length;
    const key = await makeKey(world);
    const { materials } = (await world.store.key(key.id)) ?? { materials: [] };
    assert.equal(materials.length, 1);
    assert.equal(world.log.events.length, before + 1);
    const { entities } = await world.store.changesSince(0);
    const last = entities.lastIndexOf(`key:${key.id}`);
    assert.ok(last >= 0 && !entities.slice(last).some((entity) => entity.startsWith('material:')));
  });
});

import assert from 'node:assert/strict';
import {
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  privateDecrypt,
  createPrivateKey,
} from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { openMaterial, SecretBytes, unwrapTransported } from '#crypto';
import type { Key, KeySpec } from '#domain';
import {
  byId,
  dayMillis,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  type TestWorld,
} from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
const place = { place: 'the partner, Oslo', holder: 'bob' };

describe('the export of keys', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const exporter = (environment = 'alpha'): Caller =>
    world.caller({ environment, name: 'eve', roles: ['exporter', 'user'] });
  const exportTo = (key: Pick<Key, 'id'>, wish: object = {}, caller = exporter()) =>
    world.door.run(operations.exportKey, caller, {
      key: byId(key),
      version: null,
      ...place,
      publicKey,
      wrap: 'RSA_AES_KEY_WRAP_SHA_256',
      ...wish,
    });
  const exportUnder = (key: Pick<Key, 'id'>, wrappingKey: Pick<Key, 'id'>, caller = exporter()) =>
    world.door.run(operations.exportUnderKey, caller, {
      key: byId(key),
      version: null,
      ...place,
      wrappingKey: byId(wrappingKey),
      form: 'AES_KWP',
    });
  const copiesOf = async (key: Pick<Key, 'id'>) =>
    (await world.door.run(operations.listKeyCopies, world.caller(), { key: byId(key) })).copies;

  /** What the recipient reads with nothing but its private key, in the steps of OpenSSL. */
  function unwrapAlone(wrapped: Uint8Array): Buffer {
    const oaep = { key: pair.privateKey, padding: 4, oaepHash: 'sha256' };
    const aes = privateDecrypt(oaep, wrapped.subarray(0, 256));
    const decipher = createDecipheriv('id-aes256-wrap-pad', aes, Buffer.from('a65959a6', 'hex'));
    return Buffer.concat([decipher.update(wrapped.subarray(256)), decipher.final()]);
  }

  it('wraps a secret key, a code key and pairs for the holder of an RSA key', async () => {
    for (const [spec, usage] of [
      ['AES_256', 'encrypt'],
      ['HMAC_384', 'mac'],
      ['EC_P256', 'sign'],
      ['RSA_2048', 'encrypt'],
    ] as const) {
      const key = await makeKey(world, { spec, usage, exportable: true });
      const { wrapped, version, copy } = await exportTo(key);
      assert.equal(version, 1);
      assert.equal(copy.detail['wrap'], 'RSA_AES_KEY_WRAP_SHA_256');
      const material = unwrapAlone(wrapped);
      const found = key.versions[0]?.publicKey;
      if (found) {
        const own = createPrivateKey({ key: material, format: 'der', type: 'pkcs8' });
        assert.ok(own.asymmetricKeyType);
      } else assert.equal(material.length, spec === 'AES_256' ? 32 : 48);
    }
    const key = await makeKey(world, { exportable: true });
    const { wrapped } = await exportTo(key, { wrap: 'RSA_OAEP_SHA_256' });
    const raw = privateDecrypt({ key: pair.privateKey, padding: 4, oaepHash: 'sha256' }, wrapped);
    assert.equal(raw.length, 32);
  });

  it('comes back as an imported key of the same environment, which opens nothing of the first and computes the same codes', async () => {
    const key = await makeKey(world, { spec: 'HMAC_256', usage: 'mac', exportable: true });
    const back = await makeKey(world, { spec: 'HMAC_256', usage: 'mac', origin: 'imported' });
    const parameters = await world.door.run(operations.getImportParameters, world.caller(), {
      key: byId(back),
      wrap: 'RSA_AES_KEY_WRAP_SHA_256',
      wrappingSpec: 'RSA_2048',
    } as const);
    const { wrapped } = await exportTo(key, { publicKey: parameters.publicKey });
    const wish = { key: byId(back), token: parameters.token, wrapped, expiresAt: null };
    await world.door.run(operations.importMaterial, world.caller(), wish);
    const code = async (of: Pick<Key, 'id'>) => {
      const input = { key: byId(of), message: Buffer.from('m'), algorithm: null, dryRun: false };
      return Buffer.from((await world.door.run(operations.generateMac, world.caller(), input)).mac);
    };
    assert.deepEqual(await code(back), await code(key));
  });

  it('gives the recipient the very bytes that the key works with here', async () => {
    const key = await makeKey(world, { spec: 'HMAC_256', usage: 'mac', exportable: true });
    const raw = unwrapAlone((await exportTo(key)).wrapped);
    const input = { key: byId(key), message: Buffer.from('m'), algorithm: null, dryRun: false };
    const { mac } = await world.door.run(operations.generateMac, world.caller(), input);
    assert.deepEqual(createHmac('sha256', raw).update('m').digest(), Buffer.from(mac));
  });

  it('wraps a key under another one of the environment', async () => {
    const kek = await makeKey(world, { spec: 'AES_256', usage: 'wrap' });
    const key = await makeKey(world, { spec: 'AES_128', exportable: true });
    const { wrapped, wrap, copy } = await exportUnder(key, kek);
    assert.deepEqual([wrap, wrapped.length], ['AES_KWP', 24]);
    assert.equal(copy.detail['recipient'], `key:${kek.id} version 1`);
    const refusals = [
      [key, await makeKey(world), 'purpose-forbids'],
      [
        await makeKey(world, { exportable: true }),
        await makeKey(world, { spec: 'AES_128', usage: 'wrap' }),
        'input-invalid',
      ],
      [
        key,
        { id: (await makeKey(world, { usage: 'wrap' }, world.caller({ environment: 'beta' }))).id },
        'key-not-found',
      ],
    ] as const;
    for (const [of, under, code] of refusals) await assert.rejects(exportUnder(of, under), { code });
    const self = await makeKey(world, { usage: 'wrap', exportable: true });
    await assert.rejects(exportUnder(self, self), { code: 'input-invalid' });
    // the exporter alone may not use the wrapping key
    await assert.rejects(exportUnder(key, kek, world.caller({ name: 'x', roles: ['exporter'] })), {
      code: 'access-denied',
    });
  });

  it('is of keys alone that were made exportable', async () => {
    const key = await makeKey(world);
    assert.equal(key.exportable, undefined);
    await assert.rejects(exportTo(key), { code: 'operation-unsupported' });
    await assert.rejects(exportUnder(key, await makeKey(world, { usage: 'wrap' })), {
      code: 'operation-unsupported',
    });
    assert.deepEqual(await copiesOf(key), []);
  });

  it('is given by no role but that of exporters, and never across environments', async () => {
    const key = await makeKey(world, { exportable: true });
    for (const role of ['administrator', 'operator', 'user', 'auditor'] as const)
      await assert.rejects(exportTo(key, {}, world.caller({ name: 'r', roles: [role] })), {
        code: 'access-denied',
      });
    await assert.rejects(exportTo(key, {}, exporter('beta')), { code: 'key-not-found' });
    assert.deepEqual(await copiesOf(key), []);
  });

  it('gives out what recipients may still process with, and nothing else', async () => {
    const key = await makeKey(world, { exportable: true });
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    assert.equal((await exportTo(key)).version, 2);
    assert.equal((await exportTo(key, { version: 1 })).version, 1);
    await assert.rejects(exportTo(key, { version: 3 }), { code: 'key-not-found' });
    const report = { key: byId(key), version: 1, occurredAt: null };
    await world.door.run(operations.reportCompromise, world.caller(), report);
    await assert.rejects(exportTo(key, { version: 1 }), { code: 'key-state-forbids' });
    await world.door.run(operations.disableKey, world.caller(), { key: byId(key) });
    await assert.rejects(exportTo(key), { code: 'key-suspended' });
    await world.door.run(operations.enableKey, world.caller(), { key: byId(key) });
    const due = { key: byId(key), waitingDays: 7 };
    await world.door.run(operations.scheduleDestruction, world.caller(), due);
    await assert.rejects(exportTo(key), { code: 'key-destruction-scheduled' });
    world.clock.advance(8 * dayMillis);
    await world.door.runAsSystem(operations.beginDestruction, 'alpha', { key: byId(key) });
    await world.door.runAsSystem(operations.destroyDueKey, 'alpha', { key: byId(key) });
    await assert.rejects(exportTo(key), { code: 'key-destroyed' });
    // the register still says what left
    assert.equal((await copiesOf(key)).length, 2);
    assert.equal((await makeKey(world, { origin: 'imported', exportable: true })).exportable, true);
  });

  it('is for RSA keys of 2048 bits and more', async () => {
    const key = await makeKey(world, { spec: 'RSA_2048', usage: 'sign', exportable: true });
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    for (const wrong of [small, curve]) {
      const wish = { publicKey: new Uint8Array(wrong.export({ type: 'spki', format: 'der' })) };
      await assert.rejects(exportTo(key, wish), { code: 'public-key-invalid' });
    }
    await assert.rejects(exportTo(key, { publicKey: publicKey.subarray(1) }), { code: 'public-key-invalid' });
    await assert.rejects(exportTo(key, { wrap: 'RSA_OAEP_SHA_256' }), { code: 'input-invalid' });
    await assert.rejects(exportTo(key, { wrap: 'RSA_AES_KEY_WRAP_SHA_1' as never }), {
      code: 'input-invalid',
    });
    await assert.rejects(exportTo(key, { place: '' }), { code: 'input-invalid' });
    assert.deepEqual(await copiesOf(key), []);
  });

  it('registers every copy with its record, and its environment says when it was destroyed', async () => {
    const key = await makeKey(world, { exportable: true }, world.caller({ environment: 'beta' }));
    const { copy } = await exportTo(key, {}, exporter('beta'));
    assert.deepEqual(
      [copy.kind, copy.keyId, copy.status, copy.place],
      ['export', key.id, 'live', place.place],
    );
    const record = world.log.events.findLast(({ operation }) => operation === 'keys.export');
    assert.equal(record?.facts?.['copy'], copy.id);
    assert.equal(record.facts['recipient'], copy.detail['recipient']);
    const found = { id: key.id, createdAt: key.createdAt, destroyedAt: null };
    assert.deepEqual(
      (await world.store.copies.copiesThatCanOpen(found)).map(({ id }) => id),
      [copy.id],
    );
    const acknowledge = (caller: Caller) =>
      world.door.run(operations.acknowledgeDestroyed, caller, { copy: copy.id });
    const beta = world.caller({ environment: 'beta' });
    assert.equal((await acknowledge(beta)).status, 'destroyed');
    // the first environment may say so of all copies
    assert.equal((await acknowledge(world.caller())).status, 'destroyed');
    assert.deepEqual(await world.store.copies.copiesThatCanOpen(found), []);
    const own = await exportTo(await makeKey(world, { exportable: true }));
    await assert.rejects(world.door.run(operations.acknowledgeDestroyed, beta, { copy: own.copy.id }), {
      code: 'access-denied',
    });
  });

  it('leaves nothing behind where the commit fails, and the key works on', async () => {
    const key = await makeKey(world, { exportable: true });
    const ciphertext = await encryptUnder(world, byId(key));
    const revision = (await world.store.key(key.id))?.key.revision ?? 0;
    const all = await Promise.allSettled([exportTo(key), exportTo(key), exportTo(key)]);
    assert.ok(all.every(({ status }) => status === 'fulfilled'));
    assert.equal((await world.store.key(key.id))?.key.revision, revision + 3);
    assert.equal((await copiesOf(key)).length, 3);
    assert.equal(await decryptText(world, ciphertext), 'the plaintext');
  });

  it('is what the server itself unwraps', async () => {
    const spec: KeySpec = 'EC_P384';
    const key = await makeKey(world, { spec, usage: 'sign', exportable: true });
    const { wrapped } = await exportTo(key);
    using der = SecretBytes.copyOf(pair.privateKey.export({ type: 'pkcs8', format: 'der' }));
    using back = unwrapTransported('RSA_AES_KEY_WRAP_SHA_256', openMaterial('RSA_2048', der), wrapped);
    assert.equal(openMaterial(spec, back).spec, spec);
  });
});

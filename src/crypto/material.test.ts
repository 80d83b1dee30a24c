import assert from 'node:assert/strict';
import { generateKeyPairSync, KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ClavigerError, factsOf, hasCode, type KeySpec, keySpecNames } from '#domain';
import {
  agree,
  generateMaterial,
  type KeyMaterial,
  openMaterial,
  openPublicKey,
  publicKeyOf,
  seal,
  sign,
} from '#crypto';
import { openBytes } from './vector-files.test.ts';
import { isOneDerSequence } from './spec-shapes.ts';

const isBroken = (error: unknown): boolean => hasCode(error, 'integrity-failed');
const isBadPublic = (error: unknown): boolean => hasCode(error, 'public-key-invalid');

const pairSpecs = keySpecNames.filter((spec) => factsOf(spec).asymmetric && !spec.startsWith('RSA_4'));
const secretSpecs = keySpecNames.filter((spec) => !factsOf(spec).asymmetric);

test('a pair of one spec opens as no other, public or private', async () => {
  for (const spec of pairSpecs) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using secret = encoded;
    assert.ok(publicKey);
    assert.deepEqual(publicKeyOf(openMaterial(spec, secret)), publicKey);
    assert.equal(openMaterial(spec, secret).holds, 'private');
    assert.equal(openPublicKey(spec, publicKey).holds, 'public');
    for (const other of keySpecNames) {
      if (other === spec) continue;
      // a raw secret has no type: only its length can be wrong
      if (factsOf(other).asymmetric || secret.length > (factsOf(other).sizes?.max ?? 64)) {
        assert.throws(() => openMaterial(other, secret), isBroken, `${spec} as ${other}`);
      }
      assert.throws(() => openPublicKey(other, publicKey), isBadPublic, `${spec} as ${other}`);
    }
  }
});

test('a secret key opens with exactly its length, and never as a pair', async () => {
  for (const spec of secretSpecs) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using secret = encoded;
    assert.equal(publicKey, null);
    assert.equal(publicKeyOf(openMaterial(spec, secret)), null);
    const longest = factsOf(spec).sizes?.max ?? secret.length;
    for (const length of [0, secret.length - 1, longest + 1]) {
      assert.throws(() => openBytes(spec, Buffer.alloc(length)), isBroken);
    }
    for (const other of pairSpecs) assert.throws(() => openMaterial(other, secret), isBroken);
  }
});

test('a key that says its size has it', async () => {
  for (const length of [33, 512]) {
    using secret = (await generateMaterial('HMAC', length)).encoded;
    assert.equal(secret.length, length);
    assert.equal(openMaterial('HMAC', secret).holds, 'secret');
  }
  for (const [spec, length] of [
    ['HMAC', 31],
    ['HMAC', 513],
    ['AES_256', 33],
  ] as const)
    await assert.rejects(generateMaterial(spec, length), { code: 'input-invalid' });
});

test('encoded pairs and public keys with bytes before, behind or missing are refused', async () => {
  for (const spec of ['EC_P256', 'RSA_2048', 'ED25519', 'ML_DSA_44', 'ML_KEM_768'] as const) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using secret = encoded;
    const der = secret.use((bytes) => Buffer.from(bytes));
    const spki = Buffer.from(publicKey ?? []);
    const zero = Buffer.alloc(1);
    for (const change of [
      (bytes: Buffer) => Buffer.concat([bytes, zero]),
      (bytes: Buffer) => Buffer.concat([zero, bytes]),
      (bytes: Buffer) => bytes.subarray(0, -1),
      (bytes: Buffer) => Buffer.concat([bytes, bytes]),
    ]) {
      assert.throws(() => openBytes(spec, change(der)), isBroken);
      assert.throws(() => openPublicKey(spec, change(spki)), isBadPublic);
    }
  }
});

test('arbitrary bytes never open as a pair, and fail in one way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...pairSpecs), (bytes, spec) => {
      assert.throws(() => openBytes(spec, bytes), isBroken);
      assert.throws(() => openPublicKey(spec, bytes), isBadPublic);
    }),
  );
});

test('a private key does not pass as a public key', async () => {
  const { encoded } = await generateMaterial('EC_P256');
  using secret = encoded;
  secret.use((der) => assert.throws(() => openPublicKey('EC_P256', der), isBadPublic));
});

test('a point that is not that of the scalar is refused', () => {
  const [own, foreign] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  assert.ok(own && foreign);
  const der = own.privateKey.export({ format: 'der', type: 'pkcs8' });
  assert.equal(openBytes('EC_P256', der).holds, 'private');
  der.set(foreign.publicKey.export({ format: 'raw-public' }), der.length - 65);
  assert.throws(() => openBytes('EC_P256', der), isBroken);
});

test('explicit curve parameters and a small exponent of a private key are refused', () => {
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
  assert.throws(
    () => openPublicKey('EC_P256', explicit.publicKey.export({ format: 'der', type: 'spki' })),
    isBadPublic,
  );
  const small = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  assert.throws(
    () => openBytes('RSA_2048', small.privateKey.export({ format: 'der', type: 'pkcs8' })),
    isBroken,
  );
  const spki = small.publicKey.export({ format: 'der', type: 'spki' });
  assert.equal(openPublicKey('RSA_2048', spki).holds, 'public');
});

test('opened material shows neither bytes nor keys', async () => {
  const material = openBytes('AES_256', Buffer.alloc(32, 0x41));
  for (const text of [inspect(material), JSON.stringify(material), inspect({ material }, { depth: 9 })]) {
    assert.match(text, /\[key material AES_256\]/);
    assert.doesNotMatch(text, /AAAA|41 41|KeyObject/);
  }
});

test('only what this area opened passes as material', () => {
  const empty = Buffer.alloc(0);
  const forged = { spec: 'AES_256', holds: 'secret', key: KeyObject } as unknown as KeyMaterial;
  assert.throws(
    () => seal('AES_GCM', forged, empty, empty),
    (error) => hasCode(error, 'internal'),
  );
});

test('the public half does nothing that needs the private one', async () => {
  const cases: readonly (readonly [KeySpec, (material: KeyMaterial, spki: Uint8Array) => unknown])[] = [
    ['ED25519', (material) => sign('ED25519', material, Buffer.alloc(3), 'raw')],
    ['EC_P256', (material) => sign('ECDSA_SHA_256', material, Buffer.alloc(32), 'digest')],
    ['X25519', (material, spki) => agree('X25519', material, spki)],
  ];
  for (const [spec, work] of cases) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using _secret = encoded;
    assert.ok(publicKey);
    const half = openPublicKey(spec, publicKey);
    await assert.rejects(
      async () => work(half, publicKey),
      (error) => error instanceof ClavigerError && error.code === 'operation-unsupported',
    );
  }
});

test('a DER sequence ends where the bytes end and has a minimal length', () => {
  const sequence =
    (...head: number[]) =>
    (length: number) =>
      Buffer.concat([Buffer.from(head), Buffer.alloc(length)]);
  assert.equal(isOneDerSequence(sequence(0x30, 0)(0)), true);
  assert.equal(isOneDerSequence(sequence(0x30, 0x7f)(127)), true);
  assert.equal(isOneDerSequence(sequence(0x30, 0x81, 0x80)(128)), true);
  assert.equal(isOneDerSequence(sequence(0x30, 0x82, 1, 0)(256)), true);
  assert.equal(isOneDerSequence(sequence(0x30, 0x81, 0x7f)(127)), false);
  assert.equal(isOneDerSequence(sequence(0x30, 0x82, 0, 0x80)(128)), false);
  assert.equal(isOneDerSequence(sequence(0x30, 0x80)(0)), false);
  assert.equal(isOneDerSequence(sequence(0x30, 0x84, 0, 0, 0, 1)(1)), false);
  assert.equal(isOneDerSequence(sequence(0x31, 0)(0)), false);
  assert.equal(isOneDerSequence(sequence(0x30, 1)(0)), false);
  assert.equal(isOneDerSequence(Buffer.alloc(0)), false);
  assert.equal(isOneDerSequence(Buffer.from([0x30])), false);
});

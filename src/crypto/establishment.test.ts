import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, type KeySpec } from '#domain';
import {
  agree,
  decapsulate,
  decryptRsa,
  deriveKey,
  encapsulate,
  encryptRsa,
  generateMaterial,
  type KeyMaterial,
  oaepPlaintextMax,
  openMaterial,
} from '#crypto';
import { hex, openBytes, spki } from './vector-files.test.ts';

async function freshKey(spec: KeySpec): Promise<{ material: KeyMaterial; publicKey: Uint8Array }> {
  const { encoded, publicKey } = await generateMaterial(spec);
  using secret = encoded;
  assert.ok(publicKey);
  return { material: openMaterial(spec, secret), publicKey };
}

const isBadPublic = (error: unknown): boolean => hasCode(error, 'public-key-invalid');
const isBadCiphertext = (error: unknown): boolean => hasCode(error, 'ciphertext-invalid');

test('RSA-OAEP takes what RFC 8017 allows, and one byte more is refused', async () => {
  const { material } = await freshKey('RSA_2048');
  assert.equal(oaepPlaintextMax('RSA_2048', 'RSA_OAEP_SHA_1'), 214);
  assert.equal(oaepPlaintextMax('RSA_2048', 'RSA_OAEP_SHA_256'), 190);
  assert.equal(oaepPlaintextMax('RSA_3072', 'RSA_OAEP_SHA_256'), 318);
  assert.equal(oaepPlaintextMax('RSA_4096', 'RSA_OAEP_SHA_256'), 446);
  assert.throws(
    () => oaepPlaintextMax('EC_P256', 'RSA_OAEP_SHA_256'),
    (error) => hasCode(error, 'algorithm-forbids'),
  );
  for (const algorithm of ['RSA_OAEP_SHA_1', 'RSA_OAEP_SHA_256'] as const) {
    const longest = oaepPlaintextMax('RSA_2048', algorithm);
    for (const length of [0, 1, longest]) {
      const plaintext = Buffer.alloc(length, 3);
      assert.deepEqual(
        Buffer.from(decryptRsa(algorithm, material, encryptRsa(algorithm, material, plaintext))),
        plaintext,
      );
    }
    assert.throws(
      () => encryptRsa(algorithm, material, Buffer.alloc(longest + 1)),
      (error) => hasCode(error, 'input-invalid'),
    );
  }
});

test('RSA-OAEP: whatever is wrong with a ciphertext, the error is one and the same', async () => {
  const { material } = await freshKey('RSA_2048');
  const ciphertext = encryptRsa('RSA_OAEP_SHA_256', material, Buffer.from('plaintext'));
  const messages = new Set<string>();
  const wrong = [
    Buffer.alloc(0),
    Buffer.alloc(255),
    Buffer.alloc(256),
    Buffer.alloc(256, 0xff),
    ciphertext.subarray(1),
  ];
  for (const at of [0, 100, 255]) {
    const changed = Buffer.from(ciphertext);
    changed[at] = (changed[at] as number) ^ 1;
    wrong.push(changed);
  }
  for (const bytes of [...wrong, Buffer.concat([Buffer.alloc(1), ciphertext])]) {
    assert.throws(
      () => decryptRsa('RSA_OAEP_SHA_256', material, bytes),
      (error) => isBadCiphertext(error) && Boolean(messages.add(`${error} ${(error as Error).cause}`)),
    );
  }
  assert.throws(() => decryptRsa('RSA_OAEP_SHA_1', material, ciphertext), isBadCiphertext);
  assert.equal(messages.size, 1);
});

test('a peer on another curve, of another family or malformed is refused', async () => {
  const { material, publicKey } = await freshKey('EC_P256');
  for (const spec of ['EC_P384', 'EC_SECP256K1', 'X25519', 'ED25519', 'RSA_2048'] as const) {
    const peer = await freshKey(spec);
    assert.throws(() => agree('ECDH', material, peer.publicKey), isBadPublic);
  }
  const offCurve = Uint8Array.from(publicKey);
  offCurve[offCurve.length - 1] = (offCurve[offCurve.length - 1] as number) ^ 1;
  for (const bytes of [offCurve, Buffer.alloc(0), publicKey.subarray(1), Buffer.alloc(91, 4)]) {
    assert.throws(() => agree('ECDH', material, bytes), isBadPublic);
  }
});

test('X25519: points of low order are refused', async () => {
  const { material } = await freshKey('X25519');
  for (const point of [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]) {
    const peer = spki(hex(point), { format: 'raw-public', type: 'x25519' });
    assert.throws(() => agree('X25519', material, peer), isBadPublic);
  }
});

test('ML-KEM: a changed ciphertext gives another secret, one of a wrong length none', async () => {
  const { material } = await freshKey('ML_KEM_768');
  const { ciphertext, secret } = encapsulate(material);
  using made = secret;
  const changed = Uint8Array.from(ciphertext);
  changed[7] = (changed[7] as number) ^ 1;
  using rejected = decapsulate(material, changed);
  using again = decapsulate(material, changed);
  assert.equal(rejected.equals(made), false);
  assert.equal(rejected.equals(again), true);
  for (const bytes of [
    ciphertext.subarray(1),
    Buffer.concat([ciphertext, Buffer.alloc(1)]),
    Buffer.alloc(0),
  ]) {
    assert.throws(() => decapsulate(material, bytes), isBadCiphertext);
  }
});

test('KBKDF: label, context and length are bound as OpenSSL binds them', () => {
  // openssl kdf -keylen 40 -kdfopt mac:HMAC -kdfopt digest:SHA384 -kdfopt mode:COUNTER
  //   -kdfopt hexkey:000102..1f -kdfopt salt:label -kdfopt info:context KBKDF
  const material = openBytes('DERIVE_256', Buffer.from(Array.from({ length: 32 }, (_, index) => index)));
  const input = { salt: Buffer.from('label'), info: Buffer.from('context') };
  using derived = deriveKey('KBKDF_HMAC_SHA_384', material, { ...input, length: 40 });
  assert.equal(
    derived.use((bytes) => Buffer.from(bytes).toString('hex')),
    'f3a68b08a41c36c234ac1989b609bd9874f5635dc8dd5da58ea336b51ab02101c02abaf1f539c1af',
  );
  using longer = deriveKey('KBKDF_HMAC_SHA_384', material, { ...input, length: 41 });
  assert.notEqual(
    longer.use((bytes) => Buffer.from(bytes).toString('hex').slice(0, 80)),
    'f3a68b08a41c36c234ac1989b609bd9874f5635dc8dd5da58ea336b51ab02101c02abaf1f539c1af',
  );
});

test('a derivation refuses lengths that the algorithm does not have', () => {
  const material = openBytes('DERIVE_256', Buffer.alloc(32, 1));
  const none = Buffer.alloc(0);
  for (const algorithm of ['HKDF_SHA_256', 'KBKDF_HMAC_SHA_256'] as const) {
    using longest = deriveKey(algorithm, material, { salt: none, info: none, length: 8160 });
    assert.equal(longest.length, 8160);
    for (const length of [0, -1, 1.5, 8161, Number.NaN]) {
      assert.throws(
        () => deriveKey(algorithm, material, { salt: none, info: none, length }),
        (error) => hasCode(error, 'input-invalid'),
      );
    }
    assert.throws(
      () => deriveKey(algorithm, material, { salt: none, info: Buffer.alloc(1025), length: 1 }),
      (error) => hasCode(error, 'input-invalid'),
    );
  }
});

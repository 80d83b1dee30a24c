import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DerivedSpec, derivedSpecs, hasCode, keySpecNames } from '#domain';
import {
  companionMacMaterial,
  type ConvergentMaterial,
  convergentMaterial,
  derivedMaterial,
  generateMaterial,
  hmacWith,
  type KeyMaterial,
  open,
  openMaterial,
  openPublicKey,
  publicKeyOf,
  seal,
  sealConvergent,
  sealOverhead,
  sign,
  verify,
} from '#crypto';
import { handleOf } from './key-handle.ts';
import { opensslMakes, opensslMissing } from './openssl-command.fixture.ts';
import { anySecret, hex, openBytes, pkcs8, spki } from './vector-files.test.ts';

const none = new Uint8Array();
const algorithmFor = { AES_128: 'AES_GCM', AES_256: 'AES_GCM', CHACHA20: 'CHACHA20_POLY1305' } as const;
const sealingSpecs = ['AES_128', 'AES_256', 'CHACHA20'] as const;

const rawOf = (material: KeyMaterial): Buffer => handleOf(material).key.export();
const forbids = (error: unknown): boolean => hasCode(error, 'algorithm-forbids');

test('RFC 5869, test case 3: no salt, and no info', () => {
  const base = anySecret('DERIVE_256', hex('0b'.repeat(22)));
  const okm = hex('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8');
  assert.deepEqual(rawOf(derivedMaterial(base, none, 'AES_256')), okm.subarray(0, 32));
  assert.deepEqual(rawOf(derivedMaterial(base, none, 'AES_128')), okm.subarray(0, 16));
  const seed = pkcs8(okm.subarray(0, 32), { format: 'raw-private', type: 'ed25519' });
  const expected = createPublicKey(
    createPrivateKey({ key: Buffer.from(seed), format: 'der', type: 'pkcs8' }),
  );
  assert.deepEqual(
    publicKeyOf(derivedMaterial(base, none, 'ED25519')),
    expected.export({ format: 'der', type: 'spki' }),
  );
  const { material, nonceKey } = convergentMaterial(base, none, 'AES_128');
  assert.deepEqual(rawOf(material), okm.subarray(0, 16));
  assert.deepEqual(rawOf(nonceKey).subarray(0, 26), okm.subarray(16));
});

test('a derived key is a key of its spec, one for each context, and the same each time', async () => {
  const base = openBytes('AES_256', Buffer.alloc(32, 7));
  for (const spec of derivedSpecs) {
    const [one, again, other] = ['a', 'a', 'b'].map((text) => derivedMaterial(base, Buffer.from(text), spec));
    assert.equal(one?.spec, spec);
    const bytes = (material: KeyMaterial | undefined): Uint8Array =>
      publicKeyOf(material as KeyMaterial) ?? rawOf(material as KeyMaterial);
    assert.deepEqual(bytes(one), bytes(again));
    assert.notDeepEqual(bytes(one), bytes(other));
  }
  const pair = derivedMaterial(base, Buffer.from('a'), 'ED25519');
  assert.equal(pair.holds, 'private');
  const signature = await sign('ED25519', pair, Buffer.from('m'), 'raw');
  const half = openPublicKey('ED25519', publicKeyOf(pair) as Uint8Array);
  assert.equal(await verify('ED25519', half, Buffer.from('m'), signature, 'raw'), true);
});

//= rfc8032 7.1: TEST 1
test('of an Ed25519 pair the seed and the public half are the input', () => {
  const seed = hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const half = hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const base = openBytes('ED25519', pkcs8(seed, { format: 'raw-private', type: 'ed25519' }));
  const context = Buffer.from('context');
  const expected = Buffer.from(hkdfSync('sha256', Buffer.concat([seed, half]), '', context, 32));
  assert.deepEqual(rawOf(derivedMaterial(base, context, 'AES_256')), expected);
});

test('no keys are derived from other pairs, or from a public half', async () => {
  for (const spec of ['EC_P256', 'X25519', 'ML_DSA_44'] as const) {
    const { encoded } = await generateMaterial(spec);
    using secret = encoded;
    assert.throws(() => derivedMaterial(openMaterial(spec, secret), none, 'AES_256'), forbids);
    assert.throws(() => convergentMaterial(openMaterial(spec, secret), none, 'AES_256'), forbids);
  }
  const half = openPublicKey('ED25519', spki(Buffer.alloc(32, 9), { format: 'raw-public', type: 'ed25519' }));
  assert.throws(() => derivedMaterial(half, none, 'AES_256'), forbids);
});

test('a context has at most 1024 bytes', () => {
  const base = openBytes('AES_256', Buffer.alloc(32, 7));
  assert.equal(derivedMaterial(base, Buffer.alloc(1024), 'AES_256').spec, 'AES_256');
  assert.throws(
    () => derivedMaterial(base, Buffer.alloc(1025), 'AES_256'),
    (error) => hasCode(error, 'input-invalid'),
  );
});

test('seal under a derived key gives nonce, ciphertext and tag', () => {
  const base = openBytes('AES_256', Buffer.alloc(32, 7));
  for (const spec of sealingSpecs) {
    const material = derivedMaterial(base, Buffer.from('c'), spec);
    assert.equal(sealOverhead(algorithmFor[spec], material), 12 + 16);
    const sealed = seal(algorithmFor[spec], material, Buffer.from('text'), Buffer.from('aad'));
    assert.equal(sealed.length, 12 + 4 + 16);
    assert.deepEqual(
      Buffer.from(open(algorithmFor[spec], material, sealed, Buffer.from('aad'))),
      Buffer.from('text'),
    );
  }
});

function convergent(spec: Exclude<DerivedSpec, 'ED25519'>): ConvergentMaterial {
  return convergentMaterial(openBytes('AES_256', Buffer.alloc(32, 7)), Buffer.from('c'), spec);
}

const bytesArbitrary = fc.uint8Array({ maxLength: 80 });

test('convergent: equal messages become equal ciphertexts, others do not, and they open', () => {
  for (const spec of sealingSpecs) {
    const keys = convergent(spec);
    const algorithm = algorithmFor[spec];
    fc.assert(
      fc.property(bytesArbitrary, bytesArbitrary, bytesArbitrary, (message, other, aad) => {
        const sealed = sealConvergent(algorithm, keys, message, aad);
        assert.deepEqual(sealConvergent(algorithm, keys, message, aad), sealed);
        assert.deepEqual(Uint8Array.from(open(algorithm, keys.material, sealed, aad)), message);
        const differs = !Buffer.from(message).equals(other);
        const nonce = Buffer.from(sealed.subarray(0, 12));
        assert.equal(differs, !nonce.equals(sealConvergent(algorithm, keys, other, aad).subarray(0, 12)));
      }),
      { numRuns: 40 },
    );
  }
});

test('convergent: the nonce is the start of the HMAC of the message', () => {
  const keys = convergent('AES_256');
  const message = Buffer.from('message');
  const nonce = createHmac('sha256', rawOf(keys.nonceKey)).update(message).digest().subarray(0, 12);
  const sealed = sealConvergent('AES_GCM', keys, message, none);
  assert.deepEqual(Buffer.from(sealed.subarray(0, 12)), nonce);
});

test('convergent: no nonce serves two sets of associated data', () => {
  const keys = convergent('AES_256');
  const nonces = ['', 'a', 'b', 'ab'].map((aad) =>
    Buffer.from(sealConvergent('AES_GCM', keys, Buffer.from('m'), Buffer.from(aad)).subarray(0, 12)).toString(
      'hex',
    ),
  );
  assert.equal(new Set(nonces).size, nonces.length);
});

test('convergent: every wrong byte is refused, and so is an algorithm with another nonce', () => {
  const keys = convergent('AES_256');
  const aad = Buffer.from('aad');
  const sealed = sealConvergent('AES_GCM', keys, Buffer.from('message'), aad);
  sealed.forEach((_byte, at) => {
    const wrong = Uint8Array.from(sealed);
    wrong[at] = (wrong[at] as number) ^ 1;
    assert.throws(
      () => open('AES_GCM', keys.material, wrong, aad),
      (error) => hasCode(error, 'ciphertext-invalid'),
    );
  });
  for (const algorithm of ['XAES_256_GCM', 'CHACHA20_POLY1305', 'AES_KW'] as const)
    assert.throws(() => sealConvergent(algorithm, keys, none, none), forbids);
});

test('a key of every spec has a companion for HMAC, which is its own', async () => {
  const label = 'claviger: message authentication beside another purpose';
  const seen = new Set<string>();
  const quick = keySpecNames.filter((spec) => !/^(RSA_[34]|SLH)/.test(spec));
  for (const spec of quick) {
    const { encoded } = await generateMaterial(spec);
    using secret = encoded;
    const material = openMaterial(spec, secret);
    const companion = companionMacMaterial(material);
    assert.equal(companion.spec, 'HMAC_256');
    const bytes = rawOf(companion).toString('hex');
    assert.equal(rawOf(companionMacMaterial(openMaterial(spec, secret))).toString('hex'), bytes);
    const expected = secret.use((input) => Buffer.from(hkdfSync('sha256', input, '', label, 32)));
    assert.equal(expected.toString('hex'), bytes, spec);
    assert.equal(hmacWith('SHA3_512', companion, none).length, 64);
    seen.add(bytes);
  }
  assert.equal(seen.size, quick.length);
});

test('a public half has no companion', () => {
  const half = openPublicKey('ED25519', spki(Buffer.alloc(32, 9), { format: 'raw-public', type: 'ed25519' }));
  assert.throws(
    () => companionMacMaterial(half),
    (error) => hasCode(error, 'operation-unsupported'),
  );
});

test('openssl kdf derives the same bytes', { skip: opensslMissing() }, () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_value, index) => 7 * index));
  const base = openBytes('AES_256', key);
  const hkdf = (info: Buffer, length: number): Buffer =>
    opensslMakes(
      [
        ...['kdf', '-binary', '-keylen', String(length), '-kdfopt', 'digest:SHA256'],
        ...['-kdfopt', `hexkey:${key.toString('hex')}`, '-kdfopt', `hexinfo:${info.toString('hex')}`, 'HKDF'],
      ],
      {},
    );
  for (const context of [Buffer.from('c'), Buffer.alloc(1024, 3)]) {
    assert.deepEqual(rawOf(derivedMaterial(base, context, 'AES_128')), hkdf(context, 16));
    assert.deepEqual(rawOf(derivedMaterial(base, context, 'CHACHA20')), hkdf(context, 32));
    const { material, nonceKey } = convergentMaterial(base, context, 'AES_256');
    assert.deepEqual(Buffer.concat([rawOf(material), rawOf(nonceKey)]), hkdf(context, 64));
  }
  const info = Buffer.from('claviger: message authentication beside another purpose');
  assert.deepEqual(rawOf(companionMacMaterial(base)), hkdf(info, 32));
});

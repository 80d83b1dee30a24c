import assert from 'node:assert/strict';
import { constants, createPublicKey, hash, type SigningOptions, verify as opensslVerify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AlgorithmName, hasCode, type KeySpec } from '#domain';
import { generateMaterial, type KeyMaterial, messageForms, openMaterial, sign, verify } from '#crypto';
import { algorithms } from './algorithms.ts';
import { openBytes, pkcs8 } from './vector-files.test.ts';

type Case = readonly [KeySpec, AlgorithmName, string, SigningOptions];

const pss = (saltLength: number): SigningOptions => ({
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength,
});
const pkcs1: SigningOptions = { padding: constants.RSA_PKCS1_PADDING };

const digestCases: readonly Case[] = [
  ['RSA_2048', 'RSA_PSS_SHA_256', 'sha256', pss(32)],
  ['RSA_2048', 'RSA_PSS_SHA_384', 'sha384', pss(48)],
  ['RSA_3072', 'RSA_PSS_SHA_512', 'sha512', pss(64)],
  ['RSA_2048', 'RSA_PKCS1_SHA_256', 'sha256', pkcs1],
  ['RSA_3072', 'RSA_PKCS1_SHA_384', 'sha384', pkcs1],
  ['RSA_2048', 'RSA_PKCS1_SHA_512', 'sha512', pkcs1],
  ['EC_P256', 'ECDSA_SHA_256', 'sha256', {}],
  ['EC_P384', 'ECDSA_SHA_384', 'sha384', {}],
  ['EC_P521', 'ECDSA_SHA_512', 'sha512', {}],
  ['EC_SECP256K1', 'ECDSA_SHA_256', 'sha256', {}],
];

async function freshKey(spec: KeySpec): Promise<{ material: KeyMaterial; publicKey: Uint8Array }> {
  const { encoded, publicKey } = await generateMaterial(spec);
  using secret = encoded;
  assert.ok(publicKey);
  return { material: openMaterial(spec, secret), publicKey };
}

for (const [spec, algorithm, hashName, options] of digestCases) {
  test(`${algorithm} ${spec}: OpenSSL and we agree on signatures of digests`, async () => {
    const { material, publicKey } = await freshKey(spec);
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    for (let count = 0; count < 12; count++) {
      const message = Buffer.from(`message ${count}`);
      const digest = hash(hashName, message, 'buffer');
      const ofDigest = await sign(algorithm, material, digest, 'digest');
      assert.equal(opensslVerify(hashName, message, { key, ...options }, ofDigest), true);
      const ofMessage = await sign(algorithm, material, message, 'raw');
      assert.equal(await verify(algorithm, material, digest, ofMessage, 'digest'), true);
    }
  });

  test(`${algorithm} ${spec}: changed signatures and digests do not verify, in either form`, async () => {
    const { material } = await freshKey(spec);
    const message = Buffer.from('message');
    const digest = hash(hashName, message, 'buffer');
    const signature = await sign(algorithm, material, digest, 'digest');
    const positions = [0, 1, 2, 3, 5, signature.length >> 1, signature.length - 1];
    for (const at of positions) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] as number) ^ 1;
      assert.equal(await verify(algorithm, material, digest, changed, 'digest'), false, `${at}`);
      assert.equal(await verify(algorithm, material, message, changed, 'raw'), false, `${at}`);
    }
    for (const malformed of [
      Buffer.alloc(0),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
    ]) {
      assert.equal(await verify(algorithm, material, digest, malformed, 'digest'), false);
      assert.equal(await verify(algorithm, material, message, malformed, 'raw'), false);
    }
    const all = Buffer.alloc(signature.length, 0xff);
    assert.equal(await verify(algorithm, material, digest, all, 'digest'), false);
  });
}

test('an RSA signature without its leading zero byte is refused in every form', async () => {
  const { material } = await freshKey('RSA_2048');
  const digest = hash('sha256', 'message', 'buffer');
  let signature: Uint8Array = new Uint8Array([1]);
  // a salted signature starts with a zero byte once in about 200 times
  for (let count = 0; signature[0] !== 0 && count < 10_000; count++) {
    signature = await sign('RSA_PSS_SHA_256', material, digest, 'digest');
  }
  assert.equal(signature[0], 0);
  const cut = signature.subarray(1);
  assert.equal(await verify('RSA_PSS_SHA_256', material, Buffer.from('message'), signature, 'raw'), true);
  assert.equal(await verify('RSA_PSS_SHA_256', material, Buffer.from('message'), cut, 'raw'), false);
  assert.equal(await verify('RSA_PSS_SHA_256', material, digest, cut, 'digest'), false);
});

test('a digest of another length is refused, for signing and for verifying', async () => {
  for (const [spec, algorithm, hashName] of digestCases.filter(([spec]) => !spec.startsWith('RSA_3'))) {
    const { material } = await freshKey(spec);
    const length = hash(hashName, '', 'buffer').length;
    for (const wrong of [0, length - 1, length + 1]) {
      const isInvalid = (error: unknown): boolean => hasCode(error, 'input-invalid');
      await assert.rejects(sign(algorithm, material, Buffer.alloc(wrong), 'digest'), isInvalid);
      await assert.rejects(
        verify(algorithm, material, Buffer.alloc(wrong), Buffer.alloc(9), 'digest'),
        isInvalid,
      );
    }
  }
});

test('a form that an algorithm does not have is refused', async () => {
  const { material } = await freshKey('ED25519');
  assert.deepEqual(messageForms('ED25519', material), ['raw']);
  for (const form of ['digest', 'external-mu', 'toString' as 'raw'] as const) {
    await assert.rejects(sign('ED25519', material, Buffer.alloc(64), form), (error) =>
      hasCode(error, 'operation-unsupported'),
    );
  }
});

//= rfc8032 7.3
test('Ed25519ph: the vector of RFC 8032, 7.3', async () => {
  const seed = Buffer.from('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42', 'hex');
  const material = openBytes('ED25519', pkcs8(seed, { format: 'raw-private', type: 'ed25519' }));
  const signature = await sign('ED25519_PH', material, Buffer.from('abc'), 'raw');
  assert.equal(
    Buffer.from(signature).toString('hex'),
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  );
  const digest = hash('sha512', 'abc', 'buffer');
  const twice = await sign('ED25519_PH', material, digest, 'digest');
  assert.equal(await verify('ED25519_PH', material, digest, twice, 'raw'), true);
  assert.equal(await verify('ED25519_PH', material, Buffer.from('abc'), twice, 'raw'), false);
  assert.equal(await verify('ED25519', material, Buffer.from('abc'), signature, 'raw'), false);
});

//= fips204 6.2: mu = SHAKE256(SHAKE256(pk, 64) || 0 || |ctx| || ctx || M, 64)
test('an external mu that is computed from the message gives a signature of the message', async () => {
  for (const spec of ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'] as const) {
    const { material, publicKey } = await freshKey(spec);
    const spki = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    const shake = (bytes: Uint8Array): Buffer =>
      hash('shake256', bytes, { outputEncoding: 'buffer', outputLength: 64 });
    const message = Buffer.from('message');
    const keyHash = shake(spki.export({ format: 'raw-public' }));
    const mu = shake(Buffer.concat([keyHash, Buffer.alloc(2), message]));
    const signature = await sign('ML_DSA', material, mu, 'external-mu');
    assert.equal(await verify('ML_DSA', material, message, signature, 'raw'), true);
    const native = await sign('ML_DSA', material, message, 'raw');
    assert.equal(await verify('ML_DSA', material, mu, native, 'external-mu'), true);
    assert.equal(await verify('ML_DSA', material, mu, native.subarray(1), 'external-mu'), false);
  }
});

test('no signature of one algorithm verifies as another of the same key', async () => {
  const { material } = await freshKey('RSA_2048');
  const message = Buffer.from('message');
  const names = (Object.keys(algorithms) as AlgorithmName[]).filter((name) => /^RSA_P/.test(name));
  for (const made of names) {
    const signature = await sign(made, material, message, 'raw');
    for (const name of names) {
      assert.equal(await verify(name, material, message, signature, 'raw'), name === made, `${made} ${name}`);
    }
  }
});

test('the message is read before the first wait: changing it afterwards changes nothing', async () => {
  const { material } = await freshKey('EC_P256');
  const message = Buffer.from('message');
  const pending = sign('ECDSA_SHA_256', material, message, 'raw');
  message.fill(0);
  assert.equal(await verify('ECDSA_SHA_256', material, Buffer.from('message'), await pending, 'raw'), true);
});

test('arbitrary bytes never verify and never throw', async () => {
  const keys = new Map<KeySpec, KeyMaterial>();
  for (const spec of ['EC_P256', 'RSA_2048', 'ED25519', 'ML_DSA_44', 'ED448'] as const) {
    keys.set(spec, (await freshKey(spec)).material);
  }
  const names = { EC_P256: 'ECDSA_SHA_256', RSA_2048: 'RSA_PSS_SHA_256', ED25519: 'ED25519_PH' } as const;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(...keys),
      async (bytes, [spec, key]) => {
        const name = names[spec as keyof typeof names] ?? (spec === 'ED448' ? 'ED448' : 'ML_DSA');
        for (const form of messageForms(name, key)) {
          const message = Buffer.alloc(name === 'ECDSA_SHA_256' || name === 'RSA_PSS_SHA_256' ? 32 : 64, 1);
          assert.equal(await verify(name, key, message, bytes, form), false);
        }
      },
    ),
    { numRuns: 60 },
  );
});

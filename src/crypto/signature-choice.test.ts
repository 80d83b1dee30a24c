import assert from 'node:assert/strict';
import {
  constants,
  createPublicKey,
  type KeyObject,
  publicDecrypt,
  verify as opensslVerify,
} from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, hasCode, type KeySpec } from '#domain';
import {
  digestOf,
  generateMaterial,
  type HashName,
  hashNames,
  type KeyMaterial,
  openMaterial,
  openPublicKey,
  type SignatureChoice,
  signWith,
  verifyWith,
} from '#crypto';
import { opensslAccepts, opensslMakes, opensslMissing } from './openssl-command.fixture.ts';
import { hex, openBytes, pkcs8, spki, testVectors, type VectorRun } from './vector-files.test.ts';

type Fresh = { material: KeyMaterial; half: KeyMaterial; key: KeyObject; pem: Buffer; privatePem: Buffer };

async function makeKey(spec: KeySpec): Promise<Fresh> {
  const { encoded, publicKey } = await generateMaterial(spec);
  using secret = encoded;
  const der = publicKey as Uint8Array;
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  const body = secret.use((bytes) => Buffer.from(bytes).toString('base64'));
  return {
    material: openMaterial(spec, secret),
    half: openPublicKey(spec, der),
    key,
    pem: Buffer.from(key.export({ format: 'pem', type: 'spki' })),
    privatePem: Buffer.from(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`),
  };
}

const made = new Map<KeySpec, Promise<Fresh>>();
function keyOf(spec: KeySpec): Promise<Fresh> {
  const key = made.get(spec) ?? makeKey(spec);
  made.set(spec, key);
  return key;
}

const opensslName = (name: HashName): string =>
  name.replace('SHA2_', 'sha').replace('SHA3_', 'sha3-').toLowerCase();

const code =
  (expected: ErrorCode) =>
  (error: unknown): boolean =>
    hasCode(error, expected);

const message = Buffer.from('a message');

type Choosable = Exclude<SignatureChoice, { scheme: 'ED25519' | 'ED25519_PH' }>;

/** A choice for the message, and the same one for its digest. */
type Pairing = { spec: KeySpec; whole: Choosable & { hash: HashName } };

const rsaPairings: Pairing[] = hashNames.flatMap((hash): Pairing[] => [
  { spec: 'RSA_2048', whole: { scheme: 'RSA_PKCS1', hash, prehashed: false } },
  ...(['auto', 'hash', 0, 11] as const).map(
    (saltLength): Pairing => ({
      spec: 'RSA_2048',
      whole: { scheme: 'RSA_PSS', hash, prehashed: false, saltLength },
    }),
  ),
]);
const ecPairings: Pairing[] = (['EC_P256', 'EC_P384', 'EC_P521', 'EC_SECP256K1'] as const).flatMap((spec) =>
  hashNames.flatMap((hash) =>
    (['DER', 'RAW'] as const).map(
      (encoding): Pairing => ({ spec, whole: { scheme: 'ECDSA', hash, prehashed: false, encoding } }),
    ),
  ),
);

/** What Node's own verify takes for the choice. */
function nativeOptions(choice: Choosable): object {
  if (choice.scheme === 'ECDSA') return { dsaEncoding: choice.encoding === 'DER' ? 'der' : 'ieee-p1363' };
  if (choice.scheme === 'RSA_PKCS1') return { padding: constants.RSA_PKCS1_PADDING };
  const saltLength = choice.saltLength === 'hash' ? constants.RSA_PSS_SALTLEN_DIGEST : choice.saltLength;
  return {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: saltLength === 'auto' ? constants.RSA_PSS_SALTLEN_MAX_SIGN : saltLength,
  };
}

for (const [title, pairings] of [
  ['RSA', rsaPairings],
  ['ECDSA', ecPairings],
] as const) {
  test(`${title}: for each hash, OpenSSL and both forms agree`, async () => {
    for (const { spec, whole } of pairings) {
      const { material, half, key } = await keyOf(spec);
      const digest = digestOf(whole.hash, message);
      const ofDigest: SignatureChoice = { ...whole, prehashed: true };
      const label = JSON.stringify([spec, whole]);
      const signatures = [
        await signWith(material, whole, message),
        await signWith(material, ofDigest, digest),
      ];
      for (const signature of signatures) {
        const options = { key, ...nativeOptions(whole) };
        assert.equal(opensslVerify(opensslName(whole.hash), message, options, signature), true, label);
        assert.equal(await verifyWith(half, whole, message, signature), true, label);
        assert.equal(await verifyWith(material, ofDigest, digest, signature), true, label);
        assert.equal(await verifyWith(half, whole, Buffer.from('another'), signature), false, label);
        const other = digestOf(whole.hash, Buffer.from('another'));
        assert.equal(await verifyWith(half, ofDigest, other, signature), false, label);
      }
    }
  });
}

const everyByte: readonly (readonly [KeySpec, SignatureChoice, Uint8Array])[] = [
  ['RSA_2048', { scheme: 'RSA_PSS', hash: 'SHA2_256', prehashed: false, saltLength: 'auto' }, message],
  [
    'RSA_2048',
    { scheme: 'RSA_PSS', hash: 'SHA3_384', prehashed: true, saltLength: 'auto' },
    digestOf('SHA3_384', message),
  ],
  ['RSA_2048', { scheme: 'RSA_PKCS1', hash: 'SHA1', prehashed: false }, message],
  ['RSA_2048', { scheme: 'RSA_PKCS1', hash: 'NONE', prehashed: true }, message],
  ['RSA_2048', { scheme: 'RSA_PKCS1', hash: 'SHA3_224', prehashed: true }, digestOf('SHA3_224', message)],
  ['EC_P256', { scheme: 'ECDSA', hash: 'SHA2_512', prehashed: false, encoding: 'DER' }, message],
  ['EC_P384', { scheme: 'ECDSA', hash: 'SHA2_256', prehashed: false, encoding: 'RAW' }, message],
  ['EC_P256', { scheme: 'ECDSA', hash: 'NONE', prehashed: true, encoding: 'DER' }, message],
  ['EC_SECP256K1', { scheme: 'ECDSA', hash: 'NONE', prehashed: true, encoding: 'RAW' }, message],
  ['ED25519', { scheme: 'ED25519' }, message],
  ['ED25519', { scheme: 'ED25519_PH' }, message],
];

test('every wrong byte of a signature is refused, and so is every other length', async () => {
  for (const [spec, choice, input] of everyByte) {
    const { material, half } = await keyOf(spec);
    const signature = Buffer.from(await signWith(material, choice, input));
    assert.equal(await verifyWith(half, choice, input, signature), true);
    for (let at = 0; at < signature.length; at += 1) {
      const wrong = Buffer.from(signature);
      wrong[at] = (wrong[at] as number) ^ (1 << (at % 8));
      assert.equal(await verifyWith(half, choice, input, wrong), false, `${JSON.stringify(choice)} ${at}`);
    }
    const zero = Buffer.alloc(1);
    for (const wrong of [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, zero]),
      Buffer.concat([zero, signature]),
      Buffer.alloc(signature.length),
      Buffer.alloc(signature.length, 0xff),
    ])
      assert.equal(await verifyWith(half, choice, input, wrong), false, JSON.stringify(choice));
  }
});

test('a signature in one encoding is none in the other', async () => {
  const { material, half } = await keyOf('EC_P256');
  for (const prehashed of [false, true]) {
    const input = prehashed ? digestOf('SHA2_256', message) : message;
    const choice = { scheme: 'ECDSA', hash: 'SHA2_256', prehashed } as const;
    for (const [encoding, other] of [
      ['DER', 'RAW'],
      ['RAW', 'DER'],
    ] as const) {
      const signature = await signWith(material, { ...choice, encoding }, input);
      assert.equal(await verifyWith(half, { ...choice, encoding: other }, input, signature), false);
    }
  }
});

test('r and s have the length of the order: 32, 48, 66 and 32 bytes each', async () => {
  for (const [spec, length] of [
    ['EC_P256', 64],
    ['EC_P384', 96],
    ['EC_P521', 132],
    ['EC_SECP256K1', 64],
  ] as const) {
    const { material } = await keyOf(spec);
    for (const prehashed of [false, true]) {
      const input = prehashed ? digestOf('SHA2_256', message) : message;
      const choice = { scheme: 'ECDSA', hash: 'SHA2_256', prehashed, encoding: 'RAW' } as const;
      assert.equal((await signWith(material, choice, input)).length, length, spec);
    }
  }
});

test('PSS: a salt of another length is refused unless any will do', async () => {
  const { material, half } = await keyOf('RSA_2048');
  const choice = { scheme: 'RSA_PSS', hash: 'SHA2_256', prehashed: false } as const;
  const digest = digestOf('SHA2_256', message);
  for (const saltLength of [0, 1, 32, 222]) {
    const signature = await signWith(material, { ...choice, saltLength }, message);
    for (const asked of ['auto', 'hash', 0, 1, 32, 222] as const) {
      const expected = asked === 'auto' || asked === saltLength || (asked === 'hash' && saltLength === 32);
      assert.equal(await verifyWith(half, { ...choice, saltLength: asked }, message, signature), expected);
      const prehashed = { ...choice, saltLength: asked, prehashed: true };
      assert.equal(await verifyWith(half, prehashed, digest, signature), expected);
    }
  }
  const longest = await signWith(material, { ...choice, saltLength: 'auto' }, message);
  assert.equal(await verifyWith(half, { ...choice, saltLength: 222 }, message, longest), true);
});

test('PKCS #1 without a hash puts the bytes into the block as they are', async () => {
  const { material, half, key } = await keyOf('RSA_2048');
  const choice = { scheme: 'RSA_PKCS1', hash: 'NONE', prehashed: true } as const;
  for (const length of [0, 1, 36, 245]) {
    const input = Buffer.alloc(length, 0xfe);
    const signature = await signWith(material, choice, input);
    const padding = constants.RSA_PKCS1_PADDING;
    assert.deepEqual(publicDecrypt({ key, padding }, signature), input);
    assert.equal(await verifyWith(half, choice, input, signature), true);
    assert.equal(await verifyWith(half, choice, Buffer.alloc(length + 1, 0xfe).subarray(1), signature), true);
    if (length < 245)
      assert.equal(await verifyWith(half, choice, Buffer.alloc(length + 1, 0xff), signature), false);
  }
  await assert.rejects(signWith(material, choice, Buffer.alloc(246)), code('input-invalid'));
  await assert.rejects(verifyWith(half, choice, Buffer.alloc(246), Buffer.alloc(256)), code('input-invalid'));
});

test('a DigestInfo in a bare block is the signature of the hash', async () => {
  const { material, half } = await keyOf('RSA_2048');
  const info = Buffer.concat([hex('3031300d060960864801650304020105000420'), digestOf('SHA2_256', message)]);
  const bare = await signWith(material, { scheme: 'RSA_PKCS1', hash: 'NONE', prehashed: true }, info);
  const choice = { scheme: 'RSA_PKCS1', hash: 'SHA2_256', prehashed: false } as const;
  assert.deepEqual(Buffer.from(await signWith(material, choice, message)), Buffer.from(bare));
  assert.equal(await verifyWith(half, choice, message, bare), true);
});

test('ECDSA of digests of any length up to 64 bytes: a longer one than the order is cut, as OpenSSL cuts it', async () => {
  const { material, half, key } = await keyOf('EC_P256');
  const choice = { scheme: 'ECDSA', hash: 'NONE', prehashed: true, encoding: 'DER' } as const;
  const digest = digestOf('SHA2_512', message);
  const signature = await signWith(material, choice, digest);
  assert.equal(opensslVerify('sha512', message, key, signature), true);
  assert.equal(await verifyWith(half, choice, digest.subarray(0, 32), signature), true);
  for (const length of [1, 20, 31, 33, 64]) {
    const input = Buffer.alloc(length, 3);
    assert.equal(await verifyWith(half, choice, input, await signWith(material, choice, input)), true);
  }
  for (const length of [0, 65])
    await assert.rejects(signWith(material, choice, Buffer.alloc(length)), code('input-invalid'));
});

test('Ed25519 and Ed25519ph: messages of any length, and neither is the other', async () => {
  const { material, half } = await keyOf('ED25519');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (input) => {
      const plain = await signWith(material, { scheme: 'ED25519' }, input);
      const hashed = await signWith(material, { scheme: 'ED25519_PH' }, input);
      assert.equal(await verifyWith(half, { scheme: 'ED25519' }, input, plain), true);
      assert.equal(await verifyWith(half, { scheme: 'ED25519_PH' }, input, hashed), true);
      assert.equal(await verifyWith(half, { scheme: 'ED25519' }, input, hashed), false);
      assert.equal(await verifyWith(half, { scheme: 'ED25519_PH' }, input, plain), false);
    }),
    { numRuns: 8 },
  );
});

//= rfc8032 7.1: TEST 2, and 7.3: TEST abc
test('RFC 8032: the signatures of its tests', async () => {
  const keyPair = (seed: string): KeyMaterial =>
    openBytes('ED25519', pkcs8(hex(seed), { format: 'raw-private', type: 'ed25519' }));
  const plain = await signWith(
    keyPair('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'),
    { scheme: 'ED25519' },
    hex('72'),
  );
  assert.equal(
    Buffer.from(plain).toString('hex'),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  const hashed = await signWith(
    keyPair('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42'),
    { scheme: 'ED25519_PH' },
    Buffer.from('abc'),
  );
  assert.equal(
    Buffer.from(hashed).toString('hex'),
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  );
});

test('what a scheme, a key or an input does not allow is refused with its code', async () => {
  const [rsa, ec, ed] = await Promise.all([keyOf('RSA_2048'), keyOf('EC_P256'), keyOf('ED25519')]);
  const pss = { scheme: 'RSA_PSS', hash: 'SHA2_256', prehashed: false, saltLength: 'auto' } as const;
  const ecdsa = { scheme: 'ECDSA', hash: 'SHA2_256', prehashed: false, encoding: 'DER' } as const;
  const refusals: readonly (readonly [KeyMaterial, SignatureChoice, ErrorCode])[] = [
    [ec.material, pss, 'algorithm-forbids'],
    [ed.material, pss, 'algorithm-forbids'],
    [rsa.material, ecdsa, 'algorithm-forbids'],
    [ec.material, { scheme: 'ED25519' }, 'algorithm-forbids'],
    [(await keyOf('ED448')).material, { scheme: 'ED25519' }, 'algorithm-forbids'],
    [openBytes('AES_256', Buffer.alloc(32)), ecdsa, 'algorithm-forbids'],
    [rsa.half, pss, 'operation-unsupported'],
    [rsa.material, { ...pss, prehashed: true }, 'input-invalid'],
    [ec.material, { ...ecdsa, prehashed: true }, 'input-invalid'],
    [ec.material, { ...ecdsa, hash: 'NONE' }, 'input-invalid'],
    [rsa.material, { scheme: 'RSA_PKCS1', hash: 'NONE', prehashed: false }, 'input-invalid'],
    ...[-1, 223, 1.5, Number.NaN, 2 ** 32].map(
      (saltLength) => [rsa.material, { ...pss, saltLength }, 'input-invalid'] as const,
    ),
  ];
  for (const [material, choice, expected] of refusals) {
    await assert.rejects(signWith(material, choice, message), code(expected), JSON.stringify(choice));
    if (expected !== 'operation-unsupported')
      await assert.rejects(verifyWith(material, choice, message, Buffer.alloc(256)), code(expected));
  }
});

// -- the command openssl, another version of the library through another interface

const digests = ['SHA1', 'SHA2_224', 'SHA2_256', 'SHA2_384', 'SHA2_512', 'SHA3_256', 'SHA3_512'] as const;

test('openssl pkeyutl verifies our signatures of digests, and we its', {
  skip: opensslMissing(),
}, async () => {
  for (const spec of ['RSA_3072', 'EC_P384', 'EC_P521'] as const) {
    const { material, half, pem, privatePem } = await keyOf(spec);
    const isRsa = spec.startsWith('RSA');
    for (const hash of digests) {
      const digest = digestOf(hash, message);
      const choices: readonly (readonly [SignatureChoice, readonly string[]])[] = isRsa
        ? [
            [{ scheme: 'RSA_PKCS1', hash, prehashed: true }, []],
            [
              { scheme: 'RSA_PSS', hash, prehashed: true, saltLength: 'auto' },
              ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:max'],
            ],
            [
              { scheme: 'RSA_PSS', hash, prehashed: true, saltLength: 7 },
              ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:7'],
            ],
          ]
        : [[{ scheme: 'ECDSA', hash, prehashed: true, encoding: 'DER' }, []]];
      for (const [choice, more] of choices) {
        const options = ['-in', 'digest', '-pkeyopt', `digest:${opensslName(hash)}`, ...more];
        const theirs = opensslMakes(['pkeyutl', '-sign', '-inkey', 'key', ...options], {
          key: privatePem,
          digest,
        });
        assert.equal(await verifyWith(half, choice, digest, theirs), true, `${spec} ${hash}`);
        const signature = await signWith(material, choice, digest);
        const args = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key', '-sigfile', 'signature', ...options];
        assert.equal(opensslAccepts(args, { key: pem, digest, signature }), true, `${spec} ${hash}`);
        const wrong = Buffer.from(digest).fill(9, 0, 4);
        assert.equal(opensslAccepts(args, { key: pem, digest: wrong, signature }), false);
      }
    }
  }
});

test('openssl pkeyutl makes the same bare block', { skip: opensslMissing() }, async () => {
  const { material, privatePem } = await keyOf('RSA_2048');
  const theirs = opensslMakes(['pkeyutl', '-sign', '-inkey', 'key', '-in', 'input'], {
    key: privatePem,
    input: message,
  });
  const choice = { scheme: 'RSA_PKCS1', hash: 'NONE', prehashed: true } as const;
  assert.deepEqual(Buffer.from(await signWith(material, choice, message)), theirs);
});

// -- Wycheproof

type File = { file: string; spec: KeySpec; choice: Choosable & { hash: HashName }; every?: number };

/** Verifies message and digest; for ECDSA in both encodings where the signature has the other. */
function verifyRun({ file, spec, choice, every = 1 }: File): VectorRun {
  const known = new Map<unknown, KeyMaterial>();
  return {
    file,
    covers: (_group, vector) => vector.tcId % every === 0,
    run: async (group, vector) => {
      const material = known.get(group) ?? openPublicKey(spec, hex(group.publicKeyDer));
      known.set(group, material);
      const [input, signature] = [hex(vector.msg), hex(vector.sig)];
      const valid = await verifyWith(material, choice, input, signature);
      const prehashed: SignatureChoice = { ...choice, prehashed: true };
      const digest = digestOf(choice.hash, input);
      assert.equal(await verifyWith(material, prehashed, digest, signature), valid, `${file} ${vector.tcId}`);
      return valid ? 'accepted' : 'refused';
    },
  };
}

const ofPss = (saltLength: number | 'auto' | 'hash') =>
  ({ scheme: 'RSA_PSS', hash: 'SHA2_256', prehashed: false, saltLength }) as const;
const ofEc = (hash: HashName) => ({ scheme: 'ECDSA', hash, prehashed: false, encoding: 'DER' }) as const;

for (const run of [
  { file: 'rsa_pss_2048_sha256_mgf1_32', spec: 'RSA_2048', choice: ofPss(32) },
  { file: 'rsa_pss_3072_sha256_mgf1_32', spec: 'RSA_3072', choice: ofPss('hash') },
  {
    file: 'rsa_signature_2048_sha256',
    spec: 'RSA_2048',
    choice: { scheme: 'RSA_PKCS1', hash: 'SHA2_256', prehashed: false },
  },
  {
    file: 'rsa_signature_3072_sha384',
    spec: 'RSA_3072',
    choice: { scheme: 'RSA_PKCS1', hash: 'SHA2_384', prehashed: false },
  },
  { file: 'ecdsa_secp256r1_sha256', spec: 'EC_P256', choice: ofEc('SHA2_256'), every: 2 },
  { file: 'ecdsa_secp256k1_sha256', spec: 'EC_SECP256K1', choice: ofEc('SHA2_256'), every: 2 },
  { file: 'ecdsa_secp384r1_sha384', spec: 'EC_P384', choice: ofEc('SHA2_384'), every: 4 },
] satisfies File[])
  testVectors(verifyRun(run));

testVectors({
  file: 'ed25519',
  run: async (group, vector) => {
    const raw = { format: 'raw-public', type: 'ed25519' } as const;
    const { pk } = group.publicKey as { pk: string };
    const half = openPublicKey('ED25519', spki(hex(pk), raw));
    const valid = await verifyWith(half, { scheme: 'ED25519' }, hex(vector.msg), hex(vector.sig));
    return valid ? 'accepted' : 'refused';
  },
});

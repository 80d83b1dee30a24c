import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, publicEncrypt, constants } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, hasCode, type KeySpec } from '#domain';
import {
  decryptRsaWith,
  encryptRsaWith,
  generateMaterial,
  hashNames,
  type KeyMaterial,
  openMaterial,
  openPublicKey,
  type RsaEncryptionChoice,
  SecretBytes,
  unwrapRsaAes,
  wrapForTransport,
  wrapKey,
  wrapRsaAes,
} from '#crypto';
import { opensslMakes, opensslMissing } from './openssl-command.fixture.ts';
import { hex, openBytes, testVectors, verdictOf } from './vector-files.test.ts';

type Fresh = { material: KeyMaterial; publicKey: Uint8Array; pem: Buffer; privatePem: Buffer };

async function makeKey(spec: KeySpec): Promise<Fresh> {
  const { encoded, publicKey } = await generateMaterial(spec);
  using secret = encoded;
  const der = Buffer.from(publicKey as Uint8Array);
  const body = secret.use((bytes) => Buffer.from(bytes).toString('base64'));
  return {
    material: openMaterial(spec, secret),
    publicKey: der,
    pem: Buffer.from(
      createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' }),
    ),
    privatePem: Buffer.from(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`),
  };
}

const rsa2048 = makeKey('RSA_2048');
const rsa4096 = makeKey('RSA_4096');

const code =
  (expected: ErrorCode) =>
  (error: unknown): boolean =>
    hasCode(error, expected);

const digestLength = (hash: string): number => (hash === 'SHA1' ? 20 : Number(hash.slice(-3)) / 8);
const choices: readonly (readonly [RsaEncryptionChoice, number])[] = [
  ...hashNames.map((hash) => [{ padding: 'OAEP', hash }, 256 - 2 - 2 * digestLength(hash)] as const),
  [{ padding: 'PKCS1' }, 245],
];

test('what is encrypted decrypts, up to the longest message; one byte more is refused', async () => {
  const { material, publicKey } = await rsa2048;
  const half = openPublicKey('RSA_2048', publicKey);
  for (const [choice, longest] of choices) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: longest }), (message) => {
        const ciphertext = encryptRsaWith(half, choice, message);
        assert.deepEqual(Uint8Array.from(decryptRsaWith(material, choice, ciphertext)), message);
      }),
      { numRuns: 10 },
    );
    const ciphertext = encryptRsaWith(half, choice, Buffer.alloc(longest, 1));
    assert.equal(decryptRsaWith(material, choice, ciphertext).length, longest);
    assert.throws(() => encryptRsaWith(half, choice, Buffer.alloc(longest + 1)), code('input-invalid'));
  }
});

test('OAEP: every wrong byte, every other hash and every other length are one refusal', async () => {
  const { material } = await rsa2048;
  const choice = { padding: 'OAEP', hash: 'SHA2_384' } as const;
  const ciphertext = Buffer.from(encryptRsaWith(material, choice, Buffer.from('message')));
  const messages = new Set<string>();
  const refused = (other: RsaEncryptionChoice, bytes: Uint8Array): void =>
    assert.throws(
      () => decryptRsaWith(material, other, bytes),
      (error) => {
        messages.add((error as Error).message);
        return hasCode(error, 'ciphertext-invalid') && error.cause === undefined;
      },
    );
  for (let at = 0; at < ciphertext.length; at += 1) {
    const wrong = Buffer.from(ciphertext);
    wrong[at] = (wrong[at] as number) ^ 1;
    refused(choice, wrong);
  }
  for (const hash of hashNames) if (hash !== 'SHA2_384') refused({ padding: 'OAEP', hash }, ciphertext);
  for (const wrong of [Buffer.alloc(0), ciphertext.subarray(1), Buffer.concat([ciphertext, Buffer.alloc(1)])])
    refused(choice, wrong);
  assert.equal(messages.size, 1);
});

test('PKCS #1 v1.5: what was not encrypted so decrypts to bytes that look random, the same each time', async () => {
  const { material, publicKey } = await rsa2048;
  const choice = { padding: 'PKCS1' } as const;
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  const raw = (block: Buffer): Buffer => publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  const block = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(256, 0xaa);
    bytes.set([0, 2], 0);
    bytes[200] = 0;
    change(bytes);
    return raw(bytes);
  };
  const sound = block(() => {});
  assert.deepEqual(Buffer.from(decryptRsaWith(material, choice, sound)), Buffer.alloc(55, 0xaa));
  const unsound = [
    block((bytes) => bytes.set([1], 0)),
    block((bytes) => bytes.set([1], 1)),
    block((bytes) => bytes.set([0], 5)),
    block((bytes) => bytes.set([1], 200)),
    encryptRsaWith(material, { padding: 'OAEP', hash: 'SHA2_256' }, Buffer.from('message')),
  ];
  const results = unsound.map((ciphertext) => {
    const first = Buffer.from(decryptRsaWith(material, choice, ciphertext));
    assert.deepEqual(Buffer.from(decryptRsaWith(material, choice, ciphertext)), first);
    assert.ok(first.length <= 245);
    assert.ok(!first.includes(Buffer.alloc(8, 0xaa)));
    return first.toString('hex');
  });
  assert.ok(new Set(results).size > 1);
});

test('PKCS #1 v1.5: a wrong length, or a number that is not below the modulus, is refused', async () => {
  const { material } = await rsa2048;
  for (const wrong of [Buffer.alloc(0), Buffer.alloc(255, 1), Buffer.alloc(257, 1), Buffer.alloc(256, 0xff)])
    assert.throws(() => decryptRsaWith(material, { padding: 'PKCS1' }, wrong), code('ciphertext-invalid'));
});

test('a key that is not RSA does neither, and a public half does not decrypt', async () => {
  const { publicKey } = await rsa2048;
  const { encoded } = await generateMaterial('EC_P256');
  using secret = encoded;
  const ec = openMaterial('EC_P256', secret);
  assert.throws(() => encryptRsaWith(ec, { padding: 'PKCS1' }, hex('00')), code('algorithm-forbids'));
  assert.throws(() => decryptRsaWith(ec, { padding: 'PKCS1' }, hex('00')), code('algorithm-forbids'));
  const half = openPublicKey('RSA_2048', publicKey);
  const choice = { padding: 'OAEP', hash: 'SHA1' } as const;
  assert.throws(() => decryptRsaWith(half, choice, Buffer.alloc(256)), code('operation-unsupported'));
});

for (const [size, hash, bits] of [
  [2048, 'SHA1', 1],
  [2048, 'SHA2_256', 256],
  [3072, 'SHA2_256', 256],
] as const)
  testVectors({
    file: `rsa_oaep_${size}_sha${bits}_mgf1sha${bits}`,
    covers: (_group, vector) => vector.label === '',
    run: (group, vector) => {
      const material = openBytes(`RSA_${size}`, hex(group.privateKeyPkcs8));
      const work = () => decryptRsaWith(material, { padding: 'OAEP', hash }, hex(vector.ct));
      return verdictOf(work, hex(vector.msg), ['ciphertext-invalid']);
    },
  });

/** What the command is told of a choice. */
function opensslOptions(choice: RsaEncryptionChoice): string[] {
  if (choice.padding === 'PKCS1') return ['-pkeyopt', 'rsa_padding_mode:pkcs1'];
  const hash = choice.hash.replace('SHA2_', 'sha').replace('SHA3_', 'sha3-').toLowerCase();
  return [
    ...['-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', `rsa_oaep_md:${hash}`],
    ...['-pkeyopt', `rsa_mgf1_md:${hash}`],
  ];
}

test('openssl pkeyutl opens what we encrypt, and we what it does', { skip: opensslMissing() }, async () => {
  const { material, pem, privatePem } = await rsa2048;
  const message = Buffer.from('a message');
  for (const [choice] of choices) {
    const options = opensslOptions(choice);
    const ciphertext = encryptRsaWith(material, choice, message);
    const theirs = ['pkeyutl', '-decrypt', '-inkey', 'key', '-in', 'input', ...options];
    assert.deepEqual(opensslMakes(theirs, { key: privatePem, input: ciphertext }), message);
    const made = opensslMakes(
      ['pkeyutl', '-encrypt', '-pubin', '-inkey', 'key', '-in', 'input', ...options],
      { key: pem, input: message },
    );
    assert.deepEqual(Buffer.from(decryptRsaWith(material, choice, made)), message);
  }
});

// -- material on its way: RSA-OAEP and AES-KWP

const opened = (secret: SecretBytes): Buffer => secret.use((bytes) => Buffer.from(bytes));

test('what is wrapped for an RSA key unwraps with the same hash and no other', async () => {
  const { material, publicKey } = await rsa4096;
  using secret = SecretBytes.copyOf(Buffer.from('a secret of any length'));
  for (const hash of hashNames) {
    const wrapped = wrapRsaAes(hash, publicKey, secret);
    assert.equal(wrapped.length, 512 + 32);
    using back = unwrapRsaAes(hash, material, wrapped);
    assert.deepEqual(opened(back), opened(secret));
    const other = hash === 'SHA2_256' ? 'SHA2_384' : 'SHA2_256';
    assert.throws(() => unwrapRsaAes(other, material, wrapped), code('ciphertext-invalid'));
  }
});

test('a whole private key travels so, and what the fixed wraps make opens with the hash they name', async () => {
  const { material, publicKey } = await rsa2048;
  const { encoded } = await generateMaterial('RSA_3072');
  using secret = encoded;
  using back = unwrapRsaAes('SHA2_512', material, wrapRsaAes('SHA2_512', publicKey, secret));
  assert.ok(back.equals(secret));
  const wrapped = wrapForTransport('RSA_AES_KEY_WRAP_SHA_256', publicKey, secret);
  using again = unwrapRsaAes('SHA2_256', material, wrapped);
  assert.ok(again.equals(secret));
});

test('every wrong byte of what is wrapped is refused, and so is every other length', async () => {
  const { material, publicKey } = await rsa2048;
  using secret = SecretBytes.copyOf(Buffer.from('secret'));
  const wrapped = Buffer.from(wrapRsaAes('SHA2_256', publicKey, secret));
  for (let at = 0; at < wrapped.length; at += 1) {
    const wrong = Buffer.from(wrapped);
    wrong[at] = (wrong[at] as number) ^ 4;
    assert.throws(() => unwrapRsaAes('SHA2_256', material, wrong), code('ciphertext-invalid'), `${at}`);
    assert.throws(
      () => unwrapRsaAes('SHA2_256', material, wrapped.subarray(0, at)),
      code('ciphertext-invalid'),
      `${at}`,
    );
  }
  const longer = Buffer.concat([wrapped, Buffer.alloc(8)]);
  assert.throws(() => unwrapRsaAes('SHA2_256', material, longer), code('ciphertext-invalid'));
});

test('the AES key in between may have 128 or 192 bits, and no other length', async () => {
  const { material } = await rsa2048;
  const choice = { padding: 'OAEP', hash: 'SHA2_256' } as const;
  using secret = SecretBytes.copyOf(Buffer.from('secret'));
  for (const [length, spec] of [
    [16, 'AES_128'],
    [24, 'AES_192'],
  ] as const) {
    const aes = Buffer.alloc(length, 6);
    const parts = [encryptRsaWith(material, choice, aes), wrapKey('AES_KWP', openBytes(spec, aes), secret)];
    using back = unwrapRsaAes('SHA2_256', material, Buffer.concat(parts));
    assert.ok(back.equals(secret));
  }
  const wrong = Buffer.concat([encryptRsaWith(material, choice, Buffer.alloc(20)), Buffer.alloc(16)]);
  assert.throws(() => unwrapRsaAes('SHA2_256', material, wrong), code('ciphertext-invalid'));
  const aes = openBytes('AES_256', Buffer.alloc(32));
  assert.throws(() => unwrapRsaAes('SHA2_256', aes, wrong), code('algorithm-forbids'));
});

test('RSA keys of other sizes receive; others, and damaged ones, do not', () => {
  using secret = SecretBytes.copyOf(Buffer.from('secret'));
  const spkiOf = (modulusLength: number, publicExponent = 65_537): Buffer =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({
      format: 'der',
      type: 'spki',
    });
  const odd = spkiOf(2560);
  assert.equal(wrapRsaAes('SHA2_256', odd, secret).length, 320 + 16);
  const bad: Uint8Array[] = [
    spkiOf(1024),
    spkiOf(2052),
    Buffer.alloc(0),
    Buffer.concat([odd, Buffer.alloc(1)]),
    odd.subarray(0, -1),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }),
  ];
  for (const recipient of bad)
    assert.throws(() => wrapRsaAes('SHA2_256', recipient, secret), code('public-key-invalid'));
});

test('openssl wraps for import as a customer does', { skip: opensslMissing() }, async () => {
  const { material, pem } = await rsa4096;
  const target = Buffer.from('the customer brings this secret');
  const aes = Buffer.alloc(32, 0x5a);
  for (const hash of ['SHA1', 'SHA2_224', 'SHA2_256', 'SHA2_384', 'SHA2_512'] as const) {
    const rsaPart = opensslMakes(
      [
        ...['pkeyutl', '-encrypt', '-pubin', '-inkey', 'key', '-in', 'aes'],
        ...opensslOptions({ padding: 'OAEP', hash }),
      ],
      { key: pem, aes },
    );
    const aesPart = opensslMakes(
      ['enc', '-id-aes256-wrap-pad', '-iv', 'a65959a6', '-K', aes.toString('hex'), '-in', 'target'],
      { target },
    );
    using secret = unwrapRsaAes(hash, material, Buffer.concat([rsaPart, aesPart]));
    assert.deepEqual(opened(secret), target);
  }
});

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify, constants } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const message = base64('a message');
const digest = (bits: number | string) => createHash(`sha${bits}`).update('a message').digest();
const invalidSignature = 'KMSInvalidSignatureException: ';

let kms: Kms;
before(async () => {
  kms = await startKms();
});
after(() => kms.close());

async function publicKeyOf(KeyId: string) {
  const { PublicKey } = await kms.ask<{ PublicKey: string }>('GetPublicKey', { KeyId });
  return createPublicKey({ key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' });
}

async function signed(input: object): Promise<Buffer> {
  return Buffer.from((await kms.ask<{ Signature: string }>('Sign', input)).Signature, 'base64');
}

const rsa = [
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
];
const specs: Readonly<Record<string, readonly string[]>> = {
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  ECC_NIST_P256: ['ECDSA_SHA_256'],
  ECC_NIST_P384: ['ECDSA_SHA_384'],
  ECC_NIST_P521: ['ECDSA_SHA_512'],
  ECC_SECG_P256K1: ['ECDSA_SHA_256'],
};

describe('Sign and Verify', () => {
  for (const [spec, algorithms] of Object.entries(specs)) {
    it(`take a message or its digest with ${spec}, as OpenSSL does`, async () => {
      const KeyId = await kms.newKey(spec, 'SIGN_VERIFY');
      const publicKey = await publicKeyOf(KeyId);
      for (const SigningAlgorithm of algorithms) {
        const bits = SigningAlgorithm.slice(-3);
        const pss = SigningAlgorithm.includes('PSS');
        const key = pss
          ? { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }
          : { key: publicKey };
        const [raw, hashed] = [
          { KeyId, SigningAlgorithm, Message: message },
          { KeyId, SigningAlgorithm, Message: base64(digest(bits)), MessageType: 'DIGEST' },
        ];
        for (const input of [raw, hashed]) {
          const signature = await signed(input);
          assert.ok(verify(`sha${bits}`, Buffer.from('a message'), key, signature), SigningAlgorithm);
          for (const asked of [raw, hashed]) {
            assert.deepEqual(await kms.ask('Verify', { ...asked, Signature: base64(signature) }), {
              KeyId,
              SignatureValid: true,
              SigningAlgorithm,
            });
          }
          signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
          assert.equal(
            await kms.refusal('Verify', { ...raw, Signature: base64(signature) }),
            invalidSignature,
          );
        }
        for (const operation of ['Sign', 'Verify']) {
          assert.equal(
            await kms.refusal(operation, { ...hashed, Message: base64(Buffer.alloc(20)), Signature: 'AAAA' }),
            `ValidationException: Digest is invalid length for algorithm ${SigningAlgorithm}.`,
          );
        }
        assert.match(
          await kms.refusal('Sign', { ...raw, MessageType: 'EXTERNAL_MU' }),
          /^ValidationException: Message type EXTERNAL_MU is incompatible/,
        );
      }
    });
  }

  it('take Ed25519 plain or hashed beforehand', async () => {
    const KeyId = await kms.newKey('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
    const plain = { KeyId, SigningAlgorithm: 'ED25519_SHA_512', Message: message };
    const hashed = {
      KeyId,
      SigningAlgorithm: 'ED25519_PH_SHA_512',
      Message: base64(digest(512)),
      MessageType: 'DIGEST',
    };
    const signature = await signed(plain);
    assert.ok(verify(null, Buffer.from('a message'), await publicKeyOf(KeyId), signature));
    for (const input of [plain, hashed]) {
      await kms.ask('Verify', { ...input, Signature: base64(await signed(input)) });
    }
    assert.equal(await kms.refusal('Verify', { ...hashed, Signature: base64(signature) }), invalidSignature);
    for (const [input, refusal] of [
      [
        { ...plain, MessageType: 'DIGEST' },
        'ValidationException: Message type DIGEST is incompatible with algorithm ED25519_SHA_512.',
      ],
      [
        { ...hashed, MessageType: 'RAW' },
        'ValidationException: Message type RAW is incompatible with algorithm ED25519_PH_SHA_512.',
      ],
      [
        { ...hashed, Message: message },
        'ValidationException: Digest is invalid length for algorithm ED25519_PH_SHA_512.',
      ],
      [
        { ...plain, SigningAlgorithm: 'ECDSA_SHA_512' },
        'InvalidKeyUsageException: Algorithm ECDSA_SHA_512 is incompatible with key spec ECC_NIST_EDWARDS25519.',
      ],
    ] as const) {
      for (const operation of ['Sign', 'Verify']) {
        assert.equal(await kms.refusal(operation, { ...input, Signature: 'AAAA' }), refusal);
      }
    }
  });

  for (const [spec, keyBytes, signatureBytes] of [
    ['ML_DSA_44', 1334, 2420],
    ['ML_DSA_65', 1974, 3309],
    ['ML_DSA_87', 2614, 4627],
  ] as const) {
    it(`take a message or its mu with ${spec}`, async () => {
      const KeyId = await kms.newKey(spec, 'SIGN_VERIFY');
      const key = await publicKeyOf(KeyId);
      const spki = key.export({ format: 'der', type: 'spki' });
      assert.equal(spki.length, keyBytes);
      const raw = { KeyId, SigningAlgorithm: 'ML_DSA_SHAKE_256', Message: message };
      const signature = await signed(raw);
      assert.equal(signature.length, signatureBytes);
      assert.ok(verify(null, Buffer.from('a message'), key, signature));
      //= fips204 algorithm 7: mu is SHAKE256 of tr, a domain separator and the message
      const publicBytes = spki.subarray(22);
      const tr = createHash('shake256', { outputLength: 64 }).update(publicBytes).digest();
      const mu = createHash('shake256', { outputLength: 64 })
        .update(tr)
        .update(Buffer.from([0, 0]))
        .update('a message')
        .digest();
      const external = { ...raw, Message: base64(mu), MessageType: 'EXTERNAL_MU' };
      await kms.ask('Verify', { ...raw, Signature: base64(await signed(external)) });
      await kms.ask('Verify', { ...external, Signature: base64(signature) });
      assert.equal(
        await kms.refusal('Sign', { ...raw, MessageType: 'DIGEST' }),
        `ValidationException: Message type DIGEST is incompatible with key spec ${spec}.`,
      );
      assert.match(
        await kms.refusal('Sign', { ...external, Message: base64(mu.subarray(1)) }),
        /^ValidationException: /,
      );
    });
  }

  it('refuse a malformed signature like a wrong one', async () => {
    for (const [spec, SigningAlgorithm] of [
      ['RSA_2048', rsa[0]],
      ['ECC_NIST_P256', 'ECDSA_SHA_256'],
      ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512'],
      ['ML_DSA_44', 'ML_DSA_SHAKE_256'],
    ] as const) {
      const KeyId = await kms.newKey(spec, 'SIGN_VERIFY');
      for (const length of [1, 64, 256, 6144]) {
        const Signature = base64(Buffer.alloc(length, 97));
        assert.equal(
          await kms.refusal('Verify', { KeyId, SigningAlgorithm, Message: message, Signature }),
          invalidSignature,
          spec,
        );
      }
    }
  });

  it('belong to keys that sign, with their own algorithms', async () => {
    for (const [spec, usage] of [
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
      ['RSA_2048', 'ENCRYPT_DECRYPT'],
      ['ECC_NIST_P256', 'KEY_AGREEMENT'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ] as const) {
      const KeyId = await kms.newKey(spec, usage);
      for (const operation of ['Sign', 'Verify']) {
        assert.equal(
          await kms.refusal(operation, {
            KeyId,
            Message: message,
            Signature: 'AAAA',
            SigningAlgorithm: 'ECDSA_SHA_256',
          }),
          `InvalidKeyUsageException: ${KeyId} key usage is ${usage} which is not valid for ${operation}.`,
        );
      }
    }
    const KeyId = await kms.newKey('ECC_NIST_P256', 'SIGN_VERIFY');
    for (const SigningAlgorithm of [
      'ECDSA_SHA_384',
      'RSASSA_PSS_SHA_256',
      'ED25519_PH_SHA_512',
      'ML_DSA_SHAKE_256',
    ]) {
      assert.equal(
        await kms.refusal('Sign', { KeyId, Message: message, SigningAlgorithm }),
        `InvalidKeyUsageException: Algorithm ${SigningAlgorithm} is incompatible with key spec ECC_NIST_P256.`,
      );
    }
  });

  it('name what is wrong with a request before they look for the key', async () => {
    const KeyId = '00000000-0000-0000-0000-000000000000';
    const at = 'ValidationException: 1 validation error detected: Value';
    for (const [input, refusal] of [
      [
        { Message: '', SigningAlgorithm: 'ECDSA_SHA_256' },
        " at 'message' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ],
      [
        { Message: base64(Buffer.alloc(4097)), SigningAlgorithm: 'ECDSA_SHA_256' },
        " at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096",
      ],
      [
        { SigningAlgorithm: 'ECDSA_SHA_256' },
        " at 'message' failed to satisfy constraint: Member must not be null",
      ],
      [
        { Message: message },
        " null at 'signingAlgorithm' failed to satisfy constraint: Member must not be null",
      ],
      [
        { Message: message, SigningAlgorithm: 'ECDSA_SHA_256', MessageType: 'FOO' },
        " 'FOO' at 'messageType' failed to satisfy constraint: Member must satisfy enum value set: [RAW, DIGEST, EXTERNAL_MU]",
      ],
      [
        { Message: message, SigningAlgorithm: 'FOO' },
        ` 'FOO' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [${rsa.join(', ')}, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ED25519_SHA_512, ED25519_PH_SHA_512, SM2DSA, ML_DSA_SHAKE_256]`,
      ],
    ] as const) {
      assert.equal(await kms.refusal('Sign', { KeyId, ...input }), at + refusal);
    }
    const verifying = { KeyId, Message: message, SigningAlgorithm: 'ECDSA_SHA_256' };
    assert.equal(
      await kms.refusal('Verify', verifying),
      `${at} null at 'signature' failed to satisfy constraint: Member must not be null`,
    );
  });
});

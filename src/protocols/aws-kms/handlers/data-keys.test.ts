import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

let kms: Kms;
let key: string;
before(async () => {
  kms = await startKms();
  key = await kms.newKey();
});
after(() => kms.close());

describe('data keys', () => {
  it('have the length that was asked for', async () => {
    for (const [more, length] of [
      [{ KeySpec: 'AES_128' }, 16],
      [{ KeySpec: 'AES_256' }, 32],
      [{ NumberOfBytes: 1 }, 1],
      [{ NumberOfBytes: 1024 }, 1024],
    ] as const) {
      const made = await kms.ask<Record<string, string>>('GenerateDataKey', { KeyId: key, ...more });
      assert.equal(Buffer.from(made['Plaintext'] ?? '', 'base64').length, length);
      const opened = await kms.ask<Record<string, string>>('Decrypt', {
        CiphertextBlob: made['CiphertextBlob'],
      });
      assert.equal(opened['Plaintext'], made['Plaintext']);
      const hidden = await kms.ask<Record<string, string>>('GenerateDataKeyWithoutPlaintext', {
        KeyId: key,
        ...more,
      });
      assert.equal('Plaintext' in hidden, false);
    }
  });

  it('are asked for by their spec or by their length', async () => {
    for (const operation of ['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext']) {
      for (const more of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }]) {
        assert.equal(
          await kms.refusal(operation, { KeyId: key, ...more }),
          'ValidationException: Please specify either number of bytes or key spec.',
        );
      }
      const at = 'ValidationException: 1 validation error detected: Value';
      for (const [more, refusal] of [
        [
          { NumberOfBytes: 0 },
          "'0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ],
        [
          { NumberOfBytes: 1025 },
          "'1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
        ],
        [
          { KeySpec: 'AES_257' },
          "'AES_257' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
        ],
      ] as const) {
        assert.equal(await kms.refusal(operation, { KeyId: key, ...more }), `${at} ${refusal}`);
      }
    }
  });

  it('belong to symmetric encryption keys', async () => {
    const pair = await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT');
    const code = await kms.newKey('HMAC_256', 'GENERATE_VERIFY_MAC');
    for (const [operation, more] of [
      ['GenerateDataKey', { KeySpec: 'AES_256' }],
      ['GenerateDataKeyWithoutPlaintext', { KeySpec: 'AES_256' }],
      ['GenerateDataKeyPair', { KeyPairSpec: 'ECC_NIST_P256' }],
      ['GenerateDataKeyPairWithoutPlaintext', { KeyPairSpec: 'ECC_NIST_P256' }],
    ] as const) {
      assert.equal(
        await kms.refusal(operation, { KeyId: pair, ...more }),
        'InvalidKeyUsageException: You cannot generate a data key with an asymmetric CMK',
      );
      assert.equal(
        await kms.refusal(operation, { KeyId: code, ...more }),
        `InvalidKeyUsageException: ${code} key usage is GENERATE_VERIFY_MAC which is not valid for ${operation}.`,
      );
    }
  });

  for (const KeyPairSpec of [
    'RSA_2048',
    'RSA_3072',
    'RSA_4096',
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'ECC_NIST_P521',
    'ECC_SECG_P256K1',
    'ECC_NIST_EDWARDS25519',
  ]) {
    it(`come as pairs of ${KeyPairSpec}, PKCS #8 and SubjectPublicKeyInfo`, async () => {
      const made = await kms.ask<Record<string, string>>('GenerateDataKeyPair', { KeyId: key, KeyPairSpec });
      const der = (member: string) => Buffer.from(made[member] ?? '', 'base64');
      const privateKey = createPrivateKey({ key: der('PrivateKeyPlaintext'), format: 'der', type: 'pkcs8' });
      const publicKey = createPublicKey({ key: der('PublicKey'), format: 'der', type: 'spki' });
      assert.deepEqual(
        createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
        publicKey.export({ format: 'der', type: 'spki' }),
      );
      assert.deepEqual([made['KeyId'], made['KeyPairSpec']], [key, KeyPairSpec]);
      const opened = await kms.ask<Record<string, string>>('Decrypt', {
        CiphertextBlob: made['PrivateKeyCiphertextBlob'],
      });
      assert.equal(opened['Plaintext'], made['PrivateKeyPlaintext']);
      const hidden = await kms.ask<Record<string, string>>('GenerateDataKeyPairWithoutPlaintext', {
        KeyId: key,
        KeyPairSpec,
      });
      assert.equal('PrivateKeyPlaintext' in hidden, false);
    });
  }

  it('come as no pair of a spec that is not served', async () => {
    assert.match(
      await kms.refusal('GenerateDataKeyPair', { KeyId: key, KeyPairSpec: 'SM2' }),
      /^UnsupportedOperationException: ./,
    );
    assert.match(
      await kms.refusal('GenerateDataKeyPair', { KeyId: key, KeyPairSpec: 'ML_DSA_44' }),
      /^ValidationException: 1 validation error detected: Value 'ML_DSA_44' at 'keyPairSpec'/,
    );
  });
});

describe('GenerateRandom', () => {
  it('gives 1 to 1,024 bytes', async () => {
    for (const NumberOfBytes of [1, 12, 1024]) {
      const { Plaintext } = await kms.ask<{ Plaintext: string }>('GenerateRandom', { NumberOfBytes });
      assert.equal(Buffer.from(Plaintext, 'base64').length, NumberOfBytes);
    }
    const at = "ValidationException: 1 validation error detected: Value '";
    for (const [NumberOfBytes, refusal] of [
      [undefined, 'ValidationException: NumberOfBytes is required.'],
      [
        0,
        `${at}0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1`,
      ],
      [
        1025,
        `${at}1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024`,
      ],
    ] as const) {
      assert.equal(await kms.refusal('GenerateRandom', { NumberOfBytes }), refusal);
    }
  });
});

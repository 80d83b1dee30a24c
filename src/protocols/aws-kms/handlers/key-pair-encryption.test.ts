import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

const text = (base64: string) => Buffer.from(base64, 'base64').toString();
const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64');
const message = Buffer.from('a message').toString('base64');
const incorrectKey =
  'IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.';
const invalidCiphertext = 'InvalidCiphertextException: ';

let kms: Kms;
let key: string;
before(async () => {
  kms = await startKms();
  key = await kms.newKey();
});
after(() => kms.close());

async function sealed(input: object = {}): Promise<string> {
  return (await kms.ask<{ CiphertextBlob: string }>('Encrypt', { KeyId: key, Plaintext: message, ...input }))
    .CiphertextBlob;
}

describe('a key pair that encrypts', () => {
  let pair: string;
  before(async () => {
    pair = await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT');
  });

  it('takes as much as its padding leaves', async () => {
    for (const [spec, most] of [
      ['RSA_2048', { RSAES_OAEP_SHA_1: 214, RSAES_OAEP_SHA_256: 190 }],
      ['RSA_3072', { RSAES_OAEP_SHA_1: 342, RSAES_OAEP_SHA_256: 318 }],
      ['RSA_4096', { RSAES_OAEP_SHA_1: 470, RSAES_OAEP_SHA_256: 446 }],
    ] as const) {
      const KeyId = spec === 'RSA_2048' ? pair : await kms.newKey(spec, 'ENCRYPT_DECRYPT');
      for (const [EncryptionAlgorithm, max] of Object.entries(most)) {
        const { CiphertextBlob } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
          KeyId,
          EncryptionAlgorithm,
          Plaintext: bytes(max),
        });
        assert.equal(Buffer.from(CiphertextBlob, 'base64').length, Number(spec.slice(4)) / 8);
        const opened = await kms.ask('Decrypt', { KeyId, EncryptionAlgorithm, CiphertextBlob });
        assert.deepEqual(opened, { KeyId, EncryptionAlgorithm, Plaintext: bytes(max) });
        assert.equal(
          await kms.refusal('Encrypt', { KeyId, EncryptionAlgorithm, Plaintext: bytes(max + 1) }),
          `ValidationException: Algorithm ${EncryptionAlgorithm} and key spec ${spec} cannot encrypt data larger than ${max} bytes.`,
        );
      }
    }
  });

  it('needs its algorithm to be named', async () => {
    const refusal =
      'InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.';
    for (const more of [{}, { EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }]) {
      assert.equal(await kms.refusal('Encrypt', { KeyId: pair, Plaintext: message, ...more }), refusal);
    }
    assert.equal(
      await kms.refusal('Encrypt', {
        KeyId: key,
        Plaintext: message,
        EncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
      }),
      'InvalidKeyUsageException: Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.',
    );
    assert.equal(
      await kms.refusal('Decrypt', { KeyId: pair, CiphertextBlob: bytes(256) }),
      invalidCiphertext,
    );
    assert.match(
      await kms.refusal('Decrypt', { CiphertextBlob: bytes(256), EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' }),
      /^ValidationException: ./,
    );
  });

  it('opens what was encrypted outside, and nothing else', async () => {
    const { PublicKey } = await kms.ask<{ PublicKey: string }>('GetPublicKey', { KeyId: pair });
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' });
    for (const [EncryptionAlgorithm, oaepHash] of [
      ['RSAES_OAEP_SHA_1', 'sha1'],
      ['RSAES_OAEP_SHA_256', 'sha256'],
    ] as const) {
      const outside = publicEncrypt(
        { key: publicKey, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING },
        Buffer.from('outside'),
      );
      const open = (blob: Buffer) => ({
        KeyId: pair,
        EncryptionAlgorithm,
        CiphertextBlob: blob.toString('base64'),
      });
      assert.equal(
        text((await kms.ask<{ Plaintext: string }>('Decrypt', open(outside))).Plaintext),
        'outside',
      );
      for (const other of [
        outside.subarray(1),
        Buffer.alloc(256, 1),
        Buffer.alloc(10, 1),
        Buffer.concat([outside, Buffer.alloc(1)]),
      ]) {
        assert.equal(await kms.refusal('Decrypt', open(other)), invalidCiphertext);
      }
    }
  });

  it('is re-encrypted to and from', async () => {
    const RSAES = 'RSAES_OAEP_SHA_256';
    const CiphertextBlob = await sealed({ EncryptionContext: { a: 'b' } });
    const there = await kms.ask<Record<string, string>>('ReEncrypt', {
      CiphertextBlob,
      SourceKeyId: key,
      SourceEncryptionContext: { a: 'b' },
      DestinationKeyId: pair,
      DestinationEncryptionAlgorithm: RSAES,
    });
    const { CiphertextBlob: moved, SourceKeyMaterialId, ...rest } = there;
    assert.match(SourceKeyMaterialId ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      KeyId: pair,
      SourceKeyId: key,
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: RSAES,
    });
    const back = await kms.ask<Record<string, string>>('ReEncrypt', {
      CiphertextBlob: moved,
      SourceKeyId: pair,
      SourceEncryptionAlgorithm: RSAES,
      DestinationKeyId: key,
      DestinationEncryptionContext: { c: 'd' },
    });
    assert.deepEqual(
      [back['SourceEncryptionAlgorithm'], back['DestinationEncryptionAlgorithm']],
      [RSAES, 'SYMMETRIC_DEFAULT'],
    );
    const opened = await kms.ask<{ Plaintext: string }>('Decrypt', {
      CiphertextBlob: back['CiphertextBlob'],
      EncryptionContext: { c: 'd' },
    });
    assert.equal(text(opened.Plaintext), 'a message');
    assert.equal(
      await kms.refusal('ReEncrypt', {
        CiphertextBlob,
        DestinationKeyId: pair,
        DestinationEncryptionAlgorithm: RSAES,
      }),
      invalidCiphertext,
    );
    const other = await kms.newKey();
    assert.equal(
      await kms.refusal('ReEncrypt', {
        CiphertextBlob,
        SourceKeyId: other,
        SourceEncryptionContext: { a: 'b' },
        DestinationKeyId: other,
      }),
      incorrectKey,
    );
  });
});

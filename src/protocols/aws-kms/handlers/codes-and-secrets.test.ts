import assert from 'node:assert/strict';
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const message = base64('a message');

let kms: Kms;
before(async () => {
  kms = await startKms();
});
after(() => kms.close());

async function publicKeyOf(KeyId: string) {
  const { PublicKey } = await kms.ask<{ PublicKey: string }>('GetPublicKey', { KeyId });
  return createPublicKey({ key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' });
}

describe('GenerateMac and VerifyMac', () => {
  for (const bits of [224, 256, 384, 512]) {
    it(`make and check codes of ${bits} bits`, async () => {
      const KeyId = await kms.newKey(`HMAC_${bits}`, 'GENERATE_VERIFY_MAC');
      const input = { KeyId, Message: message, MacAlgorithm: `HMAC_SHA_${bits}` };
      const { Mac, ...rest } = await kms.ask<{ Mac: string }>('GenerateMac', input);
      assert.deepEqual(rest, { KeyId, MacAlgorithm: `HMAC_SHA_${bits}` });
      assert.equal(Buffer.from(Mac, 'base64').length, bits / 8);
      assert.deepEqual(await kms.ask('VerifyMac', { ...input, Mac }), { ...rest, MacValid: true });
      for (const wrong of [
        { Mac, Message: base64('another') },
        { Mac: 'AAAA' },
        { Mac: base64(Buffer.alloc(bits / 8)) },
      ]) {
        assert.equal(await kms.refusal('VerifyMac', { ...input, ...wrong }), 'KMSInvalidMacException: ');
      }
      const MacAlgorithm = bits === 256 ? 'HMAC_SHA_512' : 'HMAC_SHA_256';
      assert.equal(
        await kms.refusal('GenerateMac', { ...input, MacAlgorithm }),
        `InvalidKeyUsageException: Algorithm ${MacAlgorithm} is incompatible with key spec HMAC_${bits}.`,
      );
    });
  }

  it('know four algorithms', async () => {
    for (const MacAlgorithm of ['INVALID', 'hmac_sha_256']) {
      assert.equal(
        await kms.refusal('GenerateMac', { KeyId: 'none', Message: message, MacAlgorithm }),
        `ValidationException: 1 validation error detected: Value '${MacAlgorithm}' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]`,
      );
    }
  });
});

describe('DeriveSharedSecret', () => {
  const curves = { ECC_NIST_P256: 'prime256v1', ECC_NIST_P384: 'secp384r1', ECC_NIST_P521: 'secp521r1' };
  const spki = (namedCurve: string) =>
    generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' });

  for (const [spec, namedCurve] of Object.entries(curves)) {
    it(`agrees with a peer on ${spec}, and on no other curve`, async () => {
      const KeyId = await kms.newKey(spec, 'KEY_AGREEMENT');
      const peer = generateKeyPairSync('ec', { namedCurve });
      const input = (PublicKey: Buffer) => ({
        KeyId,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: base64(PublicKey),
      });
      const { SharedSecret, ...rest } = await kms.ask<{ SharedSecret: string }>(
        'DeriveSharedSecret',
        input(peer.publicKey.export({ format: 'der', type: 'spki' })),
      );
      assert.deepEqual(rest, { KeyId, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS' });
      assert.equal(
        SharedSecret,
        base64(diffieHellman({ privateKey: peer.privateKey, publicKey: await publicKeyOf(KeyId) })),
      );
      const other = namedCurve === 'prime256v1' ? 'secp384r1' : 'prime256v1';
      for (const wrong of [
        spki(other),
        spki('secp256k1'),
        Buffer.from('no key'),
        peer.publicKey.export({ format: 'der', type: 'spki' }).subarray(1),
      ]) {
        assert.match(await kms.refusal('DeriveSharedSecret', input(wrong)), /^ValidationException: ./);
      }
    });
  }

  it('belongs to keys that agree', async () => {
    const KeyId = await kms.newKey('ECC_NIST_P256', 'SIGN_VERIFY');
    assert.equal(
      await kms.refusal('DeriveSharedSecret', {
        KeyId,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: base64(spki('prime256v1')),
      }),
      `InvalidKeyUsageException: ${KeyId} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret.`,
    );
  });
});

describe('GetPublicKey', () => {
  it('tells what a pair is for', async () => {
    const KeyId = await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT');
    const { PublicKey: _PublicKey, ...rest } = await kms.ask<{ PublicKey: string }>('GetPublicKey', {
      KeyId,
    });
    assert.deepEqual(rest, {
      KeyId,
      CustomerMasterKeySpec: 'RSA_2048',
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT_DECRYPT',
      EncryptionAlgorithms: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
    });
  });

  it('has no answer for secret keys', async () => {
    for (const [spec, usage] of [
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ] as const) {
      assert.equal(
        await kms.refusal('GetPublicKey', { KeyId: await kms.newKey(spec, usage) }),
        'UnsupportedOperationException: ',
      );
    }
  });
});

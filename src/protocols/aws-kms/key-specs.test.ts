import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';

const usages = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] as const;
type Usage = (typeof usages)[number];

const rsaSigning = ['PKCS1_V1_5', 'PSS'].flatMap((padding) =>
  [256, 384, 512].map((bits) => `RSASSA_${padding}_SHA_${bits}`),
);
const rsa = { ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'], SIGN_VERIFY: rsaSigning };
const nist = (bits: number) => ({ SIGN_VERIFY: [`ECDSA_SHA_${bits}`], KEY_AGREEMENT: ['ECDH'] });
const mac = (bits: number) => ({ GENERATE_VERIFY_MAC: [`HMAC_SHA_${bits}`] });
const mlDsa = { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] };

/** Every spec that is served: its usages, and the algorithms of each. */
const table: Readonly<Record<string, Partial<Record<Usage, readonly string[]>>>> = {
  SYMMETRIC_DEFAULT: { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] },
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  ECC_NIST_P256: nist(256),
  ECC_NIST_P384: nist(384),
  ECC_NIST_P521: nist(512),
  ECC_SECG_P256K1: { SIGN_VERIFY: ['ECDSA_SHA_256'] },
  ECC_NIST_EDWARDS25519: { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
  HMAC_224: mac(224),
  HMAC_256: mac(256),
  HMAC_384: mac(384),
  HMAC_512: mac(512),
  ML_DSA_44: mlDsa,
  ML_DSA_65: mlDsa,
  ML_DSA_87: mlDsa,
};

const members: Readonly<Record<Usage, string>> = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
};

type Metadata = Readonly<Record<string, unknown>>;

describe('CreateKey', () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  for (const [spec, offered] of Object.entries(table)) {
    for (const usage of usages) {
      const algorithms = offered[usage];
      it(`${algorithms ? 'makes' : 'refuses'} a key of ${spec} to ${usage}`, async () => {
        const input = { KeySpec: spec, KeyUsage: usage, Description: 'd' };
        if (!algorithms) {
          const message =
            spec === 'SYMMETRIC_DEFAULT'
              ? `The operation failed because the KeyUsage value of the CMK is ${usage}. To perform this operation, the KeyUsage value must be ENCRYPT_DECRYPT.`
              : `KeyUsage ${usage} is not compatible with KeySpec ${spec}`;
          assert.equal(await kms.refusal('CreateKey', input), `ValidationException: ${message}`);
          return;
        }
        const { KeyMetadata: key } = await kms.ask<{ KeyMetadata: Metadata }>('CreateKey', input);
        const { KeyId, CreationDate, CurrentKeyMaterialId, ...rest } = key;
        assert.match(String(KeyId), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.ok(Math.abs(Number(CreationDate) - Date.now() / 1000) < 60);
        if (spec === 'SYMMETRIC_DEFAULT') assert.match(String(CurrentKeyMaterialId), /^[0-9a-f]{64}$/);
        else assert.equal(CurrentKeyMaterialId, undefined);
        assert.deepEqual(rest, {
          AWSAccountId: kms.accountId,
          Arn: `arn:aws:kms:${kms.region}:${kms.accountId}:key/${String(KeyId)}`,
          Enabled: true,
          Description: 'd',
          KeyUsage: usage,
          KeyState: 'Enabled',
          Origin: 'AWS_KMS',
          KeyManager: 'CUSTOMER',
          CustomerMasterKeySpec: spec,
          KeySpec: spec,
          [members[usage]]: algorithms,
          MultiRegion: false,
        });
        const described = await kms.ask<{ KeyMetadata: Metadata }>('DescribeKey', { KeyId });
        assert.deepEqual(described.KeyMetadata, key);
      });
    }
  }

  it('needs a usage, except for symmetric encryption', async () => {
    const { KeyMetadata } = await kms.ask<{ KeyMetadata: Metadata }>('CreateKey');
    assert.equal(KeyMetadata['KeyUsage'], 'ENCRYPT_DECRYPT');
    for (const KeySpec of Object.keys(table).slice(1)) {
      assert.equal(
        await kms.refusal('CreateKey', { KeySpec }),
        'ValidationException: You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
      );
    }
  });

  it('takes the old name of the spec, but not both', async () => {
    const input = { CustomerMasterKeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };
    const { KeyMetadata } = await kms.ask<{ KeyMetadata: Metadata }>('CreateKey', input);
    assert.equal(KeyMetadata['KeySpec'], 'HMAC_256');
    assert.match(
      await kms.refusal('CreateKey', { ...input, KeySpec: 'HMAC_256' }),
      /^ValidationException: You cannot specify KeySpec and CustomerMasterKeySpec/,
    );
    assert.match(
      await kms.refusal('CreateKey', { CustomerMasterKeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' }),
      /^ValidationException: 1 validation error detected: Value 'ML_DSA_44' at 'customerMasterKeySpec'/,
    );
  });

  it('says what it does not make', async () => {
    for (const input of [
      { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' },
      { KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' },
      { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-1' },
      { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: 'cks-1', XksKeyId: 'x' },
      { MultiRegion: true },
    ]) {
      assert.match(await kms.refusal('CreateKey', input), /^UnsupportedOperationException: ./);
    }
  });

  it('refuses tags that are not tags', async () => {
    const tag = (TagKey: string, TagValue = '') => ({ TagKey, TagValue });
    const refusal = (Tags: object[]) => kms.refusal('CreateKey', { Tags });
    assert.match(await refusal([tag('a'), tag('a')]), /^TagException: ./);
    assert.match(await refusal([tag('aws:mine')]), /^TagException: ./);
    assert.match(
      await refusal(Array.from({ length: 51 }, (_, index) => tag(`t${index}`))),
      /^TagException: Too many tags/,
    );
    assert.match(
      await refusal([tag('x'.repeat(129))]),
      /^ValidationException: 1 validation error detected: Value '.*' at 'tags.1.member.tagKey'/,
    );
  });
});

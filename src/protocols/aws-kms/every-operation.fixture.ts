import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { materialFor } from './import.fixture.ts';
import { inputShapes } from './shape.ts';
import type { Kms } from './kms.fixture.ts';

export type Ask = { readonly operation: string; readonly input: object };

const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
  format: 'der',
  type: 'spki',
});
const message = Buffer.from('a message').toString('base64');

type Keys = Readonly<
  Record<'symmetric' | 'rsa' | 'signer' | 'code' | 'agreement' | 'doomed' | 'rotating', string>
>;

async function makeKeys(kms: Kms): Promise<Keys> {
  const [symmetric, rsa, signer, code, agreement, doomed, rotating] = [
    await kms.newKey(),
    await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT'),
    await kms.newKey('ECC_NIST_P256', 'SIGN_VERIFY'),
    await kms.newKey('HMAC_256', 'GENERATE_VERIFY_MAC'),
    await kms.newKey('ECC_NIST_P256', 'KEY_AGREEMENT'),
    await kms.newKey(),
    await kms.newKey(),
  ];
  return { symmetric, rsa, signer, code, agreement, doomed, rotating };
}

/** A valid request for every operation that is served, in an order in which each of them succeeds. */
export async function requestsOf(kms: Kms): Promise<readonly Ask[]> {
  const { symmetric, rsa, signer, code, agreement, doomed, rotating } = await makeKeys(kms);
  const context = { EncryptionContext: { purpose: 'test', Ünicode: '✓' } };
  const sealed = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
    KeyId: symmetric,
    Plaintext: message,
    ...context,
  });
  const signing = { KeyId: signer, Message: message, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' };
  const coding = { KeyId: code, Message: message, MacAlgorithm: 'HMAC_SHA_256' };
  const { Signature } = await kms.ask<{ Signature: string }>('Sign', signing);
  const { Mac } = await kms.ask<{ Mac: string }>('GenerateMac', coding);
  const alias = { AliasName: `alias/every/${symmetric.slice(-36)}`, TargetKeyId: symmetric };
  const dataKey = { KeyId: symmetric, KeySpec: 'AES_256', ...context };
  const pair = { KeyId: symmetric, KeyPairSpec: 'ECC_NIST_P384', ...context };
  const { Policy } = await kms.ask<{ Policy: string }>('GetKeyPolicy', { KeyId: symmetric });
  const policy = { KeyId: symmetric, PolicyName: 'default' };
  const external = await kms.newKey('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', { Origin: 'EXTERNAL' });
  const material = await materialFor(kms, external, randomBytes(32));
  const list = { Limit: 2 };
  const ask = (operation: string, input: object): Ask => ({ operation, input });
  return [
    ask('CreateKey', {
      Description: 'a key',
      Tags: [{ TagKey: 'a', TagValue: 'b' }],
      KeySpec: 'HMAC_512',
      KeyUsage: 'GENERATE_VERIFY_MAC',
    }),
    ask('CreateKey', {
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'KEY_AGREEMENT',
      MultiRegion: false,
      Origin: 'AWS_KMS',
    }),
    ask('CreateAlias', alias),
    ask('UpdateAlias', { ...alias, TargetKeyId: rotating }),
    ask('ListAliases', { KeyId: rotating, ...list }),
    ask('DeleteAlias', { AliasName: alias.AliasName }),
    ask('DescribeKey', { KeyId: symmetric }),
    ask('DescribeKey', { KeyId: rsa }),
    ask('ListKeys', { ...list, ResourceOwners: ['SELF'] }),
    ask('Encrypt', { KeyId: symmetric, Plaintext: message, ...context }),
    ask('Encrypt', { KeyId: rsa, Plaintext: message, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
    ask('Decrypt', { CiphertextBlob: sealed.CiphertextBlob, KeyId: symmetric, ...context }),
    ask('ReEncrypt', {
      CiphertextBlob: sealed.CiphertextBlob,
      SourceEncryptionContext: context.EncryptionContext,
      DestinationKeyId: rotating,
      DestinationEncryptionContext: { moved: 'yes' },
    }),
    ask('GenerateDataKey', dataKey),
    ask('GenerateDataKeyWithoutPlaintext', dataKey),
    ask('GenerateDataKeyPair', pair),
    ask('GenerateDataKeyPairWithoutPlaintext', pair),
    ask('GenerateRandom', { NumberOfBytes: 16 }),
    ask('Sign', signing),
    ask('Verify', { ...signing, Signature }),
    ask('GenerateMac', coding),
    ask('VerifyMac', { ...coding, Mac }),
    ask('DeriveSharedSecret', {
      KeyId: agreement,
      KeyAgreementAlgorithm: 'ECDH',
      PublicKey: peer.toString('base64'),
    }),
    ask('GetPublicKey', { KeyId: signer }),
    ask('GetKeyLastUsage', { KeyId: symmetric }),
    ask('TagResource', {
      KeyId: symmetric,
      Tags: [
        { TagKey: 'stage', TagValue: 'test' },
        { TagKey: 'x', TagValue: '' },
      ],
    }),
    ask('ListResourceTags', { KeyId: symmetric, Limit: 1 }),
    ask('UntagResource', { KeyId: symmetric, TagKeys: ['stage'] }),
    ask('UpdateKeyDescription', { KeyId: symmetric, Description: 'another description' }),
    ask('GetKeyPolicy', policy),
    ask('ListKeyPolicies', { KeyId: symmetric, ...list }),
    ask('PutKeyPolicy', { ...policy, Policy, BypassPolicyLockoutSafetyCheck: false }),
    ask('EnableKeyRotation', { KeyId: rotating, RotationPeriodInDays: 180 }),
    ask('RotateKeyOnDemand', { KeyId: rotating }),
    ask('GetKeyRotationStatus', { KeyId: rotating }),
    ask('ListKeyRotations', { KeyId: rotating, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', ...list }),
    ask('DisableKeyRotation', { KeyId: rotating }),
    ask('GetParametersForImport', {
      KeyId: external,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_2048',
    }),
    ask('ImportKeyMaterial', material),
    ask('DescribeKey', { KeyId: external }),
    ask('DeleteImportedKeyMaterial', { KeyId: external }),
    ask('DisableKey', { KeyId: doomed }),
    ask('EnableKey', { KeyId: doomed }),
    ask('ScheduleKeyDeletion', { KeyId: doomed, PendingWindowInDays: 7 }),
    ask('DescribeKey', { KeyId: doomed }),
    ask('CancelKeyDeletion', { KeyId: doomed }),
  ];
}

/** The answer to a valid request of every operation that is served. */
export async function answersOf(kms: Kms): Promise<readonly { operation: string; answer: object }[]> {
  const answers: { operation: string; answer: object }[] = [];
  for (const { operation, input } of await requestsOf(kms)) {
    answers.push({ operation, answer: await kms.ask<object>(operation, input) });
  }
  const asked = new Set(answers.map(({ operation }) => operation));
  const left = Object.keys(inputShapes).filter((operation) => !asked.has(operation));
  if (left.length > 0) throw new Error(`no request was made for ${left.join(', ')}`);
  return answers;
}

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';

type State = 'Enabled' | 'Disabled' | 'PendingDeletion';
type Expected = 'ok' | 'disabled' | 'pending' | 'not pending';

const message = Buffer.from('m').toString('base64');
const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey;
const spki = peer.export({ format: 'der', type: 'spki' }).toString('base64');

const keys = {
  symmetric: ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
  signer: ['ECC_NIST_P256', 'SIGN_VERIFY'],
  code: ['HMAC_256', 'GENERATE_VERIFY_MAC'],
  agreement: ['ECC_NIST_P256', 'KEY_AGREEMENT'],
} as const;
type Kind = keyof typeof keys;

/** What a request needs that was made while its key was enabled. */
type Prepared = {
  readonly KeyId: string;
  readonly ciphertext: string;
  readonly signature: string;
  readonly mac: string;
};

const signing = { Message: message, SigningAlgorithm: 'ECDSA_SHA_256' };
const coding = { Message: message, MacAlgorithm: 'HMAC_SHA_256' };

/** The key-state table of the service: operation, kind of key, further input, and what happens in each state. */
const everywhere: readonly Expected[] = ['ok', 'ok', 'ok'];
const use: readonly Expected[] = ['ok', 'disabled', 'pending'];
const manage: readonly Expected[] = ['ok', 'ok', 'pending'];
const rows: readonly [string, Kind, (made: Prepared) => object, readonly Expected[]][] = [
  ['Encrypt', 'symmetric', () => ({ Plaintext: message }), use],
  ['Decrypt', 'symmetric', ({ ciphertext }) => ({ CiphertextBlob: ciphertext }), use],
  [
    'ReEncrypt',
    'symmetric',
    ({ ciphertext, KeyId }) => ({ CiphertextBlob: ciphertext, DestinationKeyId: KeyId }),
    use,
  ],
  ['GenerateDataKey', 'symmetric', () => ({ KeySpec: 'AES_256' }), use],
  ['GenerateDataKeyWithoutPlaintext', 'symmetric', () => ({ NumberOfBytes: 8 }), use],
  ['GenerateDataKeyPair', 'symmetric', () => ({ KeyPairSpec: 'ECC_NIST_P256' }), use],
  ['GenerateDataKeyPairWithoutPlaintext', 'symmetric', () => ({ KeyPairSpec: 'ECC_NIST_P256' }), use],
  ['Sign', 'signer', () => signing, use],
  ['Verify', 'signer', ({ signature }) => ({ ...signing, Signature: signature }), use],
  ['GenerateMac', 'code', () => coding, use],
  ['VerifyMac', 'code', ({ mac }) => ({ ...coding, Mac: mac }), use],
  ['DeriveSharedSecret', 'agreement', () => ({ KeyAgreementAlgorithm: 'ECDH', PublicKey: spki }), use],
  // the guide says otherwise, the service was seen to answer
  ['GetPublicKey', 'signer', () => ({}), manage],
  ['EnableKeyRotation', 'symmetric', () => ({}), use],
  ['DisableKeyRotation', 'symmetric', () => ({}), use],
  ['RotateKeyOnDemand', 'symmetric', () => ({}), use],
  ['GetKeyRotationStatus', 'symmetric', () => ({}), everywhere],
  ['ListKeyRotations', 'symmetric', () => ({}), everywhere],
  ['EnableKey', 'symmetric', () => ({}), manage],
  ['DisableKey', 'symmetric', () => ({}), manage],
  ['ScheduleKeyDeletion', 'symmetric', () => ({}), manage],
  ['CancelKeyDeletion', 'symmetric', () => ({}), ['not pending', 'not pending', 'ok']],
  [
    'CreateAlias',
    'symmetric',
    ({ KeyId }) => ({ AliasName: `alias/new/${KeyId.slice(-36)}`, TargetKeyId: KeyId }),
    manage,
  ],
  ['TagResource', 'symmetric', () => ({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }), manage],
  ['UntagResource', 'symmetric', () => ({ TagKeys: ['a'] }), manage],
  ['UpdateKeyDescription', 'symmetric', () => ({ Description: 'd' }), manage],
  ['DescribeKey', 'symmetric', () => ({}), everywhere],
  ['GetKeyPolicy', 'symmetric', () => ({}), everywhere],
  ['ListKeyPolicies', 'symmetric', () => ({}), everywhere],
  ['ListResourceTags', 'symmetric', () => ({}), everywhere],
  ['ListAliases', 'symmetric', () => ({}), everywhere],
  ['GetKeyLastUsage', 'symmetric', () => ({}), everywhere],
];

const states: readonly State[] = ['Enabled', 'Disabled', 'PendingDeletion'];

describe('the state of a key', () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  async function prepare(kind: Kind): Promise<Prepared> {
    const KeyId = await kms.newKey(...keys[kind]);
    const made = { KeyId, ciphertext: '', signature: '', mac: '' };
    if (kind === 'symmetric') {
      made.ciphertext = (
        await kms.ask<{ CiphertextBlob: string }>('Encrypt', { KeyId, Plaintext: message })
      ).CiphertextBlob;
    }
    if (kind === 'signer')
      made.signature = (await kms.ask<{ Signature: string }>('Sign', { KeyId, ...signing })).Signature;
    if (kind === 'code') made.mac = (await kms.ask<{ Mac: string }>('GenerateMac', { KeyId, ...coding })).Mac;
    return made;
  }

  async function bring(KeyId: string, state: State): Promise<void> {
    if (state === 'Disabled') await kms.ask('DisableKey', { KeyId });
    if (state === 'PendingDeletion') await kms.ask('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    const { KeyMetadata } = await kms.ask<{ KeyMetadata: Record<string, unknown> }>('DescribeKey', { KeyId });
    assert.equal(KeyMetadata['KeyState'], state);
    assert.equal(KeyMetadata['Enabled'], state === 'Enabled');
    assert.equal('DeletionDate' in KeyMetadata, state === 'PendingDeletion');
  }

  for (const [operation, kind, more, expected] of rows) {
    for (const [index, state] of states.entries()) {
      it(`${state}: ${operation} is ${expected[index]}`, async () => {
        const made = await prepare(kind);
        await bring(made.KeyId, state);
        const input = operation === 'CreateAlias' ? more(made) : { KeyId: made.KeyId, ...more(made) };
        const refusals: Readonly<Record<Expected, string | null>> = {
          ok: null,
          disabled: `DisabledException: ${made.KeyId} is disabled.`,
          pending: `KMSInvalidStateException: ${made.KeyId} is pending deletion.`,
          'not pending': `KMSInvalidStateException: ${made.KeyId} is not pending deletion.`,
        };
        const refusal = refusals[expected[index] ?? 'ok'];
        if (refusal === null) await kms.ask(operation, input);
        else assert.equal(await kms.refusal(operation, input), refusal);
      });
    }
  }

  it('lets a name leave a key that is pending deletion, but not come to one', async () => {
    const [doomed, other] = [await kms.newKey(), await kms.newKey()];
    await kms.ask('CreateAlias', { AliasName: 'alias/leaving', TargetKeyId: doomed });
    await kms.ask('CreateAlias', { AliasName: 'alias/staying', TargetKeyId: doomed });
    await bring(doomed, 'PendingDeletion');
    await kms.ask('UpdateAlias', { AliasName: 'alias/leaving', TargetKeyId: other });
    assert.equal(
      await kms.refusal('UpdateAlias', { AliasName: 'alias/leaving', TargetKeyId: doomed }),
      `KMSInvalidStateException: ${doomed} is pending deletion.`,
    );
    await kms.ask('DeleteAlias', { AliasName: 'alias/staying' });
  });

  it('comes back disabled from a cancelled deletion, and works once it is enabled', async () => {
    const { KeyId, ciphertext } = await prepare('symmetric');
    const before = Date.now() / 1000;
    const scheduled = await kms.ask<Record<string, unknown>>('ScheduleKeyDeletion', { KeyId });
    const { DeletionDate, ...rest } = scheduled;
    assert.deepEqual(rest, { KeyId, KeyState: 'PendingDeletion', PendingWindowInDays: 30 });
    assert.ok(Math.abs(Number(DeletionDate) - before - 30 * 86_400) < 60);
    assert.deepEqual(await kms.ask('CancelKeyDeletion', { KeyId }), { KeyId });
    assert.equal(
      await kms.refusal('Decrypt', { CiphertextBlob: ciphertext }),
      `DisabledException: ${KeyId} is disabled.`,
    );
    await kms.ask('EnableKey', { KeyId });
    await kms.ask('Decrypt', { CiphertextBlob: ciphertext });
  });

  it('is asked after the usage and before the algorithm', async () => {
    const { KeyId } = await prepare('code');
    await bring(KeyId, 'Disabled');
    assert.equal(
      await kms.refusal('Sign', { KeyId, ...signing }),
      `InvalidKeyUsageException: ${KeyId} key usage is GENERATE_VERIFY_MAC which is not valid for Sign.`,
    );
    assert.equal(
      await kms.refusal('GenerateMac', { KeyId, ...coding, MacAlgorithm: 'HMAC_SHA_512' }),
      `DisabledException: ${KeyId} is disabled.`,
    );
  });

  it('is not asked before the waiting time is found to be wrong', async () => {
    const { KeyId } = await prepare('symmetric');
    for (const PendingWindowInDays of [1, 6, 31, 365]) {
      assert.match(
        await kms.refusal('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }),
        /^ValidationException: ./,
      );
    }
    for (const PendingWindowInDays of [0, 366, -1]) {
      assert.match(
        await kms.refusal('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }),
        /^ValidationException: 1 validation error detected: Value '-?\d+' at 'pendingWindowInDays' failed/,
      );
    }
  });
});

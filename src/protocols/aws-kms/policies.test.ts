import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';

const message = Buffer.from('m').toString('base64');
const allow = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' };

function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

describe('a key policy', () => {
  let kms: Kms;
  let KeyId: string;
  before(async () => {
    kms = await startKms();
    KeyId = await kms.newKey();
  });
  after(() => kms.close());

  it('lets the account decide, where none was given', async () => {
    const found = await kms.ask<{ Policy: string; PolicyName: string }>('GetKeyPolicy', { KeyId });
    assert.equal(found.PolicyName, 'default');
    assert.deepEqual(JSON.parse(found.Policy), {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${kms.accountId}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
  });

  it('comes back as it was written, and is the only one', async () => {
    const Policy = policyOf({ ...allow, Sid: 'ü' });
    assert.deepEqual(await kms.ask('PutKeyPolicy', { KeyId, Policy, PolicyName: 'default' }), {});
    assert.equal(
      (await kms.ask<{ Policy: string }>('GetKeyPolicy', { KeyId, PolicyName: 'default' })).Policy,
      Policy,
    );
    const other = { KeyId, PolicyName: 'other' };
    assert.equal(await kms.refusal('GetKeyPolicy', other), 'NotFoundException: No such policy exists');
    assert.match(
      await kms.refusal('PutKeyPolicy', { ...other, Policy }),
      /^UnsupportedOperationException: ./,
    );
  });

  it('is refused where it is malformed, or locks its writer out', async () => {
    const lockout = 'The new key policy will not allow you to update the key policy in the future.';
    const self = `arn:aws:iam::${kms.accountId}:user/admin`;
    const stranger = 'arn:aws:iam::999999999999:root';
    for (const Policy of [
      '{',
      '[]',
      '""',
      policyOf(),
      policyOf({ ...allow, Effect: 'Maybe' }),
      policyOf({ Effect: 'Allow', Action: 'kms:*', Resource: '*' }),
      policyOf({ ...allow, Principal: { AWS: 'nobody' } }),
    ]) {
      assert.match(
        await kms.refusal('PutKeyPolicy', { KeyId, Policy }),
        /^MalformedPolicyDocumentException: ./,
      );
      assert.match(await kms.refusal('CreateKey', { Policy }), /^MalformedPolicyDocumentException: ./);
    }
    const lockedOut = [
      policyOf({ ...allow, Principal: { AWS: stranger } }),
      policyOf({ ...allow, Action: 'kms:Encrypt' }),
      policyOf(allow, { ...allow, Effect: 'Deny', Principal: { AWS: self }, Action: 'kms:Put*' }),
    ];
    for (const Policy of lockedOut) {
      for (const [operation, more] of [
        ['PutKeyPolicy', { KeyId }],
        ['CreateKey', {}],
      ] as const) {
        assert.equal(
          await kms.refusal(operation, { ...more, Policy }),
          `MalformedPolicyDocumentException: ${lockout}`,
        );
      }
      await kms.ask('CreateKey', { Policy, BypassPolicyLockoutSafetyCheck: true });
    }
  });

  it('decides about every use, also of a key that only the ciphertext names', async () => {
    const id = await kms.newKey();
    const { CiphertextBlob } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
      KeyId: id,
      Plaintext: message,
    });
    const denied = (Action: string | string[], more: object = {}) =>
      policyOf(allow, { ...allow, Effect: 'Deny', Action, ...more });
    const refusal = (action: string) =>
      `AccessDeniedException: User: arn:aws:iam::${kms.accountId}:user/admin is not authorized to perform: kms:${action} on resource: ${id} with an explicit deny in a resource-based policy`;
    await kms.ask('PutKeyPolicy', { KeyId: id, Policy: denied('kms:Decrypt') });
    for (const more of [{}, { KeyId: id }])
      assert.equal(await kms.refusal('Decrypt', { CiphertextBlob, ...more }), refusal('Decrypt'));
    await kms.ask('ReEncrypt', { CiphertextBlob, DestinationKeyId: id });
    await kms.ask('PutKeyPolicy', { KeyId: id, Policy: denied('kms:ReEncryptTo') });
    assert.equal(
      await kms.refusal('ReEncrypt', { CiphertextBlob, DestinationKeyId: id }),
      refusal('ReEncryptTo'),
    );
    await kms.ask('PutKeyPolicy', { KeyId: id, Policy: denied('kms:ReEncryptFrom') });
    assert.equal(
      await kms.refusal('ReEncrypt', { CiphertextBlob, DestinationKeyId: KeyId }),
      refusal('ReEncryptFrom'),
    );
    const Condition = { StringEquals: { 'kms:EncryptionContext:stage': 'production' } };
    await kms.ask('PutKeyPolicy', { KeyId: id, Policy: denied('kms:Encrypt', { Condition }) });
    await kms.ask('Encrypt', { KeyId: id, Plaintext: message, EncryptionContext: { stage: 'test' } });
    assert.equal(
      await kms.refusal('Encrypt', {
        KeyId: id,
        Plaintext: message,
        EncryptionContext: { stage: 'production' },
      }),
      refusal('Encrypt'),
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { requestsOf, type Ask } from './every-operation.fixture.ts';
import { startKms, type Kms } from './kms.fixture.ts';
import { inputShapes } from './shape.ts';

const dry = 'DryRunOperationException: The request would have succeeded, but the DryRun option is set.';
const message = Buffer.from('m').toString('base64');

describe('a dry run', () => {
  let kms: Kms;
  let requests: readonly Ask[];
  before(async () => {
    kms = await startKms();
    requests = (await requestsOf(kms)).filter(({ operation }) => inputShapes[operation]?.['DryRun']);
  });
  after(() => kms.close());

  it('of every operation that has it says that all would have worked', async () => {
    assert.equal(new Set(requests.map(({ operation }) => operation)).size, 12);
    for (const { operation, input } of requests) {
      assert.equal(await kms.refusal(operation, { ...input, DryRun: true }), dry, operation);
      await kms.ask(operation, { ...input, DryRun: false });
    }
  });

  it('tells another error first', async () => {
    const KeyId = await kms.newKey();
    const { CiphertextBlob } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
      KeyId,
      Plaintext: message,
    });
    const DryRun = true;
    assert.equal(
      await kms.refusal('Decrypt', { CiphertextBlob, EncryptionContext: { a: 'b' }, DryRun }),
      'InvalidCiphertextException: ',
    );
    await kms.ask('DisableKey', { KeyId });
    assert.equal(
      await kms.refusal('Encrypt', { KeyId, Plaintext: message, DryRun }),
      `DisabledException: ${KeyId} is disabled.`,
    );
    const code = await kms.newKey('HMAC_256', 'GENERATE_VERIFY_MAC');
    const coding = { KeyId: code, Message: message, MacAlgorithm: 'HMAC_SHA_256', Mac: 'AAAA' };
    assert.equal(await kms.refusal('VerifyMac', { ...coding, DryRun }), 'KMSInvalidMacException: ');
  });

  it('can do without the ciphertext, where it names the key', async () => {
    const KeyId = await kms.newKey();
    const other = await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT');
    const modified = { DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };
    const oaep = 'RSAES_OAEP_SHA_256';
    for (const more of [{}, { CiphertextBlob: 'AAAA' }]) {
      assert.equal(await kms.refusal('Decrypt', { KeyId, ...more, ...modified }), dry);
      assert.equal(
        await kms.refusal('Decrypt', { KeyId: other, EncryptionAlgorithm: oaep, ...more, ...modified }),
        dry,
      );
      assert.equal(
        await kms.refusal('ReEncrypt', {
          SourceKeyId: KeyId,
          DestinationKeyId: other,
          DestinationEncryptionAlgorithm: oaep,
          ...more,
          ...modified,
        }),
        dry,
      );
    }
    const at = 'ValidationException: 1 validation error detected: Value';
    const missing = (member: string) =>
      `${at} null at '${member}' failed to satisfy constraint: Member must not be null`;
    assert.equal(await kms.refusal('Decrypt', modified), missing('keyId'));
    assert.equal(
      await kms.refusal('ReEncrypt', { DestinationKeyId: KeyId, ...modified }),
      missing('sourceKeyId'),
    );
    assert.equal(
      await kms.refusal('Decrypt', { KeyId, ...modified, DryRun: false }),
      missing('ciphertextBlob'),
    );
    assert.match(
      await kms.refusal('Decrypt', { KeyId, DryRun: true, DryRunModifiers: ['FOO'] }),
      new RegExp(`^${at} 'FOO' at 'dryRunModifiers.1.member' failed`),
    );
    await kms.ask('DisableKey', { KeyId });
    assert.equal(
      await kms.refusal('Decrypt', { KeyId, ...modified }),
      `DisabledException: ${KeyId} is disabled.`,
    );
  });
});

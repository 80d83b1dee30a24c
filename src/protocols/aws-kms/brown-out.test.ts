import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { operations } from '#operations';
import { startKms, type Kms } from './kms.fixture.ts';

const text = Buffer.from('x').toString('base64');

describe('a key that waits for its deletion', () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  it('counts the requests that were refused for it, by what they asked', async () => {
    const arn = await kms.newKey();
    const { CiphertextBlob } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
      KeyId: arn,
      Plaintext: text,
    });
    await kms.ask('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 });
    const pending = /^KMSInvalidStateException/;
    for (let count = 0; count < 3; count += 1)
      assert.match(await kms.refusal('Decrypt', { CiphertextBlob }), pending);
    assert.match(await kms.refusal('Encrypt', { KeyId: arn, Plaintext: text }), pending);
    assert.match(await kms.refusal('GenerateDataKey', { KeyId: arn, KeySpec: 'AES_256' }), pending);
    // these do not need what the key protects
    assert.match(await kms.refusal('DisableKey', { KeyId: arn }), pending);
    await kms.ask('DescribeKey', { KeyId: arn });
    const { door, house } = kms.composition;
    const reference = { key: { kind: 'id', id: arn.split('/').at(-1) ?? '' } } as const;
    const told = () => door.runAsSystem(operations.describeDestruction, 'default', reference);
    const counts = async () =>
      (await told()).demands.map(({ principal, operation, count }) => [principal, operation, count]);
    const expected = [
      ['admin', 'keys.decrypt', 3],
      ['admin', 'keys.encrypt', 1],
      ['admin', 'keys.generate-data-key', 1],
    ];
    assert.deepEqual((await counts()).sort(), expected);
    await house.demands.flush();
    assert.deepEqual((await counts()).sort(), expected);
    // AWS has no word for a reason
    const { destruction } = await told();
    assert.deepEqual([destruction?.reason, destruction?.waitingDays], [null, 7]);
    await kms.ask('CancelKeyDeletion', { KeyId: arn });
    assert.equal((await told()).destruction?.step, 'cancelled');
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

const message = Buffer.from('m').toString('base64');
const daySeconds = 86_400;

type Rotation = Readonly<Record<string, unknown>>;

describe('rotation', () => {
  let kms: Kms;
  let now = Date.now();
  before(async () => {
    kms = await startKms({ clock: { now: () => now } });
  });
  after(() => kms.close());

  const idOf = (arn: string) => arn.slice(-36);
  const status = (KeyId: string) => kms.ask<Record<string, unknown>>('GetKeyRotationStatus', { KeyId });
  const rotations = async (KeyId: string, more: object = {}) =>
    (await kms.ask<{ Rotations: Rotation[] }>('ListKeyRotations', { KeyId, ...more })).Rotations;

  it('is off, yearly, or of any period from 90 to 2,560 days', async () => {
    const KeyId = await kms.newKey();
    assert.deepEqual(await status(KeyId), { KeyId: idOf(KeyId), KeyRotationEnabled: false });
    // a version of AES_256 protects for two years: a longer period does not make it protect any longer
    for (const [input, days, nextInSeconds] of [
      [{}, 365, 365 * daySeconds],
      [{ RotationPeriodInDays: 90 }, 90, 90 * daySeconds],
      [{ RotationPeriodInDays: 2560 }, 2560, 365 * daySeconds - 3600],
    ] as const) {
      assert.deepEqual(await kms.ask('EnableKeyRotation', { KeyId, ...input }), {});
      assert.deepEqual(await status(KeyId), {
        KeyId: idOf(KeyId),
        KeyRotationEnabled: true,
        RotationPeriodInDays: days,
        NextRotationDate: now / 1000 + nextInSeconds,
      });
    }
    for (const [RotationPeriodInDays, rule] of [
      [89, 'greater than or equal to 90'],
      [2561, 'less than or equal to 2560'],
    ] as const) {
      assert.equal(
        await kms.refusal('EnableKeyRotation', { KeyId, RotationPeriodInDays }),
        `ValidationException: 1 validation error detected: Value '${RotationPeriodInDays}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value ${rule}`,
      );
    }
    assert.deepEqual(await kms.ask('DisableKeyRotation', { KeyId }), {});
    assert.deepEqual(await status(KeyId), { KeyId: idOf(KeyId), KeyRotationEnabled: false });
  });

  it('pauses while a key is pending deletion', async () => {
    const KeyId = await kms.newKey();
    await kms.ask('EnableKeyRotation', { KeyId });
    await kms.ask('ScheduleKeyDeletion', { KeyId });
    assert.deepEqual(await status(KeyId), { KeyId: idOf(KeyId), KeyRotationEnabled: false });
    await kms.ask('CancelKeyDeletion', { KeyId });
    assert.equal((await status(KeyId))['KeyRotationEnabled'], true);
  });

  it('on demand makes new material, and the old opens what it protected', async () => {
    const KeyId = await kms.newKey();
    await kms.ask('EnableKeyRotation', { KeyId });
    const schedule = await status(KeyId);
    const seal = async () =>
      (await kms.ask<{ CiphertextBlob: string }>('Encrypt', { KeyId, Plaintext: message })).CiphertextBlob;
    const materialOf = async (CiphertextBlob: string) =>
      (await kms.ask<{ KeyMaterialId: string }>('Decrypt', { CiphertextBlob })).KeyMaterialId;
    const blobs = [await seal()];
    for (let count = 0; count < 3; count += 1) {
      now += 1000;
      assert.deepEqual(await kms.ask('RotateKeyOnDemand', { KeyId }), { KeyId });
      blobs.push(await seal());
    }
    assert.deepEqual(await status(KeyId), schedule, 'the schedule stays');
    const materials = await Promise.all(blobs.map(materialOf));
    assert.equal(new Set(materials).size, 4);
    const { KeyMetadata } = await kms.ask<{ KeyMetadata: Record<string, unknown> }>('DescribeKey', { KeyId });
    assert.equal(KeyMetadata['CurrentKeyMaterialId'], materials.at(-1));
    const listed = await rotations(KeyId);
    assert.deepEqual(
      listed,
      materials.slice(1).map((KeyMaterialId, index) => ({
        KeyId: idOf(KeyId),
        KeyMaterialId,
        KeyMaterialState: index === 2 ? 'CURRENT' : 'NON_CURRENT',
        RotationDate: (now - 2000 + index * 1000) / 1000,
        RotationType: 'ON_DEMAND',
      })),
    );
    assert.deepEqual(await rotations(KeyId, { IncludeKeyMaterial: 'ROTATIONS_ONLY' }), listed);
    const [first, ...rest] = await rotations(KeyId, { IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
    assert.deepEqual(first, {
      KeyId: idOf(KeyId),
      KeyMaterialId: materials[0],
      KeyMaterialState: 'NON_CURRENT',
    });
    assert.deepEqual(rest, listed);
  });

  it('on demand happens 25 times to a key', async () => {
    const KeyId = await kms.newKey();
    for (let count = 0; count < 25; count += 1) await kms.ask('RotateKeyOnDemand', { KeyId });
    assert.match(await kms.refusal('RotateKeyOnDemand', { KeyId }), /^LimitExceededException: ./);
    assert.equal((await rotations(KeyId)).length, 25);
  });

  it('is for symmetric encryption keys', async () => {
    for (const [spec, usage] of [
      ['RSA_2048', 'ENCRYPT_DECRYPT'],
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ] as const) {
      const KeyId = await kms.newKey(spec, usage);
      for (const operation of ['EnableKeyRotation', 'RotateKeyOnDemand', 'ListKeyRotations']) {
        assert.equal(await kms.refusal(operation, { KeyId }), 'UnsupportedOperationException: ', operation);
      }
      assert.deepEqual(await kms.ask('DisableKeyRotation', { KeyId }), {});
      assert.deepEqual(await status(KeyId), { KeyId: idOf(KeyId), KeyRotationEnabled: false });
    }
  });
});

describe('GetKeyLastUsage', () => {
  it('tells the last successful use', async () => {
    const kms = await startKms();
    try {
      const [KeyId, other] = [await kms.newKey(), await kms.newKey()];
      const usage = (id: string) =>
        kms.ask<Record<string, unknown> & { KeyLastUsage?: Rotation }>('GetKeyLastUsage', { KeyId: id });
      const unused = await usage(KeyId);
      assert.deepEqual(Object.keys(unused).toSorted(), ['KeyCreationDate', 'KeyId', 'TrackingStartDate']);
      assert.equal(unused['KeyId'], KeyId.slice(-36));
      const { CiphertextBlob } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
        KeyId,
        Plaintext: message,
      });
      const { Operation, Timestamp, ...ids } = (await usage(KeyId)).KeyLastUsage ?? {};
      assert.equal(Operation, 'Encrypt');
      assert.ok(Math.abs(Number(Timestamp) - Date.now() / 1000) < 60);
      assert.deepEqual(Object.keys(ids).toSorted(), ['CloudTrailEventId', 'KmsRequestId']);
      await kms.refusal('Decrypt', { CiphertextBlob, EncryptionContext: { a: 'b' } });
      await kms.refusal('Encrypt', { KeyId, Plaintext: message, DryRun: true });
      assert.equal((await usage(KeyId)).KeyLastUsage?.['Operation'], 'Encrypt');
      await kms.ask('ReEncrypt', { CiphertextBlob, DestinationKeyId: other });
      for (const id of [KeyId, other])
        assert.equal((await usage(id)).KeyLastUsage?.['Operation'], 'ReEncrypt');
    } finally {
      await kms.close();
    }
  });
});

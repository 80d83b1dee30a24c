import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';

const message = Buffer.from('m').toString('base64');
const absent = '12345678-1234-1234-1234-123456789012';

/** Operations that take a key's id or ARN only; the rotation operations take aliases too (DIVERGENCES.md). */
const keyOnly: readonly (readonly [string, object])[] = [
  ['EnableKey', {}],
  ['DisableKey', {}],
  ['ScheduleKeyDeletion', {}],
  ['CancelKeyDeletion', {}],
  ['TagResource', { Tags: [] }],
  ['UntagResource', { TagKeys: [] }],
  ['ListResourceTags', {}],
  ['UpdateKeyDescription', { Description: '' }],
  ['GetKeyPolicy', {}],
  ['PutKeyPolicy', { Policy: '{}' }],
  ['ListKeyPolicies', {}],
  ['GetKeyLastUsage', {}],
  ['ListAliases', {}],
];

const anyForm: readonly (readonly [string, object])[] = [
  ['DescribeKey', {}],
  ['Encrypt', { Plaintext: message }],
  ['GenerateDataKey', { KeySpec: 'AES_128' }],
  ['GenerateDataKeyPairWithoutPlaintext', { KeyPairSpec: 'ECC_NIST_P256' }],
  ['EnableKeyRotation', {}],
  ['GetKeyRotationStatus', {}],
  ['RotateKeyOnDemand', {}],
  ['ListKeyRotations', {}],
  ['DisableKeyRotation', {}],
];

describe('the identifier of a key', () => {
  let kms: Kms;
  let arn: string;
  let prefix: string;
  before(async () => {
    kms = await startKms();
    arn = await kms.newKey();
    prefix = `arn:aws:kms:${kms.region}:${kms.accountId}`;
    await kms.ask('CreateAlias', { AliasName: 'alias/mine', TargetKeyId: arn });
  });
  after(() => kms.close());

  it('is an id, an ARN, an alias or the ARN of one where a key is used', async () => {
    for (const [operation, input] of anyForm) {
      for (const KeyId of [arn, arn.slice(-36), 'alias/mine', `${prefix}:alias/mine`]) {
        await kms.ask(operation, { KeyId, ...input });
      }
    }
  });

  it('is an id or an ARN where a key is managed', async () => {
    for (const [operation, input] of keyOnly) {
      for (const KeyId of ['alias/mine', `${prefix}:alias/mine`, 'alias/missing']) {
        assert.equal(
          await kms.refusal(operation, { KeyId, ...input }),
          'InvalidArnException: Key Aliases are not supported for this operation.',
          operation,
        );
      }
    }
  });

  it('is told back when there is no such key', async () => {
    const refusals: readonly (readonly [string, string])[] = [
      [absent, `NotFoundException: Key '${prefix}:key/${absent}' does not exist`],
      [`${prefix}:key/${absent}`, `NotFoundException: Key '${prefix}:key/${absent}' does not exist`],
      [
        'mrk-1234567812341234123412345678901a',
        `NotFoundException: Key '${prefix}:key/mrk-1234567812341234123412345678901a' does not exist`,
      ],
      ['foo', "NotFoundException: Invalid keyId 'foo'"],
      [
        '12345678123412341234123456789012',
        "NotFoundException: Invalid keyId '12345678123412341234123456789012'",
      ],
      ['mrk-1234', "NotFoundException: Invalid keyId 'mrk-1234'"],
      [`${prefix}:key/foo`, 'NotFoundException: Invalid keyId foo'],
      ['alias/missing', `NotFoundException: Alias ${prefix}:alias/missing is not found.`],
      [`${prefix}:alias/missing`, `NotFoundException: Alias ${prefix}:alias/missing is not found.`],
      ['alias/aws/s3', `NotFoundException: Alias ${prefix}:alias/aws/s3 is not found.`],
      ['arn:aws:s3:::bucket', 'InvalidArnException: Invalid arn arn:aws:s3:::bucket'],
    ];
    for (const [KeyId, refusal] of refusals)
      assert.equal(await kms.refusal('DescribeKey', { KeyId }), refusal);
  });

  it('belongs to one region', async () => {
    const there = 'eu-west-1';
    assert.equal(
      await kms.refusal('DescribeKey', { KeyId: arn.slice(-36) }, there),
      `NotFoundException: Key '${prefix.replace(kms.region, there)}:key/${arn.slice(-36)}' does not exist`,
    );
    for (const KeyId of [arn, `${prefix}:alias/mine`]) {
      assert.equal(
        await kms.refusal('DescribeKey', { KeyId }, there),
        `NotFoundException: Invalid arn ${kms.region}`,
      );
    }
    assert.equal(
      await kms.refusal('DescribeKey', { KeyId: 'alias/mine' }, there),
      `NotFoundException: Alias ${prefix.replace(kms.region, there)}:alias/mine is not found.`,
    );
    const { body } = await kms.call('ListKeys', {}, there);
    assert.deepEqual(body, { Keys: [], Truncated: false });
  });

  it('of another account opens nothing', async () => {
    const KeyId = arn.replace(kms.accountId, '999999999999');
    assert.match(
      await kms.refusal('DescribeKey', { KeyId }),
      /^AccessDeniedException: The caller is not authorized to perform: kms:DescribeKey on a resource of account 9{12} because/,
    );
  });

  it('is checked before anything is looked up', async () => {
    const at =
      "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null";
    assert.equal(await kms.refusal('DescribeKey'), `ValidationException: ${at}`);
    assert.equal(
      await kms.refusal('GetPublicKey', { KeyId: '' }),
      "ValidationException: 2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'keyId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^\\p{ASCII}+$",
    );
    assert.match(
      await kms.refusal('DescribeKey', { KeyId: 'キー' }),
      /^ValidationException: 1 validation error detected: Value 'キー' at 'keyId' failed/,
    );
  });
});

describe('an alias', () => {
  let kms: Kms;
  let prefix: string;
  before(async () => {
    kms = await startKms();
    prefix = `arn:aws:kms:${kms.region}:${kms.accountId}`;
  });
  after(() => kms.close());

  it('has a name of its own form', async () => {
    const TargetKeyId = await kms.newKey();
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['mine', /^ValidationException: Alias must start with the prefix "alias\/"\./],
      ['alias/aws/mine', /^NotAuthorizedException: $/],
      ['alias/my:alias', /^ValidationException: alias\/my:alias contains invalid characters for an alias$/],
      ['alias/', /^ValidationException: ./],
      [
        'alias/my alias',
        /^ValidationException: 1 validation error detected: Value 'alias\/my alias' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: \^\[a-zA-Z0-9:\/_-\]\+\$$/,
      ],
      [`alias/${'x'.repeat(251)}`, /Member must have length less than or equal to 256$/],
    ];
    for (const [AliasName, refusal] of refusals) {
      assert.match(await kms.refusal('CreateAlias', { AliasName, TargetKeyId }), refusal);
    }
    for (const AliasName of ['alias/a/b_c-D9', `alias/${'x'.repeat(250)}`]) {
      await kms.ask('CreateAlias', { AliasName, TargetKeyId });
    }
  });

  it('stands for one key, and is made once', async () => {
    const [one, other] = [await kms.newKey(), await kms.newKey()];
    await kms.ask('CreateAlias', { AliasName: 'alias/once', TargetKeyId: one });
    for (const TargetKeyId of [one, other, one.slice(-36)]) {
      assert.equal(
        await kms.refusal('CreateAlias', { AliasName: 'alias/once', TargetKeyId }),
        `AlreadyExistsException: An alias with the name ${prefix}:alias/once already exists`,
      );
    }
    for (const TargetKeyId of ['alias/once', `${prefix}:alias/once`]) {
      assert.equal(
        await kms.refusal('CreateAlias', { AliasName: 'alias/twice', TargetKeyId }),
        'ValidationException: Aliases must refer to keys. Not aliases',
      );
    }
  });

  it('moves only to a key of the same kind and usage', async () => {
    const [one, other, pair, code] = [
      await kms.newKey(),
      await kms.newKey(),
      await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT'),
      await kms.newKey('HMAC_256', 'GENERATE_VERIFY_MAC'),
    ];
    const AliasName = 'alias/moving';
    await kms.ask('CreateAlias', { AliasName, TargetKeyId: one });
    await kms.ask('UpdateAlias', { AliasName, TargetKeyId: other });
    const { Aliases } = await kms.ask<{ Aliases: Record<string, unknown>[] }>('ListAliases', {
      KeyId: other,
    });
    const [{ CreationDate, LastUpdatedDate, ...entry } = {}] = Aliases;
    assert.deepEqual(entry, { AliasName, AliasArn: `${prefix}:${AliasName}`, TargetKeyId: other.slice(-36) });
    assert.ok(Number(LastUpdatedDate) >= Number(CreationDate));
    for (const TargetKeyId of [pair, code]) {
      assert.match(await kms.refusal('UpdateAlias', { AliasName, TargetKeyId }), /^ValidationException: ./);
    }
    for (const [operation, input] of [
      ['UpdateAlias', { AliasName: 'alias/nowhere', TargetKeyId: one }],
      ['DeleteAlias', { AliasName: 'alias/nowhere' }],
    ] as const) {
      assert.equal(
        await kms.refusal(operation, input),
        `NotFoundException: Alias ${prefix}:alias/nowhere is not found.`,
      );
    }
    await kms.ask('DeleteAlias', { AliasName });
    assert.match(await kms.refusal('DescribeKey', { KeyId: AliasName }), /^NotFoundException/);
  });
});

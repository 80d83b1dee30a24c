import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { removeHome, startTestServer, type TestServer } from '../servers.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe('what the AWS SDK makes of the answers', () => {
  let server: TestServer;
  let client: kms.KMSClient;
  before(async () => {
    server = await startTestServer();
    client = new kms.KMSClient({
      endpoint: server.address,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    });
  });
  after(async () => {
    client.destroy();
    await server.stop();
    removeHome(server.home);
  });

  async function newKey(input: kms.CreateKeyCommandInput = {}): Promise<string> {
    return (await client.send(new kms.CreateKeyCommand(input))).KeyMetadata?.Arn ?? '';
  }

  it('dates, flags and bytes have their types', async () => {
    const { KeyMetadata: key } = await client.send(new kms.CreateKeyCommand({}));
    assert.ok(key?.CreationDate instanceof Date);
    assert.ok(Math.abs(key.CreationDate.getTime() - Date.now()) < 60_000);
    assert.deepEqual([key.Enabled, key.MultiRegion], [true, false]);
    const KeyId = key.KeyId ?? '';
    const scheduled = await client.send(
      new kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
    );
    assert.ok(scheduled.DeletionDate instanceof Date);
    await client.send(new kms.CancelKeyDeletionCommand({ KeyId }));
    await client.send(new kms.EnableKeyCommand({ KeyId }));
    await client.send(new kms.EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    await client.send(new kms.RotateKeyOnDemandCommand({ KeyId }));
    const status = await client.send(new kms.GetKeyRotationStatusCommand({ KeyId }));
    assert.ok(status.NextRotationDate instanceof Date);
    assert.deepEqual([status.KeyRotationEnabled, status.RotationPeriodInDays], [true, 90]);
    const { Rotations } = await client.send(new kms.ListKeyRotationsCommand({ KeyId }));
    assert.ok(Rotations?.[0]?.RotationDate instanceof Date);
    const { CiphertextBlob } = await client.send(new kms.EncryptCommand({ KeyId, Plaintext: bytes('x') }));
    assert.ok(CiphertextBlob instanceof Uint8Array);
    const usage = await client.send(new kms.GetKeyLastUsageCommand({ KeyId }));
    assert.equal(usage.KeyLastUsage?.Operation, 'Encrypt');
    assert.ok(usage.KeyLastUsage.Timestamp instanceof Date);
    assert.ok(usage.TrackingStartDate instanceof Date && usage.KeyCreationDate instanceof Date);
  });

  it('imported material rotates, and its list has types', async () => {
    const KeyId = await newKey({ Origin: 'EXTERNAL' });
    const bring = async (material: Uint8Array, more: Partial<kms.ImportKeyMaterialCommandInput>) => {
      const wish = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const;
      const told = await client.send(new kms.GetParametersForImportCommand({ KeyId, ...wish }));
      const key = createPublicKey({
        key: Buffer.from(told.PublicKey ?? []),
        format: 'der',
        type: 'spki',
      });
      const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
      const { ImportToken } = told;
      const EncryptedKeyMaterial = new Uint8Array(publicEncrypt(oaep, material));
      const input = { KeyId, ImportToken, EncryptedKeyMaterial, ...more };
      return client.send(new kms.ImportKeyMaterialCommand(input));
    };
    const forEver = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const;
    const one = await bring(randomBytes(32), { ...forEver, KeyMaterialDescription: 'the first' });
    const old = await client.send(new kms.EncryptCommand({ KeyId, Plaintext: bytes('x') }));
    const isNew = { ImportType: 'NEW_KEY_MATERIAL' } as const;
    const ValidTo = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000);
    const two = await bring(randomBytes(32), { ...isNew, ValidTo });
    await assert.rejects(bring(randomBytes(32), { ...isNew, ...forEver }), kms.KMSInvalidStateException);
    await client.send(new kms.RotateKeyOnDemandCommand({ KeyId }));
    const { Rotations } = await client.send(
      new kms.ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
    );
    assert.deepEqual(
      Rotations?.map((entry) => [entry.KeyMaterialId, entry.KeyMaterialState, entry.ImportState]),
      [
        [one.KeyMaterialId, 'NON_CURRENT', 'IMPORTED'],
        [two.KeyMaterialId, 'CURRENT', 'IMPORTED'],
      ],
    );
    assert.equal(Rotations[0]?.KeyMaterialDescription, 'the first');
    assert.deepEqual(Rotations[1]?.ValidTo, ValidTo);
    assert.ok(Rotations[1].RotationDate instanceof Date);
    const { CiphertextBlob } = old;
    const opened = await client.send(new kms.DecryptCommand({ CiphertextBlob }));
    assert.equal(opened.KeyMaterialId, one.KeyMaterialId);
    const { KeyMaterialId } = one;
    const gone = await client.send(new kms.DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId }));
    assert.equal(gone.KeyMaterialId, KeyMaterialId);
    const after = await client.send(new kms.DescribeKeyCommand({ KeyId }));
    assert.equal(after.KeyMetadata?.KeyState, 'PendingImport');
    await assert.rejects(bring(randomBytes(32), forEver), kms.IncorrectKeyMaterialException);
  });

  it('errors have their classes and messages', async () => {
    const [key, code] = [
      await newKey(),
      await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    ];
    const { CiphertextBlob } = await client.send(
      new kms.EncryptCommand({ KeyId: key, Plaintext: bytes('x') }),
    );
    const signing = { Message: bytes('m'), SigningAlgorithm: 'ECDSA_SHA_256' as const };
    const coding = { KeyId: code, Message: bytes('m'), MacAlgorithm: 'HMAC_SHA_256' as const };
    const other = await newKey();
    await client.send(new kms.CreateAliasCommand({ AliasName: 'alias/taken', TargetKeyId: key }));
    const disabled = await newKey();
    await client.send(new kms.DisableKeyCommand({ KeyId: disabled }));
    const cases: readonly (readonly [
      () => Promise<unknown>,
      abstract new (...args: never[]) => Error,
      RegExp,
    ])[] = [
      [
        () => client.send(new kms.DescribeKeyCommand({ KeyId: 'alias/none' })),
        kms.NotFoundException,
        /^Alias arn:.* is not found\.$/,
      ],
      [
        () => client.send(new kms.EnableKeyCommand({ KeyId: 'alias/taken' })),
        kms.InvalidArnException,
        /^Key Aliases are not supported/,
      ],
      [
        () => client.send(new kms.CreateAliasCommand({ AliasName: 'alias/taken', TargetKeyId: key })),
        kms.AlreadyExistsException,
        /already exists$/,
      ],
      [
        () => client.send(new kms.EncryptCommand({ KeyId: disabled, Plaintext: bytes('x') })),
        kms.DisabledException,
        / is disabled\.$/,
      ],
      [
        () => client.send(new kms.SignCommand({ KeyId: key, ...signing })),
        kms.InvalidKeyUsageException,
        /not valid for Sign\.$/,
      ],
      [
        () => client.send(new kms.DecryptCommand({ KeyId: other, CiphertextBlob })),
        kms.IncorrectKeyException,
        /^The key ID in the request/,
      ],
      [
        () => client.send(new kms.DecryptCommand({ CiphertextBlob: bytes('x') })),
        kms.InvalidCiphertextException,
        /./,
      ],
      [
        () => client.send(new kms.VerifyMacCommand({ ...coding, Mac: bytes('x') })),
        kms.KMSInvalidMacException,
        /./,
      ],
      [
        () => client.send(new kms.CancelKeyDeletionCommand({ KeyId: key })),
        kms.KMSInvalidStateException,
        / is not pending deletion\.$/,
      ],
      [
        () => client.send(new kms.EncryptCommand({ KeyId: key, Plaintext: bytes('x'), DryRun: true })),
        kms.DryRunOperationException,
        /DryRun/,
      ],
      [
        () => client.send(new kms.PutKeyPolicyCommand({ KeyId: key, Policy: '{}' })),
        kms.MalformedPolicyDocumentException,
        /./,
      ],
      [() => client.send(new kms.ListKeysCommand({ Marker: 'x' })), kms.InvalidMarkerException, /./],
      [
        () =>
          client.send(new kms.TagResourceCommand({ KeyId: key, Tags: [{ TagKey: 'aws:x', TagValue: '' }] })),
        kms.TagException,
        /./,
      ],
      [
        () => client.send(new kms.EncapsulateCommand({ KeyId: key, EncapsulationAlgorithm: 'ML_KEM' })),
        kms.UnsupportedOperationException,
        /^Encapsulate is not supported/,
      ],
      [
        () => client.send(new kms.DescribeKeyCommand({ KeyId: key, GrantTokens: ['x'] })),
        kms.InvalidGrantTokenException,
        /./,
      ],
    ];
    for (const [asked, type, message] of cases) {
      await assert.rejects(asked(), (error: unknown) => {
        assert.ok(error instanceof type, `${String(error)} is no ${type.name}`);
        assert.match(error.message, message);
        assert.equal((error as kms.KMSServiceException).$metadata.httpStatusCode, 400);
        assert.match((error as kms.KMSServiceException).$metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
        return true;
      });
    }
  });

  it('lists come page by page', async () => {
    const KeyId = await newKey();
    for (const name of ['a', 'b', 'c']) {
      await client.send(new kms.CreateAliasCommand({ AliasName: `alias/page/${name}`, TargetKeyId: KeyId }));
      await client.send(new kms.TagResourceCommand({ KeyId, Tags: [{ TagKey: name, TagValue: name }] }));
      await client.send(new kms.RotateKeyOnDemandCommand({ KeyId }));
    }
    const paging = { client, pageSize: 1 };
    const count = async <T>(
      pages: AsyncIterable<T>,
      entries: (page: T) => readonly unknown[] | undefined,
    ) => {
      let found = 0;
      for await (const page of pages) found += entries(page)?.length ?? 0;
      return found;
    };
    assert.equal(await count(kms.paginateListAliases(paging, { KeyId }), (page) => page.Aliases), 3);
    assert.equal(await count(kms.paginateListResourceTags(paging, { KeyId }), (page) => page.Tags), 3);
    assert.equal(await count(kms.paginateListKeyRotations(paging, { KeyId }), (page) => page.Rotations), 3);
    assert.equal(await count(kms.paginateListKeyPolicies(paging, { KeyId }), (page) => page.PolicyNames), 1);
  });

  it('changes of one key at the same time all arrive', async () => {
    const KeyId = await newKey();
    const names = Array.from({ length: 8 }, (_, index) => `tag-${index}`);
    await Promise.all(
      names.map((TagKey) =>
        client.send(new kms.TagResourceCommand({ KeyId, Tags: [{ TagKey, TagValue: 'x' }] })),
      ),
    );
    const { Tags } = await client.send(new kms.ListResourceTagsCommand({ KeyId }));
    assert.deepEqual(new Set(Tags?.map(({ TagKey }) => TagKey)), new Set(names));
  });
});

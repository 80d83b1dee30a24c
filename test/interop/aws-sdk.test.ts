import assert from 'node:assert/strict';
import {
  createHash,
  createHmac,
  createPublicKey,
  createVerify,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  constants,
} from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { buildClient, CommitmentPolicy, getClient, KMS, KmsKeyringNode } from '@aws-crypto/client-node';
import { removeHome, startTestServer, type TestServer } from '../servers.ts';

let server: TestServer;
let client: kms.KMSClient;
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));

before(async () => {
  server = await startTestServer();
  client = clientFor();
});
after(async () => {
  await server.stop();
  removeHome(server.home);
});

function clientFor(overrides: Partial<kms.KMSClientConfig> = {}): kms.KMSClient {
  return new kms.KMSClient({
    endpoint: server.address,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: {
      accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
    ...overrides,
  });
}

async function newKey(input: kms.CreateKeyCommandInput = {}): Promise<{ id: string; arn: string }> {
  const { KeyMetadata } = await client.send(new kms.CreateKeyCommand(input));
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

const named = (name: string) => (error: unknown) => error instanceof Error && error.name === name;

describe('the AWS SDK for JavaScript', () => {
  it('brings its own key material, and takes it away', async () => {
    const { id, arn } = await newKey({ Origin: 'EXTERNAL' });
    const parameters = await client.send(
      new kms.GetParametersForImportCommand({
        KeyId: id,
        WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        WrappingKeySpec: 'RSA_4096',
      }),
    );
    const validFor = (parameters.ParametersValidTo?.getTime() ?? 0) - Date.now();
    assert.ok(validFor > 86_000_000 && validFor <= 86_400_000, String(validFor));
    const key = createPublicKey({
      key: Buffer.from(parameters.PublicKey ?? []),
      format: 'der',
      type: 'spki',
    });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const EncryptedKeyMaterial = publicEncrypt({ key, padding, oaepHash: 'sha256' }, randomBytes(32));
    const ValidTo = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000);
    const done = await client.send(
      new kms.ImportKeyMaterialCommand({
        KeyId: id,
        ImportToken: parameters.ImportToken,
        EncryptedKeyMaterial,
        ValidTo,
      }),
    );
    const told = await client.send(new kms.DescribeKeyCommand({ KeyId: id }));
    assert.deepEqual(
      [done.KeyId, told.KeyMetadata?.KeyState, told.KeyMetadata?.Origin, told.KeyMetadata?.ValidTo],
      [arn, 'Enabled', 'EXTERNAL', ValidTo],
    );
    const { CiphertextBlob } = await client.send(
      new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('hello') }),
    );
    await client.send(new kms.DeleteImportedKeyMaterialCommand({ KeyId: id }));
    await assert.rejects(
      client.send(new kms.DecryptCommand({ CiphertextBlob })),
      named('KMSInvalidStateException'),
    );
  });

  it('encrypts, and opens after three rotations, without a key id', async () => {
    const { id, arn } = await newKey();
    const context = { purpose: 'test', b: 'ü' };
    const sealed = await client.send(
      new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('hello'), EncryptionContext: context }),
    );
    assert.equal(sealed.KeyId, arn);
    for (let count = 0; count < 3; count += 1)
      await client.send(new kms.RotateKeyOnDemandCommand({ KeyId: id }));
    const open = (input: Partial<kms.DecryptCommandInput>) =>
      client.send(new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob, ...input }));
    const opened = await open({ EncryptionContext: { b: 'ü', purpose: 'test' } });
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), 'hello');
    assert.match(opened.KeyMaterialId ?? '', /^[0-9a-f]{64}$/);
    await assert.rejects(open({}), named('InvalidCiphertextException'));
    await assert.rejects(
      open({ EncryptionContext: { purpose: 'Test', b: 'ü' } }),
      named('InvalidCiphertextException'),
    );
    const other = await newKey();
    await assert.rejects(
      open({ EncryptionContext: context, KeyId: other.id }),
      named('IncorrectKeyException'),
    );
    const { Rotations } = await client.send(new kms.ListKeyRotationsCommand({ KeyId: id }));
    assert.equal(Rotations?.length, 3);
  });

  it('walks the states of a key', async () => {
    const { id } = await newKey({ Description: 'states', Tags: [{ TagKey: 'a', TagValue: 'b' }] });
    const encrypt = () => client.send(new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('x') }));
    await client.send(new kms.DisableKeyCommand({ KeyId: id }));
    await assert.rejects(encrypt(), named('DisabledException'));
    await client.send(new kms.EnableKeyCommand({ KeyId: id }));
    await encrypt();
    const scheduled = await client.send(
      new kms.ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }),
    );
    assert.equal(scheduled.KeyState, 'PendingDeletion');
    await assert.rejects(encrypt(), named('KMSInvalidStateException'));
    await client.send(new kms.CancelKeyDeletionCommand({ KeyId: id }));
    const { KeyMetadata } = await client.send(new kms.DescribeKeyCommand({ KeyId: id }));
    assert.equal(KeyMetadata?.KeyState, 'Disabled');
    await assert.rejects(
      client.send(new kms.ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 3 })),
      named('ValidationException'),
    );
    const { Tags } = await client.send(new kms.ListResourceTagsCommand({ KeyId: id }));
    assert.deepEqual(Tags, [{ TagKey: 'a', TagValue: 'b' }]);
  });

  it('names keys by aliases, and regions apart', async () => {
    const { id } = await newKey();
    await client.send(new kms.CreateAliasCommand({ AliasName: 'alias/app/main', TargetKeyId: id }));
    await assert.rejects(
      client.send(new kms.CreateAliasCommand({ AliasName: 'alias/app/main', TargetKeyId: id })),
      named('AlreadyExistsException'),
    );
    const described = await client.send(new kms.DescribeKeyCommand({ KeyId: 'alias/app/main' }));
    assert.equal(described.KeyMetadata?.KeyId, id);
    const other = await newKey();
    await client.send(new kms.UpdateAliasCommand({ AliasName: 'alias/app/main', TargetKeyId: other.id }));
    const { Aliases } = await client.send(new kms.ListAliasesCommand({ KeyId: other.id }));
    assert.equal(Aliases?.[0]?.AliasName, 'alias/app/main');
    const elsewhere = clientFor({ region: 'eu-central-1' });
    await assert.rejects(
      elsewhere.send(new kms.DescribeKeyCommand({ KeyId: id })),
      named('NotFoundException'),
    );
    await client.send(new kms.DeleteAliasCommand({ AliasName: 'alias/app/main' }));
    await assert.rejects(
      client.send(new kms.DescribeKeyCommand({ KeyId: 'alias/app/main' })),
      named('NotFoundException'),
    );
  });

  it('signs with every kind of key, so that OpenSSL verifies it', async () => {
    const message = utf8('a message');
    for (const [KeySpec, algorithm, hash] of [
      ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
      ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
      ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
      ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
    ] as const) {
      const { id } = await newKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      const { PublicKey } = await client.send(new kms.GetPublicKeyCommand({ KeyId: id }));
      const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
      const digest = createHash(hash).update(message).digest();
      for (const wish of [
        { Message: message, MessageType: 'RAW' as const },
        { Message: digest, MessageType: 'DIGEST' as const },
      ]) {
        const { Signature } = await client.send(
          new kms.SignCommand({ KeyId: id, SigningAlgorithm: algorithm, ...wish }),
        );
        assert.ok(
          createVerify(hash)
            .update(message)
            .verify(key, Buffer.from(Signature ?? [])),
          `${KeySpec} ${wish.MessageType}`,
        );
        const valid = await client.send(
          new kms.VerifyCommand({ KeyId: id, SigningAlgorithm: algorithm, Message: message, Signature }),
        );
        assert.equal(valid.SignatureValid, true);
      }
      await assert.rejects(
        client.send(
          new kms.VerifyCommand({
            KeyId: id,
            SigningAlgorithm: algorithm,
            Message: message,
            Signature: utf8('no'),
          }),
        ),
        named('KMSInvalidSignatureException'),
      );
      await assert.rejects(
        client.send(new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('x') })),
        named('InvalidKeyUsageException'),
      );
    }
  });

  it('makes codes, data keys, pairs and shared secrets', async () => {
    const hmac = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    const wish = { KeyId: hmac.id, Message: utf8('m'), MacAlgorithm: 'HMAC_SHA_256' as const };
    const { Mac } = await client.send(new kms.GenerateMacCommand(wish));
    assert.equal((await client.send(new kms.VerifyMacCommand({ ...wish, Mac }))).MacValid, true);
    await assert.rejects(
      client.send(new kms.VerifyMacCommand({ ...wish, Mac: createHmac('sha256', 'k').digest() })),
      named('KMSInvalidMacException'),
    );
    const { id } = await newKey();
    const dataKey = await client.send(new kms.GenerateDataKeyCommand({ KeyId: id, KeySpec: 'AES_256' }));
    const opened = await client.send(new kms.DecryptCommand({ CiphertextBlob: dataKey.CiphertextBlob }));
    assert.deepEqual(opened.Plaintext, dataKey.Plaintext);
    await client.send(new kms.GenerateDataKeyPairCommand({ KeyId: id, KeyPairSpec: 'ECC_NIST_P256' }));
    const agreement = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
    const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { SharedSecret } = await client.send(
      new kms.DeriveSharedSecretCommand({
        KeyId: agreement.id,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: peer.publicKey.export({ format: 'der', type: 'spki' }),
      }),
    );
    const { PublicKey } = await client.send(new kms.GetPublicKeyCommand({ KeyId: agreement.id }));
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    assert.deepEqual(
      Buffer.from(SharedSecret ?? []),
      diffieHellman({ privateKey: peer.privateKey, publicKey }),
    );
  });

  it('opens what was encrypted outside with an RSA public key', async () => {
    const { id } = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    const { PublicKey } = await client.send(new kms.GetPublicKeyCommand({ KeyId: id }));
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    const sealed = publicEncrypt(
      { key, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING },
      utf8('outside'),
    );
    const opened = await client.send(
      new kms.DecryptCommand({
        KeyId: id,
        CiphertextBlob: sealed,
        EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      }),
    );
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), 'outside');
  });

  it('pages, runs dry, re-encrypts and refuses strangers', async () => {
    const all: string[] = [];
    for await (const page of kms.paginateListKeys({ client, pageSize: 3 }, {})) {
      all.push(...(page.Keys ?? []).map((key) => key.KeyId ?? ''));
    }
    assert.equal(new Set(all).size, all.length);
    assert.ok(all.length >= 8);
    const [a, b] = [await newKey(), await newKey()];
    await assert.rejects(
      client.send(new kms.EncryptCommand({ KeyId: a.id, Plaintext: utf8('x'), DryRun: true })),
      named('DryRunOperationException'),
    );
    const sealed = await client.send(new kms.EncryptCommand({ KeyId: a.id, Plaintext: utf8('moved') }));
    const moved = await client.send(
      new kms.ReEncryptCommand({ CiphertextBlob: sealed.CiphertextBlob, DestinationKeyId: b.arn }),
    );
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [a.arn, b.arn]);
    const stranger = clientFor({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'wrong' } });
    await assert.rejects(stranger.send(new kms.ListKeysCommand({})), named('UnrecognizedClientException'));
    const forger = clientFor({
      credentials: { accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: 'wrong' },
    });
    await assert.rejects(forger.send(new kms.ListKeysCommand({})), named('InvalidSignatureException'));
    await assert.rejects(
      client.send(new kms.ListGrantsCommand({ KeyId: a.id })),
      named('UnsupportedOperationException'),
    );
  });

  it('enforces key policies', async () => {
    const { id, arn } = await newKey();
    const deny = (action: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' },
          { Sid: 'No', Effect: 'Deny', Principal: '*', Action: action, Resource: arn },
        ],
      });
    await client.send(new kms.PutKeyPolicyCommand({ KeyId: id, Policy: deny('kms:Enc*') }));
    await assert.rejects(
      client.send(new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('x') })),
      named('AccessDeniedException'),
    );
    await client.send(new kms.DescribeKeyCommand({ KeyId: id }));
    for (const Policy of ['{', deny('kms:*'), '{"Version":"2012-10-17","Statement":[]}']) {
      await assert.rejects(
        client.send(new kms.PutKeyPolicyCommand({ KeyId: id, Policy })),
        named('MalformedPolicyDocumentException'),
      );
    }
  });
});

describe('the AWS Encryption SDK for JavaScript', () => {
  it('encrypts and decrypts with a keyring on this server', async () => {
    const { arn } = await newKey();
    const keyring = new KmsKeyringNode({
      generatorKeyId: arn,
      clientProvider: getClient(KMS, {
        endpoint: server.address,
        credentials: {
          accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
          secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
        },
      }),
    });
    const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
    const { result } = await encrypt(keyring, 'clear text', { encryptionContext: { stage: 'demo' } });
    const { plaintext, messageHeader } = await decrypt(keyring, result);
    assert.equal(plaintext.toString(), 'clear text');
    assert.equal(messageHeader.encryptionContext['stage'], 'demo');
  });
});

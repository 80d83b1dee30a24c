import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';
import { unservedHandlers, unservedShapes } from './unserved.ts';

const target = (name: string) => ['x-amz-target', name];

describe('the wire', () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  it('knows the operations of the service, by their exact names', async () => {
    for (const headers of [
      [],
      target(''),
      target('TrentService'),
      target('TrentService.'),
      target('TrentService.encrypt'),
      target('TrentService.Encrypt '),
      target('TrentService.NoSuchOperation'),
      target('TrentService.__proto__'),
      target('TrentService.constructor'),
      target('secretsmanager.GetSecretValue'),
      target('Encrypt'),
    ]) {
      const { status, body } = await kms.send(headers, '{}');
      assert.deepEqual([status, body], [400, { __type: 'UnknownOperationException' }], headers.join(' '));
    }
    const { status } = await kms.send(['X-Amz-Target', 'TrentService.ListKeys'], '');
    assert.equal(status, 200);
  });

  it('says what it does not serve, once the request is well-formed', async () => {
    assert.equal(Object.keys(unservedHandlers).length, 15);
    const filled: Readonly<Record<string, unknown>> = {
      KeyId: 'x',
      CustomKeyStoreId: 'cks-1',
      CustomKeyStoreName: 'store',
      GrantId: 'g',
      Operations: ['Encrypt'],
      EncapsulationAlgorithm: 'ML_KEM',
      SharedSecretCiphertextBlob: 'AAAA',
      ReplicaRegion: 'eu-west-1',
      PrimaryRegion: 'eu-west-1',
    };
    for (const [operation, members] of Object.entries(unservedShapes)) {
      const required = Object.keys(members).filter((name) => members[name]?.required);
      const input = Object.fromEntries(required.map((name) => [name, filled[name]]));
      assert.equal(
        await kms.refusal(operation, input),
        `UnsupportedOperationException: ${operation} is not supported by this server.`,
      );
      if (required.length > 0) {
        assert.match(
          await kms.refusal(operation),
          /^ValidationException: \d validation errors? detected: Value null/,
        );
      }
    }
    const secret = 'x'.repeat(33);
    assert.equal(
      (
        await kms.refusal('CreateCustomKeyStore', { CustomKeyStoreName: 'a', KeyStorePassword: secret })
      ).includes(secret),
      false,
    );
  });

  it('has no use for enclaves and grant tokens', async () => {
    const KeyId = await kms.newKey();
    const Recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: 'AAAA' };
    assert.match(
      await kms.refusal('GenerateDataKey', { KeyId, KeySpec: 'AES_256', Recipient }),
      /^UnsupportedOperationException: ./,
    );
    assert.match(
      await kms.refusal('DescribeKey', { KeyId, GrantTokens: ['x'] }),
      /^InvalidGrantTokenException: ./,
    );
    await kms.ask('DescribeKey', { KeyId, GrantTokens: [] });
  });

  it('takes one object of JSON in UTF-8, each member once', async () => {
    const refused: readonly (string | Buffer)[] = [
      ...['[]', '"x"', '1', 'null', '{', '{"Limit":1', "{'Limit':1}", '{"Limit":1}{}', '{"Limit":01}'],
      ...[
        '{"Limit":1,"Limit":2}',
        '{"Limit":1,"\\u004cimit":1}',
        '{"x":{"a":1,"a":1}}',
        `{"x":${'['.repeat(20)}${']'.repeat(20)}}`,
      ],
      ...[
        '{"Limit":"1"}',
        '{"Limit":1.5}',
        '{"Limit":1e99}',
        '{"Limit":true}',
        '{"Limit":{}}',
        '{"Marker":1}',
        '{"Marker":"\\ud800"}',
      ],
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from('{"Limit":1}', 'utf16le'),
    ];
    for (const body of refused) {
      const answer = await kms.send(target('TrentService.ListKeys'), body);
      assert.deepEqual(
        [answer.status, answer.body['__type']],
        [400, 'SerializationException'],
        body.toString(),
      );
    }
    for (const body of [
      '',
      '{}',
      ' {"Limit" : 1 } ',
      '{"Unknown":{"deep":[1]},"Limit":null}',
      '{"__proto__":{"Limit":5}}',
    ]) {
      const answer = await kms.send(target('TrentService.ListKeys'), body);
      assert.equal(answer.status, 200, body);
    }
  });

  it('counts all problems of a request', async () => {
    assert.equal(
      await kms.refusal('CreateAlias', { AliasName: 'a b' }),
      "ValidationException: 2 validation errors detected: Value 'a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$; Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null",
    );
    assert.match(
      await kms.refusal('CreateKey', { KeySpec: 'HMAC_random', KeyUsage: 'RANDOM' }),
      /^ValidationException: 2 validation errors detected: Value 'RANDOM' at 'keyUsage' failed to satisfy constraint: Member must satisfy enum value set: \[ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE\]; Value 'HMAC_random' at 'keySpec'/,
    );
    assert.match(
      await kms.refusal('Encrypt', { KeyId: 'x', Plaintext: 'AAAA', EncryptionAlgorithm: 'FOO' }),
      /\[RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE, SYMMETRIC_DEFAULT\]$/,
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import type vault from 'node-vault';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { answered, clientOf, fresh, refusal } from './node-vault.ts';

const text = 'one key, two doors';
const base64 = Buffer.from(text).toString('base64');

describe('one key through both doors: the AWS SDK and node-vault', () => {
  let server: TestServer;
  let aws: kms.KMSClient;
  let client: vault.client;

  before(async () => {
    server = await startTestServer();
    client = clientOf(server);
    aws = new kms.KMSClient({
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
    await server.stop();
    removeHome(server.home);
  });

  /** A key made by AWS, with a name that both know. */
  async function newKey(): Promise<{ readonly id: string; readonly name: string }> {
    const { KeyMetadata } = await aws.send(new kms.CreateKeyCommand({}));
    const id = KeyMetadata?.KeyId ?? '';
    const name = fresh('both');
    await aws.send(new kms.CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: id }));
    return { id, name };
  }

  it('is made by AWS, used and rotated by transit, and still opens what AWS encrypted', async () => {
    const { id, name } = await newKey();
    const Plaintext = new Uint8Array(Buffer.from(text));
    const blob = await aws.send(new kms.EncryptCommand({ KeyId: id, Plaintext }));
    const first = await answered(client.encryptData({ name, plaintext: base64 }));
    assert.match(String(first.data['ciphertext']), /^vault:v1:/);
    await client.write(`transit/keys/${name}/rotate`, {});
    const second = await answered(client.encryptData({ name, plaintext: base64 }));
    assert.match(String(second.data['ciphertext']), /^vault:v2:/);
    for (const { data } of [first, second]) {
      const opened = await answered(client.decryptData({ name, ciphertext: data['ciphertext'] }));
      assert.equal(opened.data['plaintext'], base64);
    }
    const opened = await aws.send(new kms.DecryptCommand({ CiphertextBlob: blob.CiphertextBlob }));
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), text);
    const after = await aws.send(new kms.EncryptCommand({ KeyId: id, Plaintext }));
    const again = await aws.send(new kms.DecryptCommand({ CiphertextBlob: after.CiphertextBlob, KeyId: id }));
    assert.equal(Buffer.from(again.Plaintext ?? []).toString(), text);
  });

  it('is disabled by AWS and refused by transit at once, and is back when it is enabled', async (context) => {
    const { id, name } = await newKey();
    const { data } = await answered(client.encryptData({ name, plaintext: base64 }));
    await aws.send(new kms.DisableKeyCommand({ KeyId: id }));
    const began = performance.now();
    await assert.rejects(client.encryptData({ name, plaintext: base64 }), refusal(400, /./));
    context.diagnostic(`refused ${Math.round(performance.now() - began)} ms after AWS had answered`);
    const ciphertext = data['ciphertext'];
    await assert.rejects(client.decryptData({ name, ciphertext }), refusal(400, /./));
    await aws.send(new kms.EnableKeyCommand({ KeyId: id }));
    const opened = await answered(client.decryptData({ name, ciphertext }));
    assert.equal(opened.data['plaintext'], base64);
  });

  it('is made by transit and used by AWS under the same name', async () => {
    const name = fresh('both');
    await client.transitCreateKey({ name });
    const { data } = await answered(client.encryptData({ name, plaintext: base64 }));
    const found = await aws.send(new kms.ListAliasesCommand({}));
    assert.ok(
      found.Aliases?.some(({ AliasName }) => AliasName === `alias/${name}`),
      name,
    );
    const KeyId = `alias/${name}`;
    const sealed = await aws.send(new kms.EncryptCommand({ KeyId, Plaintext: Buffer.from(text) }));
    const opened = await aws.send(new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), text);
    assert.match(String(data['ciphertext']), /^vault:v1:/);
  });
});

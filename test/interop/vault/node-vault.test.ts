import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import vault from 'node-vault';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { answered, clientOf, fresh, refusal, type Body } from './node-vault.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('node-vault', () => {
  let server: TestServer;
  let client: vault.client;

  before(async () => {
    server = await startTestServer();
    client = clientOf(server);
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  async function newKey(options: object = {}): Promise<string> {
    const name = fresh('key');
    await client.transitCreateKey({ name, ...options });
    return name;
  }

  it('encrypts, rotates, rewraps and decrypts', async () => {
    const name = await newKey();
    const { data } = await answered(client.encryptData({ name, plaintext: base64('secret') }));
    assert.match(String(data['ciphertext']), /^vault:v1:/);
    await client.write(`transit/keys/${name}/rotate`, {});
    const opened = await answered(client.decryptData({ name, ciphertext: data['ciphertext'] }));
    assert.equal(opened.data['plaintext'], base64('secret'));
    const moved = await answered(client.rewrapData({ name, ciphertext: data['ciphertext'] }));
    assert.match(String(moved.data['ciphertext']), /^vault:v2:/);
    const key = await answered(client.transitReadKey({ name }));
    assert.equal(key.data['latest_version'], 2);
  });

  it('lists by the method LIST, again and again on one connection', async () => {
    const names = [await newKey(), await newKey()].sort();
    for (let round = 0; round < 5; round += 1) {
      const { data } = (await client.transitListKeys()) as { data: { keys: string[] } };
      assert.deepEqual(
        data.keys.filter((name) => names.includes(name)),
        names,
      );
      const again = (await client.list('transit/keys')) as { data: { keys: string[] } };
      assert.deepEqual(again.data.keys, data.keys);
    }
  });

  it('lists by a GET where it is told to send no other verbs', async () => {
    const name = await newKey();
    const plain = vault({
      endpoint: server.address,
      token: server.env['VAULT_TOKEN'] ?? '',
      noCustomHTTPVerbs: true,
    });
    const { data } = (await plain.list('transit/keys')) as { data: { keys: string[] } };
    assert.ok(data.keys.includes(name));
  });

  it('gets the words of Vault where it is refused', async () => {
    const nobody = clientOf(server, 'hvs.unknown');
    await assert.rejects(nobody.tokenLookupSelf(), refusal(403, /permission denied/));
    await assert.rejects(nobody.list('transit/keys'), refusal(403, /permission denied/));
    const absent = { name: fresh('absent'), ciphertext: 'vault:v1:AAAA' };
    await assert.rejects(client.decryptData(absent), refusal(400, /encryption key not found/));
  });

  it('asks for health, seal and itself', async () => {
    const health = (await client.health()) as Body;
    assert.equal(health['initialized'], true);
    assert.equal(health['sealed'], false);
    const status = (await client.status()) as Body;
    assert.equal(status['sealed'], false);
    const self = await answered(client.tokenLookupSelf());
    assert.equal(self.data['id'], server.env['VAULT_TOKEN']);
  });
});

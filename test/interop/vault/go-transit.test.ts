import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { runProgram, vaultCommand, type Secret } from './go.ts';

describe("Vault's client for Go, as the command uses it", { skip: vaultCommand.skip }, () => {
  let server: TestServer;
  let built: ReturnType<typeof vaultCommand.build>;

  before(async () => {
    built = vaultCommand.build();
    server = await startTestServer();
  });
  after(async () => {
    fs.rmSync(built.folder, { recursive: true, force: true });
    await server.stop();
    removeHome(server.home);
  });

  function vault(...args: string[]): Promise<Secret> {
    return runProgram(built.file, server, { args });
  }

  function vaultWith(token: string, ...args: string[]): Promise<Secret> {
    return runProgram(built.file, server, { args, token });
  }

  const plaintext = Buffer.from('secret').toString('base64');

  it('runs the everyday commands word for word, and the old ciphertext still opens', async () => {
    await vault('write', '-f', 'transit/keys/my-key');
    const sealed = await vault('write', 'transit/encrypt/my-key', `plaintext=${plaintext}`);
    assert.match(String(sealed.data['ciphertext']), /^vault:v1:/);
    await vault('write', '-f', 'transit/keys/my-key/rotate');
    const key = await vault('read', 'transit/keys/my-key');
    assert.equal(key.data['latest_version'], 2);
    const opened = await vault('write', 'transit/decrypt/my-key', `ciphertext=${sealed.data['ciphertext']}`);
    assert.equal(opened.data['plaintext'], plaintext);
    const moved = await vault('write', 'transit/rewrap/my-key', `ciphertext=${sealed.data['ciphertext']}`);
    assert.match(String(moved.data['ciphertext']), /^vault:v2:/);
    const again = await vault('write', 'transit/encrypt/my-key', `plaintext=${plaintext}`);
    assert.equal(again.data['key_version'], 2);
  });

  it('gives numbers, truth and durations as text', async () => {
    const options = ['type=aes256-gcm96', 'exportable=true', 'auto_rotate_period=720h'];
    await vault('write', 'transit/keys/typed', ...options);
    await vault('write', '-f', 'transit/keys/typed/rotate');
    await vault(
      ...['write', 'transit/keys/typed/config', 'min_decryption_version=2', 'deletion_allowed=true'],
    );
    const { data } = await vault('read', 'transit/keys/typed');
    const expected = {
      exportable: true,
      auto_rotate_period: 2_592_000,
      min_decryption_version: 2,
      deletion_allowed: true,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(data[name], value, name);
    const wrapped = await vault('write', 'transit/datakey/plaintext/typed', 'bits=512');
    assert.equal(Buffer.from(String(wrapped.data['plaintext']), 'base64').length, 64);
    const chosen = await vault(
      ...['write', 'transit/encrypt/typed', `plaintext=${plaintext}`, 'key_version=2'],
    );
    assert.equal(chosen.data['key_version'], 2);
  });

  it('lists, and tells what is absent from what is refused', async () => {
    await vault('write', '-f', 'transit/keys/listed');
    const { data } = await vault('list', 'transit/keys');
    assert.ok((data['keys'] as string[]).includes('listed'));
    assert.equal(await vault('read', 'transit/keys/absent'), null);
    await assert.rejects(vault('delete', 'transit/keys/listed'), /Code: 400.*deletion is not allowed/s);
    await assert.rejects(vaultWith('hvs.unknown', 'list', 'transit/keys'), /Code: 403.*permission denied/s);
    await assert.rejects(vault('write', 'nowhere/at/all', 'a=b'), /Code: 404.*no handler for route/s);
  });

  it('tells its status', async () => {
    const status = (await vault('status')) as unknown as Record<string, Record<string, unknown>>;
    assert.equal(status['seal']?.['sealed'], false);
    assert.equal(status['seal']?.['initialized'], true);
    assert.match(String(status['seal']?.['version']), /^[0-9]+\.[0-9]+\.[0-9]+/);
    assert.equal(status['leader']?.['ha_enabled'], false);
    assert.equal(status['health']?.['standby'], false);
  });

  it('logs in with a token, and looks it up', async () => {
    const token = server.env['VAULT_TOKEN'] ?? '';
    const login = await vaultWith('', 'login', token);
    assert.equal(login.data['id'], token);
    const self = await vault('token', 'lookup');
    assert.equal(self.data['accessor'], login.data['accessor']);
  });
});

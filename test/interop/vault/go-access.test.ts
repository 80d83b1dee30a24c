import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { runProgram, vaultCommand, type Secret } from './go.ts';

describe("Vault's client for Go: access, engines and secrets", { skip: vaultCommand.skip }, () => {
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

  it('writes a policy, and a token that obeys it', async () => {
    const rules = 'path "transit/encrypt/ci" {\n  capabilities = ["create", "update"]\n}\n';
    await vault('policy', 'write', 'ci', rules);
    assert.equal(await vault('policy', 'read', 'ci'), rules);
    const names = (await vault('policy', 'list')) as unknown as string[];
    for (const name of ['ci', 'default', 'root']) assert.ok(names.includes(name), name);
    const made = await vault('token', 'create', 'policy=ci', 'ttl=1h');
    assert.equal(made.auth?.['lease_duration'], 3600);
    const token = String(made.auth?.['client_token']);
    await vaultWith(token, 'write', 'transit/encrypt/ci', 'plaintext=c2VjcmV0');
    await assert.rejects(vaultWith(token, 'list', 'transit/keys'), /Code: 403.*permission denied/s);
    const looked = await vault('token', 'lookup', token);
    assert.equal(looked.data['id'], token);
    const may = (await vaultWith(token, 'token', 'capabilities', 'transit/encrypt/ci')) as unknown;
    assert.deepEqual(may, ['create', 'update']);
    const renewed = await vaultWith(token, 'token', 'renew');
    assert.equal(renewed.auth?.['renewable'], true);
    await vault('token', 'revoke', token);
    await assert.rejects(vaultWith(token, 'token', 'lookup'), /Code: 403/);
    await vault('policy', 'delete', 'ci');
    await assert.rejects(vault('policy', 'read', 'ci').then(assert.ok));
  });

  it('wraps an answer and opens it once', async () => {
    await vault('write', '-f', 'transit/keys/wrapped');
    const answer = await vault('-wrap-ttl=60s', 'read', 'transit/keys/wrapped');
    const token = String(answer.wrap_info?.['token']);
    assert.equal(answer.wrap_info?.['creation_path'], 'transit/keys/wrapped');
    const opened = await vaultWith(token, 'unwrap');
    assert.equal(opened.data['name'], 'wrapped');
    await assert.rejects(vaultWith(token, 'unwrap'), /wrapping token is not valid or does not exist/);
  });

  it('puts and gets secrets of both versions', async () => {
    await vault('secrets', 'enable', 'team', 'kv-v2');
    await vault('secrets', 'enable', 'old', 'kv');
    const mounts = (await vault('secrets', 'list')) as unknown as Record<string, Record<string, unknown>>;
    assert.equal(mounts['team/']?.['type'], 'kv');
    const first = await vault('kv', 'put', 'team/app/db', '-cas=0', 'user=u', 'password=one');
    assert.equal(first.data['version'], 1);
    await vault('kv', 'patch', 'team/app/db', 'password=two');
    const now = await vault('kv', 'get', 'team/app/db');
    assert.deepEqual(now.data['data'], { user: 'u', password: 'two' });
    const before = await vault('kv', 'get', 'team/app/db', '1');
    assert.deepEqual(before.data['data'], { user: 'u', password: 'one' });
    assert.deepEqual((await vault('kv', 'list', 'team/')).data['keys'], ['app/']);
    await vault('kv', 'delete', 'team/app/db');
    await vault('kv', 'undelete', 'team/app/db', '2');
    await vault('kv', 'destroy', 'team/app/db', '1');
    const metadata = await vault('kv', 'metadata', 'team/app/db');
    const versions = metadata.data['versions'] as Record<
      string,
      { destroyed: boolean; deletion_time: string }
    >;
    assert.equal(versions['1']?.destroyed, true);
    assert.equal(versions['2']?.deletion_time, '');
    await vault('kv', 'put', 'old/plain', 'value=v');
    assert.deepEqual((await vault('kv', 'get', 'old/plain')).data, { value: 'v' });
    await vault('kv', 'delete', 'old/plain');
    assert.equal(await vault('kv', 'get', 'old/plain'), null);
  });

  it("goes through the client's own helpers", async () => {
    await vault('secrets', 'enable', 'helped', 'kv-v2');
    const outcome = (await vault('kv', 'helpers', 'helped', 'app/db')) as unknown;
    assert.deepEqual(outcome, {
      data: { user: 'u', password: 'two' },
      version: 4,
      versions: 4,
      gone: true,
    });
  });

  it('refuses secrets of a mount that is not there, before it asks for them', async () => {
    const refused = vault('kv', 'get', 'nowhere/x');
    await assert.rejects(
      refused,
      /Code: 403.*preflight capability check returned 403.*access to path "nowhere\/x\/"/s,
    );
  });
});

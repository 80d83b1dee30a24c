import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { runProgram, vaultCommand, type Secret } from './go.ts';

describe("Vault's client for Go: AppRole", { skip: vaultCommand.skip }, () => {
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

  it('logs in by AppRole, all values as text', async () => {
    await vault('auth', 'enable', 'ci', 'approle');
    await vault(
      ...[
        'write',
        'auth/ci/role/build',
        'token_policies=default,ci',
        'token_ttl=20m',
        'secret_id_num_uses=1',
      ],
    );
    const role = await vault('read', 'auth/ci/role/build/role-id');
    const secret = await vault('write', '-f', 'auth/ci/role/build/secret-id');
    const login = [
      ...['write', 'auth/ci/login', `role_id=${role.data['role_id']}`],
      `secret_id=${secret.data['secret_id']}`,
    ];
    const { auth } = await vaultWith('', ...login);
    assert.equal(auth?.['lease_duration'], 1200);
    assert.deepEqual(auth?.['policies'], ['ci', 'default']);
    await assert.rejects(vaultWith('', ...login), /Code: 400.*invalid role or secret ID/s);
    const self = await vaultWith(String(auth?.['client_token']), 'token', 'lookup');
    assert.equal(self.data['path'], 'auth/ci/login');
    await vault('auth', 'disable', 'ci');
    await assert.rejects(vaultWith(String(auth?.['client_token']), 'token', 'lookup'), /Code: 403/);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type vault from 'node-vault';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { answered, clientOf, fresh, type Body } from './node-vault.ts';

describe('node-vault: AppRole', () => {
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

  it('logs in by AppRole', async () => {
    const mount_point = fresh('approle');
    await client.enableAuth({ mount_point, type: 'approle' });
    const role_name = fresh('role');
    await client.addApproleRole({ mount_point, role_name, token_policies: 'default', token_ttl: 1200 });
    const role = await answered(client.getApproleRoleId({ mount_point, role_name }));
    const secret = await answered(client.getApproleRoleSecret({ mount_point, role_name }));
    const worker = clientOf(server, '');
    const login = (await worker.approleLogin({
      mount_point,
      role_id: role.data['role_id'],
      secret_id: secret.data['secret_id'],
    })) as { auth: Body };
    assert.equal(login.auth['lease_duration'], 1200);
    const self = await answered(worker.tokenLookupSelf());
    assert.equal(self.data['accessor'], login.auth['accessor']);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type vault from 'node-vault';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { answered, clientOf, fresh, refusal, type Body } from './node-vault.ts';

describe('node-vault, who may do what', () => {
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

  async function newPolicy(rules: string): Promise<string> {
    const name = fresh('policy');
    await client.addPolicy({ name, rules });
    return name;
  }

  it('writes, reads, lists and removes policies', async () => {
    const rules = 'path "transit/random/*" { capabilities = ["update"] }';
    const name = await newPolicy(rules);
    const read = (await client.getPolicy({ name })) as Body;
    assert.equal(read['rules'], rules);
    const listed = (await client.policies()) as { policies: string[] };
    assert.ok(listed.policies.includes(name));
    await client.removePolicy({ name });
    await assert.rejects(client.getPolicy({ name }), refusal(404, /Status 404/));
  });

  it('makes a token that may do what its policy says, renews and revokes it', async () => {
    const name = await newPolicy('path "transit/random/*" { capabilities = ["update"] }');
    // the client takes the token that it makes for its own
    const made = (await clientOf(server).tokenCreate({ policies: [name], ttl: '1h' })) as { auth: Body };
    const own = clientOf(server, String(made.auth['client_token']));
    const { data } = await answered(own.write('transit/random/8', {}));
    assert.equal(Buffer.from(String(data['random_bytes']), 'base64').length, 8);
    await assert.rejects(own.list('transit/keys'), refusal(403, /permission denied/));
    const renewed = (await own.tokenRenewSelf({ increment: '2h' })) as { auth: Body };
    assert.equal(renewed.auth['lease_duration'], 7200);
    const found = await answered(client.tokenLookupAccessor({ accessor: made.auth['accessor'] }));
    assert.deepEqual(found.data['policies'], ['default', name].sort());
    await client.tokenRevokeAccessor({ accessor: made.auth['accessor'] });
    await assert.rejects(own.tokenLookupSelf(), refusal(403, /permission denied/));
  });

  it('unwraps once', async () => {
    const wrapped = (await client.write(
      'sys/wrapping/wrap',
      { password: 'p' },
      { headers: { 'X-Vault-Wrap-TTL': '60s' } },
    )) as { wrap_info: { token: string } };
    const { token } = wrapped.wrap_info;
    const opened = await answered(clientOf(server, '').unwrap({ token }));
    assert.deepEqual(opened.data, { password: 'p' });
    await assert.rejects(clientOf(server, '').unwrap({ token }), refusal(400, /wrapping token/));
  });
});

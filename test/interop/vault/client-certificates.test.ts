import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { make, makeList, pemOf, type Made } from '../../certificates.ts';
import { killNodes } from '../../faults/node.ts';
import { removeHome } from '../../servers.ts';
import { runProgram, vaultCommand } from './go.ts';
import { startTlsServer, type TlsServer } from './tls-server.ts';

after(killNodes);

type Answer = {
  readonly status: number;
  readonly body: { auth?: Record<string, unknown>; errors?: string[] };
};
type Sent = {
  readonly chain?: readonly Made[];
  readonly token?: string;
  readonly body?: object;
  readonly agent?: https.Agent;
};

describe('logins by a client certificate over TLS', { timeout: 240_000 }, () => {
  let server: TlsServer;
  let between: Made;
  let client: Made;

  before(async () => {
    server = await startTlsServer({ CLAVIGER_WORKERS: '2' });
    between = make({ name: 'between', authority: true, by: server.root });
    client = make({ name: 'web-1', by: between });
    await done('POST', 'sys/auth/cert', { body: { type: 'cert' } });
    const role = { certificate: server.root.pem, allowed_common_names: 'web-*', token_policies: 'web' };
    await done('PUT', 'auth/cert/certs/web', { body: role });
  });
  after(async () => {
    await killNodes();
    removeHome(server.home);
  });

  function ask(
    method: string,
    where: string,
    { chain = [], token, body, agent }: Sent = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request(
        `${server.address}/v1/${where}`,
        {
          method,
          ca: server.ca,
          agent: agent ?? false,
          headers: token === undefined ? {} : { 'x-vault-token': token },
          ...(chain.length === 0
            ? {}
            : { cert: chain.map(({ pem }) => pem).join(''), key: chain[0]?.keyPem ?? '' }),
        },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => {
            text += part.toString();
          });
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(body === undefined ? '' : JSON.stringify(body));
    });
  }

  async function done(method: string, where: string, sent: Sent = {}): Promise<Answer['body']> {
    const { status, body } = await ask(method, where, { token: server.env['VAULT_TOKEN'] ?? '', ...sent });
    assert.ok(status < 300, JSON.stringify(body));
    return body;
  }

  async function logIn(chain: readonly Made[], agent?: https.Agent): Promise<Answer> {
    return ask('POST', 'auth/cert/login', { chain, body: { name: 'web' }, ...(agent ? { agent } : {}) });
  }

  it('give a token that works, from each of the processes, with connections that come again', async () => {
    const agent = new https.Agent({ maxCachedSessions: 10 });
    for (let round = 0; round < 6; round += 1) {
      const { status, body } = await logIn([client, between], agent);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body.auth?.['policies'], ['default', 'web']);
      const token = String(body.auth?.['client_token']);
      assert.equal((await ask('GET', 'auth/token/lookup-self', { token })).status, 200);
      assert.equal((await ask('POST', 'auth/token/renew-self', { token })).status, 400);
      assert.equal(
        (await ask('POST', 'auth/token/renew-self', { token, chain: [client, between] })).status,
        200,
      );
    }
    agent.destroy();
  });

  it('are refused to who shows nothing, or what nobody trusts, and these are served otherwise', async () => {
    const nothing = await logIn([]);
    assert.deepEqual([nothing.status, nothing.body.errors], [400, ['client certificate must be supplied']]);
    const foreign = await logIn([make({ name: 'web-1' })]);
    const mismatch = 'failed to match all constraints for this login certificate';
    assert.deepEqual([foreign.status, foreign.body.errors], [400, [mismatch]]);
    assert.equal((await logIn([make({ name: 'db', by: server.root })])).status, 400);
    const over = make({ name: 'web-1', by: server.root, notAfter: Date.now() - 10_000 });
    assert.match((await logIn([over])).body.errors?.[0] ?? '', /it has expired$/);
    const token = server.env['VAULT_TOKEN'] ?? '';
    for (const chain of [[], [make()], [over]])
      assert.equal((await ask('GET', 'sys/mounts', { chain, token })).status, 200);
  });

  it('are refused to who copied a certificate and has not its key', async () => {
    const thief = { ...client, keyPem: make().keyPem };
    await assert.rejects(logIn([thief, between]));
  });

  it('end on every process when a list says so', async () => {
    const lost = make({ name: 'web-lost', by: server.root });
    assert.equal((await logIn([lost])).status, 200);
    const crl = pemOf('X509 CRL', makeList({ by: server.root, revoked: [lost.serial] }));
    await done('POST', 'auth/cert/crls/lost', { body: { crl } });
    for (let round = 0; round < 6; round += 1) assert.equal((await logIn([lost])).status, 400);
    assert.equal((await logIn([client, between])).status, 200);
  });

  it("work with Vault's own client for Go", { skip: vaultCommand.skip }, async () => {
    const built = vaultCommand.build();
    try {
      const files = server.clientFiles('go', [client, between]);
      const env = { VAULT_CLIENT_CERT: files.cert, VAULT_CLIENT_KEY: files.key };
      const args = ['write', 'auth/cert/login', 'name=web'];
      const { auth } = await runProgram(built.file, server, { args, token: '', env });
      assert.deepEqual(auth?.['policies'], ['default', 'web']);
      await assert.rejects(runProgram(built.file, server, { args, token: '' }), /must be supplied/);
    } finally {
      fs.rmSync(built.folder, { recursive: true, force: true });
    }
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';

type Body = Record<string, unknown>;
type Answer = { readonly status: number; readonly body: Body; readonly data: Body };

const plaintext = Buffer.from('a data key of 32 bytes, or nearly').toString('base64');

// what clients send that can't be run here, request by request
describe('sequences of requests that clients of Vault send', () => {
  let server: TestServer;

  before(async () => {
    server = await startTestServer();
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  async function send(request: string, body?: object | string, headers: Body = {}): Promise<Answer> {
    const [method = '', where = ''] = request.split(' ');
    const answer = await fetch(`${server.address}/v1/${where}`, {
      method,
      headers: { 'x-vault-token': server.env['VAULT_TOKEN'] ?? '', ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const read = (text === '' ? {} : JSON.parse(text)) as Body;
    return { status: answer.status, body: read, data: (read['data'] ?? {}) as Body };
  }

  /** The data of an answer that must be 200. */
  async function ask(request: string, body?: object | string, headers?: Body): Promise<Body> {
    const answer = await send(request, body, headers);
    assert.equal(answer.status, 200, `${request}: ${JSON.stringify(answer.body)}`);
    return answer.data;
  }

  it('the transit seal of another Vault', async () => {
    await ask('PUT transit/keys/seal', 'null');
    const sealed = await ask('PUT transit/encrypt/seal', { plaintext });
    const opened = await ask('PUT transit/decrypt/seal', { ciphertext: sealed['ciphertext'] });
    assert.equal(opened['plaintext'], plaintext);
    const self = await ask('GET auth/token/lookup-self');
    assert.equal(typeof self['ttl'], 'number');
  });

  it('Ceph, with keys from transit', async () => {
    await ask('POST transit/keys/ceph', { type: 'aes256-gcm96' });
    const context = Buffer.from('bucket/object').toString('base64');
    const made = await ask('POST transit/datakey/plaintext/ceph', { context });
    assert.equal(Buffer.from(String(made['plaintext']), 'base64').length, 32);
    const opened = await ask('POST transit/decrypt/ceph', { ciphertext: made['ciphertext'], context });
    assert.equal(opened['plaintext'], made['plaintext']);
  });

  it('OpenTofu, with a key for each state', async () => {
    await ask('POST transit/keys/tofu', {});
    const made = await ask('PUT transit/datakey/plaintext/tofu', { bits: 256 });
    assert.equal(Buffer.from(String(made['plaintext']), 'base64').length, 32);
    const opened = await ask('PUT transit/decrypt/tofu', { ciphertext: made['ciphertext'] });
    assert.equal(opened['plaintext'], made['plaintext']);
  });

  it('client-side field encryption of a message broker, which sends the name in the body, too', async () => {
    await ask('POST transit/keys/fields', {});
    const sealed = await ask('POST transit/encrypt/fields', { name: 'fields', plaintext });
    const ciphertext = sealed['ciphertext'];
    const opened = await ask('POST transit/decrypt/fields', { name: 'fields', ciphertext });
    assert.equal(opened['plaintext'], plaintext);
  });

  it('Terraform asks for the version and for its token', async () => {
    const status = await send('GET sys/seal-status');
    assert.match(String(status.body['version']), /^1\.(1[0-9]|2[0-9])\.[0-9]+$/);
    const self = await ask('GET auth/token/lookup-self');
    assert.ok(Array.isArray(self['policies']));
  });

  it('Terraform works with a child token that ends by itself', async () => {
    const wish = { ttl: '1200s', explicit_max_ttl: '1200s', renewable: false, display_name: 'terraform' };
    const { body } = await send('POST auth/token/create', wish);
    const { client_token: token, renewable } = body['auth'] as Body;
    assert.equal(renewable, false);
    const self = await ask('GET auth/token/lookup-self', undefined, { 'x-vault-token': token });
    assert.deepEqual([self['explicit_max_ttl'], self['display_name']], [1200, 'token-terraform']);
  });

  it('an object store keeps its keys in KV, as a workload that logs in', async () => {
    await send('POST sys/mounts/kes', { type: 'kv', options: { version: '2' } });
    await send('POST sys/auth/kes', { type: 'approle' });
    const rule = (path: string, list: string[]) =>
      `path "kes/${path}" { capabilities = ${JSON.stringify(list)} }`;
    const policy = [rule('data/*', ['create', 'read']), rule('metadata/*', ['list', 'read', 'delete'])].join(
      '\n',
    );
    await send('PUT sys/policies/acl/kes', { policy });
    await send('POST auth/kes/role/store', { token_num_uses: 0, secret_id_num_uses: 0, period: '5m' });
    await send('POST auth/kes/role/store', { policies: 'kes' });
    const { role_id } = await ask('GET auth/kes/role/store/role-id');
    const { secret_id } = await ask('PUT auth/kes/role/store/secret-id', 'null');
    const login = await send('PUT auth/kes/login', { role_id, secret_id }, { 'x-vault-token': '' });
    const as = { 'x-vault-token': (login.body['auth'] as Body)['client_token'] };
    const absent = await send('GET kes/data/key-1', undefined, as);
    assert.deepEqual([absent.status, absent.body['errors']], [404, []]);
    const wish = { options: { cas: 0 }, data: { 'key-1': 'bytes' } };
    assert.equal((await ask('PUT kes/data/key-1', wish, as))['version'], 1);
    const again = await send('PUT kes/data/key-1', wish, as);
    assert.ok(again.status === 400 || again.status === 403, JSON.stringify(again));
    const read = await ask('GET kes/data/key-1', undefined, as);
    assert.deepEqual(read['data'], { 'key-1': 'bytes' });
    assert.deepEqual(await ask('GET kes/metadata/?list=true', undefined, as), { keys: ['key-1'] });
    const renewed = await send('PUT auth/token/renew-self', {}, as);
    assert.equal((renewed.body['auth'] as Body)['lease_duration'], 300);
    assert.equal((await send('DELETE kes/metadata/key-1', undefined, as)).status, 204);
  });

  it('a library for Java lists by GET, and reads what is absent', async () => {
    await ask('POST transit/keys/listed', {});
    for (const flag of ['true', '1']) {
      const { keys } = await ask(`GET transit/keys?list=${flag}`, undefined, { 'x-vault-request': 'true' });
      assert.ok((keys as string[]).includes('listed'));
    }
    const absent = await send('GET transit/keys/absent');
    assert.deepEqual([absent.status, absent.body], [404, { errors: [] }]);
  });

  it('a token as a bearer, slashes too many, and forms as curl sends them', async () => {
    const token = server.env['VAULT_TOKEN'] ?? '';
    const bearer = { authorization: `Bearer ${token}`, 'x-vault-token': '' };
    await ask('POST transit//keys/typed', 'type=aes256-gcm96&exportable=true', {
      ...bearer,
      'content-type': 'application/x-www-form-urlencoded',
    });
    const key = await ask('GET transit/keys/typed');
    assert.equal(key['exportable'], true);
    // a body of JSON under the type that curl names by itself
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const sealed = await ask('POST transit/encrypt/typed', { plaintext }, headers);
    assert.match(String(sealed['ciphertext']), /^vault:v1:/);
  });

  it('curl lists', async (context) => {
    await ask('POST transit/keys/curled', {});
    const options = ['--silent', '--request', 'LIST', '--header', '@-', `${server.address}/v1/transit/keys`];
    const running = promisify(execFile)('curl', options);
    running.child.stdin?.end(`X-Vault-Token: ${server.env['VAULT_TOKEN']}\n`);
    try {
      const { stdout } = await running;
      const { data } = JSON.parse(stdout) as { data: { keys: string[] } };
      assert.ok(data.keys.includes('curled'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      context.skip('the curl command is not installed');
    }
  });

  it('health checks read the status alone, whatever they ask to be told', async () => {
    for (const [query, status] of [
      ['', 200],
      ['?standbyok=true&perfstandbyok=true', 200],
      ['?activecode=204', 204],
    ] as const) {
      const answer = await fetch(`${server.address}/v1/sys/health${query}`, { method: 'HEAD' });
      assert.equal(answer.status, status, query);
    }
  });
});

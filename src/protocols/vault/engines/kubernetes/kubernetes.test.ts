import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ecKey, serveJson, type TestServer } from '../../issuer.fixture.ts';
import { assertNotKept } from '../../planted.fixture.ts';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const key = ecKey('cluster');
const reviewer = key.token({ sub: 'system:serviceaccount:vault:reviewer' });

type Review = {
  readonly authorization: string;
  readonly token: string;
  readonly audiences?: readonly string[];
};

describe('Kubernetes', () => {
  let vault: VaultHouse;
  let cluster: TestServer;
  const reviews: Review[] = [];
  let answer: { status?: number; json: unknown } | null = null;

  /** What an API server says of a token: that of the account `NAMESPACE:NAME` in its claim `sub`. */
  function review({ token, audiences }: Review): object {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { sub, aud } = JSON.parse(text) as { sub: string; aud?: string };
    if (!sub.startsWith('system:')) return { authenticated: false, error: 'invalid bearer token' };
    const user = { username: sub, uid: 'uid-1', groups: ['system:serviceaccounts'] };
    const taken = audiences?.filter((each) => each === aud) ?? ['https://kubernetes.default'];
    return taken.length === 0 ? { authenticated: false } : { authenticated: true, user, audiences: taken };
  }

  before(async () => {
    vault = await startVault();
    cluster = await serveJson((request, body) => {
      if (answer) return answer;
      assert.equal(request.url, '/apis/authentication.k8s.io/v1/tokenreviews');
      const { spec } = JSON.parse(body) as { spec: { token: string; audiences?: string[] } };
      const asked = { authorization: request.headers.authorization ?? '', ...spec };
      reviews.push(asked);
      return { status: 201, json: { kind: 'TokenReview', status: review(asked) } };
    });
    await vault.ask('POST', 'sys/auth/kubernetes', { type: 'kubernetes' });
    await vault.ask('POST', 'auth/kubernetes/config', {
      kubernetes_host: cluster.url,
      token_reviewer_jwt: reviewer,
    });
    await vault.ask('POST', 'auth/kubernetes/role/app', {
      bound_service_account_names: 'app,job-*',
      bound_service_account_namespaces: ['prod', 'team-*'],
      policies: 'app',
      ttl: '15m',
      max_ttl: '20m',
    });
  });
  after(async () => {
    cluster.close();
    await vault.close();
  });

  const account = (name: string, more: object = {}) =>
    key.token({ sub: `system:serviceaccount:${name}`, iat: 1, ...more });
  const logIn = (jwt: string, role = 'app', mount = 'kubernetes') =>
    vault.send('POST', `auth/${mount}/login`, { jwt, role }, { token: null });
  const refused = (jwt: string, role = 'app', mount = 'kubernetes') =>
    vault.refusal('POST', `auth/${mount}/login`, { jwt, role }, { token: null });

  it('gives a token for an account that the API server takes and the role is for', async () => {
    const jwt = account('prod:app');
    const { status, body } = await logIn(jwt);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.auth?.['policies'], ['app', 'default']);
    assert.equal(body.auth?.['lease_duration'], 900);
    assert.deepEqual(body.auth?.['metadata'], {
      role: 'app',
      service_account_name: 'app',
      service_account_namespace: 'prod',
      service_account_secret_name: '',
      service_account_uid: 'uid-1',
    });
    assert.equal(reviews.at(-1)?.authorization, `Bearer ${reviewer}`);
    assert.equal(reviews.at(-1)?.token, jwt);
    assert.equal((await logIn(account('team-a:job-7'))).status, 200);
    const { data } = await vault.ask('GET', `identity/entity/id/${String(body.auth?.['entity_id'])}`);
    const [alias] = (data as { aliases?: { name: string }[] } | null)?.aliases ?? [];
    assert.equal(alias?.name, 'uid-1');
  });

  it('refuses other accounts, other namespaces and what the API server does not take', async () => {
    assert.match(await refused(account('prod:other')), /^403/);
    assert.match(await refused(account('dev:app')), /^403/);
    assert.match(await refused(key.token({ sub: 'nobody' })), /^403/);
    assert.match(await refused(key.token({ sub: 'system:node:one' })), /^403/);
    assert.match(await refused(key.token({ sub: 'system:serviceaccount:prod:app:x' })), /^403/);
    assert.match(await refused(account('prod:app'), 'none'), /^400 invalid role name "none"/);
    assert.match(await refused('no jwt at all'), /^400 /);
    assert.equal(await refused(''), '400 missing jwt');
  });

  it('asks for the audience of the role, and takes an answer without it for a no', async () => {
    await vault.ask('POST', 'auth/kubernetes/role/aud', {
      bound_service_account_names: 'app',
      bound_service_account_namespaces: 'prod',
      audience: 'vault',
    });
    assert.equal((await logIn(account('prod:app', { aud: 'vault' }), 'aud')).status, 200);
    assert.deepEqual(reviews.at(-1)?.audiences, ['vault']);
    assert.match(await refused(account('prod:app', { aud: 'other' }), 'aud'), /^403/);
    const user = { username: 'system:serviceaccount:prod:app', uid: 'u' };
    answer = { json: { status: { authenticated: true, user } } };
    assert.match(await refused(account('prod:app', { aud: 'vault' }), 'aud'), /^403/);
    answer = null;
  });

  it('lets nobody in where the API server answers with anything else', async () => {
    for (const strange of [
      { json: [] },
      { json: {} },
      { json: { status: {} } },
      { json: { status: { authenticated: 'true' } } },
      { status: 500, json: { status: { authenticated: true } } },
      { status: 401, json: {} },
    ]) {
      answer = strange;
      assert.match(await refused(account('prod:app')), /^40[03]/);
    }
    answer = null;
  });

  it('asks with the token itself where no reviewer is configured', async () => {
    await vault.ask('POST', 'sys/auth/own', { type: 'kubernetes' });
    await vault.ask('POST', 'auth/own/config', { kubernetes_host: cluster.url });
    await vault.ask('POST', 'auth/own/role/app', {
      bound_service_account_names: 'app',
      bound_service_account_namespaces: 'prod',
      alias_name_source: 'serviceaccount_name',
    });
    const jwt = account('prod:app');
    assert.equal((await logIn(jwt, 'app', 'own')).status, 200);
    assert.equal(reviews.at(-1)?.authorization, `Bearer ${jwt}`);
    const { store } = vault.composition.house;
    assert.ok(await store.principalByName(vault.who.principal.environment, 'own/prod/app'));
    answer = { status: 401, json: {} };
    assert.match(await refused(jwt, 'app', 'own'), /^403/);
    answer = null;
  });

  it('takes no configuration or role that could not work', async () => {
    const config = (body: object) => vault.refusal('POST', 'auth/kubernetes/config', body);
    assert.equal(await config({}), '400 no host provided');
    assert.match(await config({ kubernetes_host: 'http://10.0.0.1' }), /must begin with https/);
    assert.match(await config({ kubernetes_host: cluster.url, pem_keys: ['x'] }), /pem_keys is not offered/);
    const role = (body: object) => vault.refusal('POST', 'auth/kubernetes/role/bad', body);
    assert.match(await role({ bound_service_account_namespaces: 'a' }), /can not be empty/);
    assert.match(await role({ bound_service_account_names: 'a' }), /can not be empty/);
    assert.match(
      await role({ bound_service_account_names: '*', bound_service_account_namespaces: '*' }),
      /can not both be/,
    );
  });

  it('tells configuration and roles without what is secret', async () => {
    const { data } = await vault.ask('GET', 'auth/kubernetes/config');
    assert.equal(data?.['token_reviewer_jwt_set'], true);
    assert.ok(!JSON.stringify(data).includes(reviewer));
    const { data: role } = await vault.ask('GET', 'auth/kubernetes/role/app');
    assert.deepEqual(role?.['bound_service_account_names'], ['app', 'job-*']);
    assert.deepEqual([role?.['token_ttl'], role?.['token_max_ttl']], [900, 1200]);
  });

  it('keeps no token in clear', async () => {
    const jwt = account('prod:app', { planted: true });
    await logIn(jwt);
    assertNotKept(vault.home, [jwt, reviewer, jwt.split('.')[2] ?? '', reviewer.split('.')[2] ?? '']);
  });
});

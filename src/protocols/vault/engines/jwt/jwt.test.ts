import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { ecKey, edwardsKey, rsaKey, serveJson, type TestServer } from '../../issuer.fixture.ts';
import { assertNotKept } from '../../planted.fixture.ts';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const [rsa, ec, edwards, later, stranger] = [
  rsaKey('rsa'),
  ecKey('ec'),
  edwardsKey('ed'),
  ecKey('later'),
  rsaKey('rsa'),
];

describe('JWT', () => {
  let vault: VaultHouse;
  let issuer: TestServer;
  let published: readonly unknown[] = [rsa.jwk, ec.jwk, edwards.jwk];
  let told = '';
  let ahead = 0;
  const now = (): number => Math.floor((Date.now() + ahead) / 1000);

  before(async () => {
    vault = await startVault({ clock: { now: () => Date.now() + ahead } });
    issuer = await serveJson(({ url }) => {
      if (url === '/jwks') return { json: { keys: published } };
      if (url === '/.well-known/openid-configuration')
        return { json: { issuer: told || issuer.url, jwks_uri: `${issuer.url}/jwks` } };
      return { status: 404, json: {} };
    });
    await vault.ask('POST', 'sys/auth/jwt', { type: 'jwt' });
    await vault.ask('POST', 'auth/jwt/config', { jwks_url: `${issuer.url}/jwks`, default_role: 'ci' });
    await vault.ask('POST', 'auth/jwt/role/ci', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: 'vault,other',
      token_policies: 'deploy',
      token_ttl: '10m',
      claim_mappings: { '/repo/name': 'repository', run: 'run' },
    });
  });
  after(async () => {
    issuer.close();
    await vault.close();
  });

  const claims = (change: object = {}): object => ({
    iss: 'https://issuer.example',
    sub: 'build-7',
    aud: 'vault',
    iat: now(),
    exp: now() + 300,
    ...change,
  });
  const logIn = (jwt: string, role?: string, mount = 'jwt') =>
    vault.send('POST', `auth/${mount}/login`, { jwt, role }, { token: null });
  const refused = (jwt: string, role?: string, mount = 'jwt') =>
    vault.refusal('POST', `auth/${mount}/login`, { jwt, role }, { token: null });

  it('gives a token for one that the issuer signed, with each kind of key', async () => {
    for (const key of [rsa, ec, edwards]) {
      const { status, body } = await logIn(key.token(claims({ repo: { name: 'a/b' }, run: 7 })));
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body.auth?.['policies'], ['default', 'deploy']);
      assert.deepEqual(body.auth?.['metadata'], { repository: 'a/b', run: '7', role: 'ci' });
      assert.equal(body.auth?.['lease_duration'], 600);
    }
    const token = String((await logIn(rsa.token(claims()))).body.auth?.['client_token']);
    const self = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token });
    assert.equal(self.data?.['display_name'], 'jwt-build-7');
  });

  it('takes no signature of somebody else, none at all, and none of a shared secret', async () => {
    const invalid = /^400 error validating token: /;
    assert.match(await refused(stranger.token(claims())), invalid);
    const [head, body] = rsa.token(claims()).split('.');
    assert.match(await refused(`${head}.${body}.`), invalid);
    assert.match(await refused(`${head}.${body}.AAAA`), invalid);
    const none = rsa.token(claims(), { alg: 'none' }).split('.');
    assert.match(await refused(`${none[0]}.${none[1]}.`), /signature algorithm is not one/);
    // the public key of the issuer as if it were a secret of both
    const mixed = rsa.token(claims(), { alg: 'HS256', kid: 'rsa' }).split('.').slice(0, 2).join('.');
    const code = createHmac('sha256', rsa.pem).update(mixed).digest('base64url');
    assert.match(await refused(`${mixed}.${code}`), /signature algorithm is not one/);
    // a changed claim
    const forged = Buffer.from(JSON.stringify(claims({ sub: 'root' }))).toString('base64url');
    assert.match(await refused(`${head}.${forged}.${rsa.token(claims()).split('.')[2]}`), invalid);
    for (const text of ['x', 'a.b', 'a.b.c', '..', 'a.b.c.d.e']) assert.match(await refused(text), /^400 /);
    assert.equal(await refused(''), '400 missing token');
  });

  it('checks when, for whom and about whom it was made', async () => {
    const cases: readonly [object, RegExp][] = [
      [{ exp: now() - 61, iat: now() - 400 }, /token is expired/],
      [{ nbf: now() + 70 }, /not yet valid/],
      [{ iat: now() + 70, nbf: now() }, /from the future/],
      [{ exp: undefined, iat: undefined }, /no issued at/],
      [{ exp: 'soon' }, /the exp claim is no time/],
      [{ exp: undefined, iat: now() - 211 }, /token is expired/],
      [{ aud: 'somebody' }, /does not match any bound audience/],
      [{ aud: undefined }, /does not match any bound audience/],
      [{ aud: [1] }, /neither a string/],
      [{ sub: undefined }, /claim "sub" not found/],
      [{ sub: 7 }, /could not be converted to string/],
      [{ sub: 'a\u0000b' }, /characters that no name has/],
      [{ run: {} }, /error converting claim/],
    ];
    for (const [change, why] of cases) assert.match(await refused(ec.token(claims(change))), why);
    assert.equal((await logIn(ec.token(claims({ exp: now() - 50, iat: now() - 400 })))).status, 200);
    assert.equal((await logIn(ec.token(claims({ aud: ['x', 'other'] })))).status, 200);
  });

  it('checks subject and bound claims, by value or by glob', async () => {
    await vault.ask('POST', 'auth/jwt/role/bound', {
      role_type: 'jwt',
      user_claim: '/id/login',
      user_claim_json_pointer: true,
      bound_subject: 'build-7',
      bound_claims: { ref: ['main', 'next'], protected: true, groups: 'ops' },
    });
    const good = {
      aud: undefined,
      id: { login: 'ann' },
      ref: 'next',
      protected: true,
      groups: ['dev', 'ops'],
    };
    assert.equal((await logIn(rsa.token(claims(good)), 'bound')).status, 200);
    const cases: readonly [object, RegExp][] = [
      [{ ref: 'feature' }, /claim "ref" does not match/],
      [{ ref: undefined }, /claim "ref" is missing/],
      [{ protected: 'true' }, /claim "protected" does not match/],
      [{ groups: ['dev'] }, /claim "groups" does not match/],
      [{ sub: 'build-8' }, /does not match the bound subject/],
      [{ aud: 'vault' }, /no audiences bound to the role/],
    ];
    for (const [change, why] of cases)
      assert.match(await refused(rsa.token(claims({ ...good, ...change })), 'bound'), why);
    await vault.ask('POST', 'auth/jwt/role/glob', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_claims_type: 'glob',
      bound_claims: { ref: 'refs/heads/release-*' },
      bound_audiences: 'vault',
    });
    assert.equal((await logIn(rsa.token(claims({ ref: 'refs/heads/release-1' })), 'glob')).status, 200);
    assert.match(await refused(rsa.token(claims({ ref: 'refs/heads/main' })), 'glob'), /does not match/);
  });

  it('asks for the keys again when a token names one that it does not know, and not each time', async () => {
    const before = issuer.asked.length;
    ahead += 11_000;
    assert.match(await refused(later.token(claims())), /no known key/);
    assert.equal(issuer.asked.length, before + 1);
    published = [...published, later.jwk];
    assert.match(await refused(later.token(claims())), /no known key/);
    assert.equal(issuer.asked.length, before + 1);
    ahead += 11_000;
    assert.equal((await logIn(later.token(claims()))).status, 200);
    assert.equal(issuer.asked.length, before + 2);
    assert.equal((await logIn(later.token(claims()))).status, 200);
    assert.equal(issuer.asked.length, before + 2);
  });

  it('verifies with keys that were given, and with the algorithms that were allowed', async () => {
    await vault.ask('POST', 'sys/auth/given', { type: 'jwt' });
    await vault.ask('POST', 'auth/given/config', {
      jwt_validation_pubkeys: [ec.pem, edwards.pem, rsa.pem],
      jwt_supported_algs: 'ES256,RS256',
      // the empty values of what is not offered
      jwks_pairs: [],
      provider_config: {},
      oidc_client_id: '',
      bound_issuer: 'https://issuer.example',
    });
    await vault.ask('POST', 'auth/given/role/r', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: 'vault',
    });
    assert.equal((await logIn(ec.token(claims()), 'r', 'given')).status, 200);
    assert.equal((await logIn(rsa.token(claims()), 'r', 'given')).status, 200);
    assert.match(await refused(edwards.token(claims()), 'r', 'given'), /algorithm is not one/);
    assert.match(await refused(later.token(claims()), 'r', 'given'), /no known key/);
    assert.match(await refused(ec.token(claims({ iss: 'x' })), 'r', 'given'), /invalid issuer/);
    assert.equal(await refused(ec.token(claims()), undefined, 'given'), '400 missing role');
    assert.match(await refused(ec.token(claims()), 'none', 'given'), /role "none" could not be found/);
  });

  it('finds the keys of an OpenID provider, and takes tokens of it alone', async () => {
    await vault.ask('POST', 'sys/auth/oidc', { type: 'oidc' });
    await vault.ask('POST', 'auth/oidc/config', { oidc_discovery_url: issuer.url });
    await vault.ask('POST', 'auth/oidc/role/r', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: 'vault',
    });
    assert.equal((await logIn(rsa.token(claims({ iss: issuer.url })), 'r', 'oidc')).status, 200);
    assert.match(await refused(rsa.token(claims()), 'r', 'oidc'), /invalid issuer/);
    told = 'https://another.example';
    ahead += 11 * 60_000;
    assert.match(
      await vault.refusal('POST', 'auth/oidc/config', { oidc_discovery_url: issuer.url }),
      /^400 error checking oidc discovery URL: the issuer/,
    );
  });

  it('takes no configuration or role that could not work or would take any token', async () => {
    const config = (body: object) => vault.refusal('POST', 'auth/jwt/config', body);
    assert.match(await config({}), /^400 exactly one of/);
    assert.match(
      await config({ jwks_url: `${issuer.url}/jwks`, jwt_validation_pubkeys: [ec.pem] }),
      /exactly one/,
    );
    assert.match(await config({ jwks_url: 'http://issuer.example/jwks' }), /must begin with https/);
    assert.match(await config({ jwks_url: 'file:///etc/passwd' }), /must begin with https/);
    assert.match(await config({ jwks_url: `${issuer.url}/nothing` }), /error checking jwks URL/);
    assert.match(await config({ jwt_validation_pubkeys: 'x' }), /error parsing public key/);
    assert.match(
      await config({ jwks_url: `${issuer.url}/jwks`, jwt_supported_algs: 'HS256' }),
      /^400 supportedAlgs/,
    );
    assert.match(await config({ jwks_url: `${issuer.url}/jwks`, oidc_client_id: 'x' }), /not offered/);
    const role = (body: object) => vault.refusal('POST', 'auth/jwt/role/bad', body);
    assert.match(
      await role({ user_claim: 'sub', bound_audiences: 'a' }),
      /not offered here: use a role of role_type/,
    );
    assert.match(await role({ role_type: 'jwt', bound_audiences: 'a' }), /a user claim must be defined/);
    assert.match(await role({ role_type: 'jwt', user_claim: 'sub' }), /at least one bound constraint/);
    assert.match(
      await role({
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: 'a',
        claim_mappings: { x: 'role' },
      }),
      /reserved/,
    );
    assert.match(
      await vault.refusal('POST', 'auth/jwt/oidc/auth_url', {}, { token: null }),
      /^400 the login by a browser/,
    );
  });

  it('tells configuration and roles, and takes roles away', async () => {
    const { data: config } = await vault.ask('GET', 'auth/jwt/config');
    assert.equal(config?.['jwks_url'], `${issuer.url}/jwks`);
    const { data } = await vault.ask('GET', 'auth/jwt/role/ci');
    assert.deepEqual(data?.['bound_audiences'], ['vault', 'other']);
    assert.equal(data?.['role_type'], 'jwt');
    await vault.ask('POST', 'auth/jwt/role/ci', { token_ttl: '20m' });
    // what clients send of the other role type, whatever the role is
    await vault.ask('POST', 'auth/jwt/role/ci', {
      allowed_redirect_uris: ['http://x'],
      max_age: 0,
      oidc_scopes: [],
    });
    assert.deepEqual((await vault.ask('GET', 'auth/jwt/role/ci')).data?.['bound_audiences'], [
      'vault',
      'other',
    ]);
    assert.deepEqual((await vault.ask('LIST', 'auth/jwt/role')).data?.['keys'], ['bound', 'ci', 'glob']);
    await vault.ask('DELETE', 'auth/jwt/role/glob');
    assert.match(await vault.refusal('GET', 'auth/jwt/role/glob'), /^404/);
  });

  it('keeps no token that was sent', async () => {
    const [good, bad] = [ec.token(claims({ jti: 'planted' })), later.token(claims({ aud: 'planted' }))];
    await logIn(good);
    await logIn(bad);
    assertNotKept(vault.home, [good, bad, good.split('.')[2] ?? '', bad.split('.')[2] ?? '']);
  });
});

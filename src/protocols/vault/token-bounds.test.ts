import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newToken } from '#access';
import { operations, tokenCredential } from '#operations';
import { startVault, type VaultHouse } from './vault.fixture.ts';

describe('what a limited token cannot have', () => {
  let vault: VaultHouse;
  let now = Date.now();

  before(async () => {
    vault = await startVault({ clock: { now: () => now } });
    await policy('maker', 'path "auth/token/create*" { capabilities = ["update"] }');
    await policy('freer', 'path "auth/token/create*" { capabilities = ["update", "sudo"] }');
  });
  after(() => vault.close());

  const denied = '403 1 error occurred:\n\t* permission denied\n\n';

  async function policy(name: string, text: string): Promise<void> {
    await vault.ask('PUT', `sys/policies/acl/${name}`, { policy: text });
  }

  /** A token, as its maker is told of it. */
  async function make(wish: object): Promise<{ token: string; accessor: string }> {
    const { auth } = await vault.ask('POST', 'auth/token/create', wish);
    return { token: String(auth?.['client_token']), accessor: String(auth?.['accessor']) };
  }

  it('gives no policies by a role that says nothing of them, but those of its caller', async () => {
    await vault.ask('POST', 'auth/token/roles/plain', { orphan: true });
    const { token } = await make({ policies: ['maker'] });
    const create = 'auth/token/create/plain';
    assert.equal(
      await vault.refusal('POST', create, { policies: ['strong'] }, { token }),
      '400 child policies must be subset of parent',
    );
    assert.match(await vault.refusal('POST', create, { policies: ['root'] }, { token }), /^400 root tokens/);
    const { auth } = await vault.ask('POST', create, {}, { token });
    assert.deepEqual(auth?.['policies'], ['default', 'maker']);
    const { token: freer } = await make({ policies: ['freer'] });
    const free = await vault.ask('POST', create, { policies: ['strong'] }, { token: freer });
    assert.deepEqual(free.auth?.['policies'], ['default', 'strong']);
  });

  it('makes no tokens by a batch token', async () => {
    await vault.ask('POST', 'auth/token/roles/orphans', { orphan: true, allowed_policies: 'root,maker' });
    for (const wish of [{ policies: ['maker'] }, { policies: ['freer'] }]) {
      const { token } = await make({ ...wish, type: 'batch' });
      for (const path of ['create', 'create/orphans', 'create-orphan'])
        for (const policies of [[], ['root'], ['maker']])
          assert.match(
            await vault.refusal('POST', `auth/token/${path}`, { policies }, { token }),
            /^(400 batch tokens cannot create more tokens|403 )/,
          );
    }
  });

  it('takes a root token whose uses or addresses are bounded under /v1/ alone', async () => {
    await vault.ask('POST', 'auth/token/roles/here', {
      allowed_policies: 'root',
      token_bound_cidrs: '127.0.0.0/8',
    });
    const { auth } = await vault.ask('POST', 'auth/token/create/here', { policies: ['root'] });
    const counted = await make({ policies: ['root'], num_uses: 5 });
    for (const token of [String(auth?.['client_token']), counted.token]) {
      assert.equal((await vault.send('GET', 'sys/mounts', undefined, { token })).status, 200);
      const rawHeaders = ['Authorization', `Bearer ${token}`];
      await assert.rejects(vault.composition.authenticator.bearer({ rawHeaders }), { code: 'access-denied' });
    }
  });

  it('lets no renewal reach beyond what a token can last at most', async () => {
    const { token } = await make({ policies: ['maker'], ttl: '10s', explicit_max_ttl: '10s' });
    now += 9500;
    const { auth } = await vault.ask('POST', 'auth/token/renew-self', {}, { token });
    assert.equal(auth?.['lease_duration'], 1);
    now += 500;
    assert.equal((await vault.send('POST', 'auth/token/renew-self', {}, { token })).status, 403);
  });

  it('passes by no rule with a slash at the end of a path', async () => {
    await vault.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    await vault.ask('POST', 'auth/userpass/users/boss', { password: 'its own' });
    await policy(
      'helpdesk',
      `path "auth/userpass/users/*" { capabilities = ["read", "update", "delete"] }
      path "auth/userpass/users/boss" { capabilities = ["deny"] }
      path "auth/userpass/users/boss/password" { capabilities = ["deny"] }
      path "sys/mounts/*" { capabilities = ["update", "delete"] }
      path "sys/mounts/secret" { capabilities = ["deny"] }
      path "sys/mounts/secret/tune" { capabilities = ["deny"] }`,
    );
    const { token } = await make({ policies: ['helpdesk'] });
    for (const [method, path] of [
      ['POST', 'auth/userpass/users/boss'],
      ['GET', 'auth/userpass/users/boss'],
      ['DELETE', 'auth/userpass/users/boss'],
      ['POST', 'auth/userpass/users/boss/password'],
      ['DELETE', 'sys/mounts/secret'],
      ['POST', 'sys/mounts/secret/tune'],
    ] as const)
      for (const slashes of ['', '/', '//', '%2F'])
        assert.equal(
          await vault.refusal(method, `${path}${slashes}`, { password: 'another' }, { token }),
          denied,
        );
    await vault.ask('POST', 'auth/userpass/login/boss', { password: 'its own' });
    await vault.ask('POST', 'auth/userpass/users/clerk', { password: 'its own' });
    await vault.ask('POST', 'auth/userpass/users/clerk/', { password: 'another' }, { token });
  });

  it('opens no wrapping whose token was revoked', async () => {
    const told = 'wrapping token is not valid or does not exist';
    const { wrap_info: info } = await vault.ask(
      'POST',
      'sys/wrapping/wrap',
      { answer: 42 },
      { headers: { 'x-vault-wrap-ttl': '60' } },
    );
    await vault.ask('POST', 'auth/token/revoke-accessor', { accessor: info?.['accessor'] });
    for (const act of ['lookup', 'rewrap', 'unwrap'])
      assert.equal(
        await vault.refusal('POST', `sys/wrapping/${act}`, { token: info?.['token'] }),
        `400 ${told}`,
      );
  });

  it('does not say that a batch token was revoked, which can not be', async () => {
    const { token } = await make({ policies: ['maker'], type: 'batch' });
    const told = '400 batch tokens cannot be revoked';
    assert.equal(await vault.refusal('POST', 'auth/token/revoke', { token }), told);
    assert.equal(await vault.refusal('POST', 'auth/token/revoke-self', {}, { token }), told);
  });

  it('reads no large body of who has not shown a token', async () => {
    const large = { password: 'x'.repeat(300_000) };
    for (const token of [null, 'hvs.nobody', vault.root])
      assert.equal(
        await vault.refusal('POST', 'auth/userpass/login/boss', large, { token }),
        '413 http: request body too large',
      );
    // what is no JSON would be told
    const raw = `{"a":${'['.repeat(300_000)}`;
    assert.equal(
      await vault.refusal('POST', 'secret/data/a', null, { token: 'hvs.nobody', raw }),
      '403 permission denied',
    );
    assert.match(
      await vault.refusal('POST', 'sys/wrapping/unwrap', null, { token: 'hvs.nobody', raw }),
      /^413 /,
    );
    assert.equal(
      await vault.refusal('POST', 'secret/data/a', null, { raw }),
      '400 error parsing JSON: it is nested too deeply',
    );
  });

  it('makes no periodic token for who may not, also not by a role that says nothing of a period', async () => {
    await vault.ask('POST', 'auth/token/roles/aged', { allowed_policies: 'maker' });
    await vault.ask('POST', 'auth/token/roles/periodic', { allowed_policies: 'maker', token_period: '1h' });
    const { token } = await make({ policies: ['maker'] });
    assert.match(
      await vault.refusal('POST', 'auth/token/create/aged', { period: '1h' }, { token }),
      /^403 .*root or sudo privileges|^403 1 error/s,
    );
    const { auth } = await vault.ask('POST', 'auth/token/create/periodic', {}, { token });
    assert.equal(auth?.['lease_duration'], 3600);
  });

  it('passes by no rule in other letters, where those name the same thing', async () => {
    await vault.ask('POST', 'sys/auth/people', { type: 'userpass' });
    const text = `
      path "sys/policies/acl/*" { capabilities = ["create", "update"] }
      path "sys/policies/acl/strong" { capabilities = ["deny"] }
      path "auth/people/users/*" { capabilities = ["create", "update"] }
      path "auth/people/users/boss" { capabilities = ["deny"] }`;
    await vault.ask('PUT', 'sys/policies/acl/writer', { policy: text });
    const { token } = await make({ policies: ['writer'] });
    const policy = 'path "a" { capabilities = ["read"] }';
    for (const name of ['strong', 'STRONG', 'Strong'])
      assert.match(await vault.refusal('PUT', `sys/policies/acl/${name}`, { policy }, { token }), /^403 /);
    for (const name of ['boss', 'BOSS', 'bOss'])
      assert.match(
        await vault.refusal('POST', `auth/people/users/${name}`, { password: 'x' }, { token }),
        /^403 /,
      );
    await vault.ask('PUT', 'sys/policies/acl/Weak', { policy }, { token });
  });

  it('binds a child to the addresses of its parent', async () => {
    await vault.ask('POST', 'auth/token/roles/near', {
      allowed_policies: 'maker',
      token_bound_cidrs: '127.0.0.0/8',
    });
    const near = await vault.ask('POST', 'auth/token/create/near', {});
    const made = await vault.ask(
      'POST',
      'auth/token/create',
      {},
      { token: String(near.auth?.['client_token']) },
    );
    const token = String(made.auth?.['client_token']);
    const { data } = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token });
    assert.deepEqual(data?.['bound_cidrs'], ['127.0.0.0/8']);
  });

  it('is not slowed down by the globs of a role', async () => {
    await vault.ask('POST', 'auth/token/roles/starry', { allowed_policies_glob: `${'*a'.repeat(60)}b` });
    const policies = ['a'.repeat(250)];
    const before = performance.now();
    assert.match(
      await vault.refusal('POST', 'auth/token/create/starry', { policies }),
      /^400 token policies .* must be subset/,
    );
    assert.ok(performance.now() - before < 2000);
  });

  it('takes no addresses that are none, wherever they bind', async () => {
    await vault.ask('POST', 'sys/auth/approle', { type: 'approle' });
    await vault.ask('POST', 'auth/approle/role/open', {});
    await vault.ask('POST', 'sys/auth/bound', { type: 'userpass' });
    const before = await vault.ask('GET', 'auth/token/roles/near');
    for (const address of ['10.0.0.0/33', '::/129', 'localhost', '10.0.0.0/-1', '10.0.0/8', 'a/8/8'])
      for (const [path, field] of [
        ['auth/token/roles/near', 'token_bound_cidrs'],
        ['auth/token/roles/near', 'bound_cidrs'],
        ['auth/token/roles/odd', 'token_bound_cidrs'],
        ['auth/approle/role/open', 'secret_id_bound_cidrs'],
        ['auth/approle/role/open', 'bound_cidr_list'],
        ['auth/approle/role/open', 'token_bound_cidrs'],
        ['auth/approle/role/open/secret-id-bound-cidrs', 'secret_id_bound_cidrs'],
        ['auth/approle/role/open/secret-id', 'cidr_list'],
        ['auth/approle/role/open/secret-id', 'token_bound_cidrs'],
        ['auth/bound/users/someone', 'token_bound_cidrs'],
      ] as const)
        assert.equal(
          await vault.refusal('POST', path, { password: 'its own', [field]: ['10.0.0.0/8', address] }),
          `400 error parsing address "${address}": Unable to convert "${address}" to an IPv4 or IPv6 address, or a UNIX Socket`,
        );
    assert.deepEqual((await vault.ask('GET', 'auth/token/roles/near')).data, before.data);
    assert.match(await vault.refusal('GET', 'auth/token/roles/odd'), /^404 /);
  });

  it('is used from nowhere where what binds it can not be read', async () => {
    const { house } = vault.composition;
    const { who } = vault;
    const stored = await house.store.documents.get({
      environment: who.principal.environment,
      collection: 'token-role',
      id: 'near',
    });
    assert.ok(stored);
    const content = { ...(stored.content as object), boundCidrs: ['127.0.0.0/99', 'nowhere'] };
    const document = { ...stored, content, revision: stored.revision + 1 };
    await house.store.commit({
      changes: [{ kind: 'document-put', document, expectedRevision: stored.revision }],
      events: [],
    });
    house.drop([`document:${who.principal.environment}/token-role/near`]);
    const { auth } = await vault.ask('POST', 'auth/token/create/near', {});
    const token = String(auth?.['client_token']);
    assert.match(await vault.refusal('GET', 'auth/token/lookup-self', undefined, { token }), /^403 /);
  });

  it('blocks nobody else with a body of very many parts', async () => {
    const tooMany = '400 error parsing JSON: it has too many parts';
    const many = `{"data":{"a":[${'0,'.repeat(1_000_000)}0]}}`;
    for (const path of ['secret/data/a', 'transit/encrypt/a', 'sys/tools/hash'])
      assert.equal(await vault.refusal('POST', path, null, { raw: many }), tooMany);
    const inside = { data: `{"a":[${'0,'.repeat(1_000_000)}0]}` };
    assert.match(await vault.refusal('POST', 'secret/data/a', inside), /^400 .*expected an object$/);
    const list = { versions: '1,'.repeat(100_000) };
    assert.match(await vault.refusal('POST', 'secret/delete/a', list), /^400 .* at most 10000 parts$/);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = (raw: string) => vault.refusal('POST', 'secret/delete/a', null, { raw, headers });
    assert.equal(await form('versions=1&'.repeat(20_000)), '400 a form has at most 10000 fields');
    assert.equal(await form(`versions=${'1'.repeat(1_100_000)}`), '413 http: request body too large');
  });

  it('reads large bodies only where data is taken', async () => {
    const large = 'x'.repeat(1_100_000);
    const tooLarge = '413 http: request body too large';
    for (const path of ['auth/token/create', 'sys/policies/acl/large', 'sys/mounts/large', 'cubbyhole/a'])
      assert.equal(await vault.refusal('POST', path, { policy: large }), tooLarge);
    const { data } = await vault.ask('POST', 'sys/tools/hash', {
      input: Buffer.from(large).toString('base64'),
    });
    assert.match(String(data?.['sum']), /^[0-9a-f]{64}$/);
    await vault.ask('POST', 'secret/data/large', { data: { a: large.slice(0, 1_000_000) } });
  });

  it('has an id that no other token of the house has, in whatever environment', async () => {
    const { door, newRequestId } = vault.composition;
    const { principal, accountId } = vault.who;
    const caller = () => ({
      principal,
      accountId,
      region: 'eu-north-1',
      protocol: 'native',
      protocolOperation: '-',
      sourceAddress: '-',
      userAgent: '-',
      secureTransport: true,
      requestId: newRequestId(),
    });
    const roots = [vault.root];
    for (const environment of ['next-door', 'far-away']) {
      await door.run(operations.createEnvironment, caller(), { name: environment, accountId: null });
      const wish = { environment, name: 'boss' };
      roots.push((await door.run(operations.createAdministrator, caller(), wish)).token);
    }
    const duplicate = '400 cannot create a token with a duplicate ID';
    const create = (id: string, token: string) =>
      vault.refusal('POST', 'auth/token/create', { id, policies: ['default'] }, { token });
    assert.equal(await create('chosen-id', roots[1] ?? ''), '200 ');
    for (const token of roots) assert.equal(await create('chosen-id', token), duplicate);
    const answers = await Promise.all(roots.map((token) => create('id-at-once', token)));
    assert.deepEqual(answers.sort(), ['200 ', duplicate, duplicate]);
    // what has ended can be there again
    const { data } = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token: 'chosen-id' });
    assert.ok(data);
    await vault.ask('POST', 'auth/token/revoke-self', {}, { token: 'chosen-id' });
    assert.equal(await create('chosen-id', roots[2] ?? ''), '200 ');
    // also not that of a principal's own token
    assert.equal(await create(roots[2] ?? '', roots[1] ?? ''), duplicate);
  });

  it('ends with the credential of a principal under which it was made, also where it is renewed', async () => {
    const { house } = vault.composition;
    const text = newToken();
    const credential = { ...tokenCredential(vault.who.principal, text, now), expiresAt: now + 100_000 };
    await house.store.commit({ changes: [{ kind: 'credential-created', credential }], events: [] });
    const children = [];
    for (const wish of [{}, { type: 'batch' }, { policies: ['root'] }, { period: '1h' }]) {
      const { auth } = await vault.ask('POST', 'auth/token/create', wish, { token: text });
      children.push(String(auth?.['client_token']));
    }
    const under = await vault.ask('POST', 'auth/token/create', {}, { token: children[0] ?? '' });
    children.push(String(under.auth?.['client_token']));
    const orphan = await vault.ask('POST', 'auth/token/create-orphan', {}, { token: text });
    const status = async (token: string) =>
      (await vault.send('GET', 'auth/token/lookup-self', undefined, { token })).status;
    now += 99_000;
    for (const token of children) assert.equal(await status(token), 200);
    await vault.ask('POST', 'auth/token/renew-self', { increment: '10h' }, { token: children[3] ?? '' });
    now += 1000;
    for (const token of [text, ...children]) assert.equal(await status(token), 403);
    assert.equal(await status(String(orphan.auth?.['client_token'])), 200);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { auditEvents } from '#server';
import { startVault, type VaultHouse } from './vault.fixture.ts';

describe('tokens, policies and wrapping', () => {
  let vault: VaultHouse;
  let later = 0;

  before(async () => {
    vault = await startVault({ clock: { now: () => Date.now() + later } });
  });
  after(() => vault.close());

  const denied = '403 1 error occurred:\n\t* permission denied\n\n';

  async function policy(name: string, text: string): Promise<void> {
    await vault.ask('PUT', `sys/policies/acl/${name}`, { policy: text });
  }

  /** A token, as its maker is told of it. */
  async function make(wish: object, token = vault.root): Promise<{ token: string; accessor: string }> {
    const { auth } = await vault.ask('POST', 'auth/token/create', wish, { token });
    return { token: String(auth?.['client_token']), accessor: String(auth?.['accessor']) };
  }

  const lookUp = async (token: string) =>
    (await vault.ask('GET', 'auth/token/lookup-self', undefined, { token })).data;

  it('lets a token do what its policies say, from one request to the next', async () => {
    await policy('app', 'path "transit/keys/*" { capabilities = ["create", "update"] }');
    const { token } = await make({ policies: ['app'] });
    await vault.ask('PUT', 'transit/keys/app-1', null, { token });
    assert.equal(await vault.refusal('GET', 'transit/keys/app-1', undefined, { token }), denied);
    assert.equal(await vault.refusal('GET', 'sys/policies/acl/app', undefined, { token }), denied);
    await policy('app', 'path "transit/keys/app-1" { capabilities = ["read"] }');
    assert.equal((await vault.send('GET', 'transit/keys/app-1', undefined, { token })).status, 200);
    assert.equal(await vault.refusal('PUT', 'transit/keys/app-2', null, { token }), denied);
    await vault.ask('DELETE', 'sys/policies/acl/app');
    assert.equal(await vault.refusal('GET', 'transit/keys/app-1', undefined, { token }), denied);
  });

  it('tells an update from a creation', async () => {
    await policy('maker', 'path "transit/encrypt/*" { capabilities = ["create"] }');
    await policy('user', 'path "transit/encrypt/*" { capabilities = ["update"] }');
    const [maker, user] = [await make({ policies: ['maker'] }), await make({ policies: ['user'] })];
    const body = { plaintext: 'c2VjcmV0' };
    assert.equal(await vault.refusal('PUT', 'transit/encrypt/made', body, user), denied);
    await vault.ask('PUT', 'transit/encrypt/made', body, maker);
    assert.equal(await vault.refusal('PUT', 'transit/encrypt/made', body, maker), denied);
    await vault.ask('PUT', 'transit/encrypt/made', body, user);
  });

  it('reads and tunes an engine by a policy alone, and a method with sudo only', async () => {
    const rule = (path: string, ...more: string[]) =>
      `path "sys/${path}/tune" { capabilities = ${JSON.stringify(['read', 'update', ...more])} }`;
    await policy('tuner', `${rule('mounts/transit')}\n${rule('auth/token')}`);
    const { token } = await make({ policies: ['tuner'] });
    assert.equal((await vault.send('GET', 'sys/mounts/transit/tune', undefined, { token })).status, 200);
    await vault.ask('POST', 'sys/mounts/transit/tune', { description: 'tuned' }, { token });
    assert.equal(await vault.refusal('GET', 'sys/mounts/transit', undefined, { token }), denied);
    assert.equal(await vault.refusal('GET', 'sys/auth/token/tune', undefined, { token }), denied);
    await policy('tuner', rule('auth/token', 'sudo'));
    assert.equal((await vault.send('GET', 'sys/auth/token/tune', undefined, { token })).status, 200);
  });

  it('gives a child no policy that its parent has not', async () => {
    await policy('parent', 'path "auth/token/create" { capabilities = ["update"] }');
    const parent = await make({ policies: ['parent', 'other'] });
    const asParent = { token: parent.token };
    const refusal = (wish: object) => vault.refusal('POST', 'auth/token/create', wish, asParent);
    assert.equal(
      await refusal({ policies: ['root'] }),
      '400 root tokens may not be created without parent token being root',
    );
    assert.equal(await refusal({ policies: ['third'] }), '400 child policies must be subset of parent');
    assert.match(await refusal({ no_parent: true }), /^403/);
    assert.match(await refusal({ period: '1h' }), /^403/);
    assert.match(await refusal({ id: 'mine-alone' }), /^403/);
    const child = await make({ policies: ['other'] }, parent.token);
    assert.deepEqual((await lookUp(child.token))?.['policies'], ['default', 'other']);
    const heir = await make({}, parent.token);
    assert.deepEqual((await lookUp(heir.token))?.['policies'], ['default', 'other', 'parent']);
  });

  it('ends a token with all that were made under it', async () => {
    await policy('parent', 'path "auth/token/create" { capabilities = ["update"] }');
    const top = await make({ policies: ['parent'] });
    const middle = await make({}, top.token);
    const leaf = await make({}, middle.token);
    const orphan = await vault.ask('POST', 'auth/token/create-orphan', { policies: ['parent'] });
    for (const { token } of [top, middle, leaf]) await lookUp(token);
    await vault.ask('POST', 'auth/token/revoke', { token: top.token });
    for (const { token } of [top, middle, leaf])
      assert.equal(
        await vault.refusal('GET', 'auth/token/lookup-self', undefined, { token }),
        '403 permission denied',
      );
    assert.equal((await lookUp(String(orphan.auth?.['client_token'])))?.['orphan'], true);
    // what is gone already can be revoked again
    await vault.ask('POST', 'auth/token/revoke', { token: top.token });
  });

  it('leaves the children where only the parent is to go', async () => {
    await policy('parent', 'path "auth/token/create" { capabilities = ["update"] }');
    const top = await make({ policies: ['parent'] });
    const leaf = await make({}, top.token);
    await vault.ask('POST', 'auth/token/revoke-orphan', { token: top.token });
    assert.equal(
      await vault.refusal('GET', 'auth/token/lookup-self', undefined, top),
      '403 permission denied',
    );
    assert.equal((await lookUp(leaf.token))?.['orphan'], true);
  });

  it('finds, renews and revokes by accessor, and never tells the token', async () => {
    const made = await make({ policies: ['default'], ttl: '1h', display_name: 'web', meta: { team: 'a' } });
    const { data } = await vault.ask('POST', 'auth/token/lookup-accessor', { accessor: made.accessor });
    assert.deepEqual(
      [data?.['id'], data?.['display_name'], data?.['meta'], data?.['creation_ttl']],
      ['', 'token-web', { team: 'a' }, 3600],
    );
    const renewed = await vault.ask('POST', 'auth/token/renew-accessor', {
      accessor: made.accessor,
      increment: '2h',
    });
    assert.equal(renewed.auth?.['client_token'], '');
    assert.equal(renewed.auth?.['lease_duration'], 7200);
    const { data: listed } = await vault.ask('LIST', 'auth/token/accessors');
    assert.ok(JSON.stringify(listed).includes(made.accessor));
    await vault.ask('POST', 'auth/token/revoke-accessor', { accessor: made.accessor });
    assert.equal(
      await vault.refusal('GET', 'auth/token/lookup-self', undefined, made),
      '403 permission denied',
    );
    assert.match(
      await vault.refusal('POST', 'auth/token/lookup-accessor', { accessor: made.accessor }),
      /^400 invalid accessor/,
    );
  });

  it('ends tokens in time, children with their parents, and never renews beyond the bound', async () => {
    await policy('parent', 'path "auth/token/*" { capabilities = ["update"] }');
    const parent = await make({ policies: ['parent'], ttl: '10m', explicit_max_ttl: '20m' });
    const child = await make({ policies: ['default'], ttl: '10h' }, parent.token);
    await lookUp(child.token);
    later = 9 * 60_000;
    const renewed = await vault.ask('POST', 'auth/token/renew-self', { increment: '1h' }, parent);
    assert.equal(renewed.auth?.['lease_duration'], 11 * 60);
    later = 15 * 60_000;
    await lookUp(child.token);
    later = 21 * 60_000;
    for (const each of [parent, child])
      assert.equal(
        await vault.refusal('GET', 'auth/token/lookup-self', undefined, each),
        '403 permission denied',
      );
    await vault.composition.maintenance.tick();
    const { store } = vault.composition.house;
    assert.deepEqual(await store.documents.expired(Date.now() + later, 10), []);
    later = 0;
  });

  it('lets a token be used so often and not once more, also at once', async () => {
    const made = await make({ policies: ['default'], num_uses: 3 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => vault.send('GET', 'auth/token/lookup-self', undefined, made)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 3);
    assert.equal(answers.filter(({ status }) => status === 403).length, 5);
  });

  it('carries the lease of a batch token in the token', async () => {
    const { auth } = await vault.ask('POST', 'auth/token/create', {
      type: 'batch',
      policies: ['default'],
      ttl: '1h',
    });
    const token = String(auth?.['client_token']);
    assert.match(token, /^hvb\./);
    assert.deepEqual([auth?.['accessor'], auth?.['renewable'], auth?.['token_type']], ['', false, 'batch']);
    assert.equal((await lookUp(token))?.['type'], 'batch');
    assert.equal(
      await vault.refusal('POST', 'auth/token/renew-self', {}, { token }),
      '400 batch tokens cannot be renewed',
    );
    for (const changed of [`${token.slice(0, -3)}AAA`, `hvb.${token.slice(10)}`, 'hvb.', 'hvb.ZGVmYXVsdAo'])
      assert.equal(
        await vault.refusal('GET', 'auth/token/lookup-self', undefined, { token: changed }),
        '403 permission denied',
      );
    later = 3_700_000;
    assert.equal(
      await vault.refusal('GET', 'auth/token/lookup-self', undefined, { token }),
      '403 permission denied',
    );
    later = 0;
  });

  it('makes tokens by a role', async () => {
    await vault.ask('POST', 'auth/token/roles/ci', {
      allowed_policies: 'deploy,default',
      disallowed_policies: ['admin'],
      orphan: 'true',
      token_period: '1h',
      path_suffix: 'pipeline',
      token_explicit_max_ttl: 0,
    });
    const { data } = await vault.ask('GET', 'auth/token/roles/ci');
    assert.deepEqual(
      [data?.['allowed_policies'], data?.['orphan'], data?.['period']],
      [['deploy', 'default'], true, 3600],
    );
    const { auth } = await vault.ask('POST', 'auth/token/create/ci', { policies: 'deploy' });
    assert.deepEqual(
      [auth?.['policies'], auth?.['orphan'], auth?.['lease_duration']],
      [['default', 'deploy'], true, 3600],
    );
    const made = await lookUp(String(auth?.['client_token']));
    assert.equal(made?.['path'], 'auth/token/create/ci/pipeline');
    assert.match(
      await vault.refusal('POST', 'auth/token/create/ci', { policies: ['admin'] }),
      /^400 token policies/,
    );
    assert.match(await vault.refusal('POST', 'auth/token/create/nobody', {}), /^400 unknown role nobody/);
    await vault.ask('DELETE', 'auth/token/roles/ci');
    assert.equal((await vault.send('GET', 'auth/token/roles/ci')).status, 404);
    assert.equal((await vault.send('LIST', 'auth/token/roles')).status, 404);
  });

  it('keeps a cubbyhole for each token, and ends it with the token', async () => {
    const [one, two] = [await make({ policies: ['default'] }), await make({ policies: ['default'] })];
    await vault.ask('PUT', 'cubbyhole/a/b', { secret: 'planted' }, one);
    assert.deepEqual((await vault.ask('GET', 'cubbyhole/a/b', undefined, one)).data, { secret: 'planted' });
    assert.equal((await vault.send('GET', 'cubbyhole/a/b', undefined, two)).status, 404);
    assert.deepEqual((await vault.ask('LIST', 'cubbyhole/', undefined, one)).data, { keys: ['a/'] });
    for (const truth of ['true', '1', 'True'])
      assert.deepEqual((await vault.ask('GET', `cubbyhole/a?list=${truth}`, undefined, one)).data, {
        keys: ['b'],
      });
    await vault.ask('POST', 'auth/token/revoke-self', undefined, one);
    const left = await vault.composition.house.store.documents.list(
      { environment: 'default', collection: 'cubbyhole' },
      '',
      { after: null, limit: 10 },
    );
    assert.deepEqual(left, []);
  });

  it('wraps an answer for who shows its token, once', async () => {
    await vault.ask('PUT', 'transit/keys/wrapped', null);
    const options = { headers: { 'x-vault-wrap-ttl': '60s' } };
    const { wrap_info: info, data } = await vault.ask('GET', 'transit/keys/wrapped', undefined, options);
    assert.equal(data, null);
    assert.deepEqual([info?.['ttl'], info?.['creation_path']], [60, 'transit/keys/wrapped']);
    const token = String(info?.['token']);
    const looked = await vault.ask('POST', 'sys/wrapping/lookup', { token });
    assert.deepEqual(
      [looked.data?.['creation_ttl'], looked.data?.['creation_path']],
      [60, 'transit/keys/wrapped'],
    );
    // its own token does nothing else
    assert.equal(await vault.refusal('GET', 'transit/keys/wrapped', undefined, { token }), denied);
    const opened = await vault.ask('POST', 'sys/wrapping/unwrap', undefined, { token });
    assert.equal(opened.data?.['name'], 'wrapped');
    const again = '400 wrapping token is not valid or does not exist';
    assert.equal(await vault.refusal('POST', 'sys/wrapping/unwrap', { token }), again);
    assert.equal(await vault.refusal('POST', 'sys/wrapping/lookup', { token }), again);
    // also where it is shown as the token of the request, by which it would have opened itself
    for (const path of ['sys/wrapping/unwrap', 'sys/wrapping/lookup', 'sys/wrapping/rewrap'])
      assert.equal(await vault.refusal('POST', path, undefined, { token }), again);
    assert.equal(await vault.refusal('POST', 'sys/wrapping/unwrap', { token }, { token }), again);
    const other = { token: 'unknown' };
    assert.equal(
      await vault.refusal('POST', 'sys/wrapping/unwrap', { token }, other),
      '403 permission denied',
    );
  });

  it('wraps what is sent, hands it on under another token, and says who opened it twice', async () => {
    const options = { headers: { 'x-vault-wrap-ttl': '300' } };
    assert.match(
      await vault.refusal('POST', 'sys/wrapping/wrap', { a: 'b' }),
      /^400 endpoint requires response wrapping/,
    );
    const { wrap_info: first } = await vault.ask('POST', 'sys/wrapping/wrap', { a: 'b' }, options);
    const { wrap_info: second } = await vault.ask('POST', 'sys/wrapping/rewrap', { token: first?.['token'] });
    const again = '400 wrapping token is not valid or does not exist';
    assert.equal(await vault.refusal('POST', 'sys/wrapping/unwrap', { token: first?.['token'] }), again);
    const opened = await vault.ask(
      'POST',
      'sys/wrapping/unwrap',
      { token: second?.['token'] },
      { token: null },
    );
    assert.deepEqual(opened.data, { a: 'b' });
    assert.equal(await vault.refusal('POST', 'sys/wrapping/unwrap', { token: second?.['token'] }), again);
  });

  it('says in the log that a wrapping was opened twice, whichever way its token is shown', async () => {
    const options = { headers: { 'x-vault-wrap-ttl': '300' } };
    const findings = async (): Promise<string[]> =>
      auditEvents(vault.composition.config.auditFolder, {}, 1000)
        .filter(({ event }) => event.facts?.['finding'] === 'wrapping-opened-twice')
        .map(({ event }) => `${event.operation} ${event.facts?.['creationPath']} ${event.sourceAddress}`);
    const ways: readonly ((token: string) => Promise<string>)[] = [
      (token) => vault.refusal('POST', 'sys/wrapping/unwrap', { token }),
      (token) => vault.refusal('POST', 'sys/wrapping/unwrap', undefined, { token }),
      (token) => vault.refusal('POST', 'sys/wrapping/unwrap', { token }, { token: null }),
      (token) => vault.refusal('POST', 'sys/wrapping/unwrap', { token }, { token }),
      (token) => vault.refusal('POST', 'sys/wrapping/rewrap', undefined, { token }),
      (token) => vault.refusal('GET', 'cubbyhole/response', undefined, { token }),
    ];
    const before = (await findings()).length;
    for (const [at, way] of ways.entries()) {
      const { wrap_info: info } = await vault.ask('POST', 'sys/wrapping/wrap', { a: 'b' }, options);
      const token = String(info?.['token']);
      await vault.ask('POST', 'sys/wrapping/unwrap', undefined, { token });
      assert.match(await way(token), at === 5 ? /^403 / : /^400 wrapping token is not valid/);
      const found = await findings();
      assert.equal(found.length, before + at + 1, String(at));
      assert.match(found[0] ?? '', /^wrappings\.(open|reopen|rewrap) sys\/wrapping\/wrap 127/);
    }
    // who has nothing but an opened one does not fill the log with it
    const { wrap_info: one } = await vault.ask('POST', 'sys/wrapping/wrap', { a: 'b' }, options);
    const spent = { token: String(one?.['token']) };
    await vault.ask('POST', 'sys/wrapping/unwrap', undefined, spent);
    const known = (await findings()).length;
    for (let at = 0; at < 15; at += 1) await vault.refusal('POST', 'sys/wrapping/unwrap', undefined, spent);
    assert.equal((await findings()).length, known + 10);
    // what was never opened, or is none, leaves nothing of the kind
    for (const token of ['hvs.nobody', vault.root])
      await vault.refusal('POST', 'sys/wrapping/unwrap', undefined, { token });
    assert.equal((await findings()).length, known + 10);
  });

  it('opens one wrapping once, though many ask at once', async () => {
    const options = { headers: { 'x-vault-wrap-ttl': '300' } };
    const { wrap_info: info } = await vault.ask('POST', 'sys/wrapping/wrap', { a: 'b' }, options);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => vault.send('POST', 'sys/wrapping/unwrap', { token: info?.['token'] })),
    );
    const others = answers.filter(({ status }) => status !== 200);
    assert.equal(others.length, 5);
    // all of them hear what tells that somebody else was quicker
    for (const { status, body } of others)
      assert.deepEqual([status, body.errors], [400, ['wrapping token is not valid or does not exist']]);
  });

  it('tells what a token may do', async () => {
    await policy('teller', 'path "secret/data/+/x" { capabilities = ["read", "list"] }');
    const made = await make({ policies: ['teller'] });
    const self = await vault.ask(
      'POST',
      'sys/capabilities-self',
      { paths: ['secret/data/a/x', 'sys/mounts'] },
      made,
    );
    assert.deepEqual(self.data?.['secret/data/a/x'], ['list', 'read']);
    assert.deepEqual(self['sys/mounts'], ['deny']);
    const other = await vault.ask('POST', 'sys/capabilities', { token: made.token, path: 'secret/data/a/x' });
    assert.deepEqual(other['capabilities'], ['list', 'read']);
    const own = await vault.ask('POST', 'sys/capabilities-self', { path: 'anything' });
    assert.deepEqual(own['capabilities'], ['root']);
  });

  it('keeps the built-in policies as they are', async () => {
    assert.equal(
      await vault.refusal('PUT', 'sys/policies/acl/root', { policy: 'path "a" {}' }),
      '400 cannot update root policy',
    );
    assert.equal(await vault.refusal('DELETE', 'sys/policies/acl/root'), '400 cannot delete root policy');
    assert.equal(
      await vault.refusal('DELETE', 'sys/policies/acl/default'),
      '400 cannot delete default policy',
    );
    assert.match(
      await vault.refusal('PUT', 'sys/policies/acl/x', { policy: 'path "a" {' }),
      /^400 failed to parse policy/,
    );
    assert.equal((await vault.send('GET', 'sys/policies/acl/none')).status, 404);
    const { data } = await vault.ask('GET', 'sys/policy');
    assert.ok(JSON.stringify(data).includes('"root"'));
  });

  it('keeps no token, and no token works elsewhere with more than it has', async () => {
    const made = await make({ policies: ['default'] });
    const { protocol: _vault, composition } = vault;
    const rawHeaders = ['Authorization', `Bearer ${made.token}`];
    await assert.rejects(composition.authenticator.bearer({ rawHeaders }), { code: 'access-denied' });
    const documents = await composition.house.store.documents.list(
      { environment: 'default', collection: 'token' },
      '',
      { after: null, limit: 1000 },
    );
    assert.ok(!JSON.stringify(documents).includes(made.token));
  });
});

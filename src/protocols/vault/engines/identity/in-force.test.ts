import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const denied = '403 1 error occurred:\n\t* permission denied\n\n';
const anonymous = { token: null };

function aliasesOf(entity: Readonly<Record<string, unknown>> | null): readonly Record<string, unknown>[] {
  return (entity?.['aliases'] ?? []) as Record<string, unknown>[];
}

describe('what an entity gives its tokens', () => {
  let vault: VaultHouse;
  let accessor = '';

  before(async () => {
    vault = await startVault();
    await vault.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    const { data } = await vault.ask('GET', 'sys/auth');
    accessor = (data as Record<string, { accessor: string }>)['userpass/']?.accessor ?? '';
    await policy('reader', 'path "transit/keys/*" { capabilities = ["read"] }');
    await policy('maker', 'path "transit/keys/*" { capabilities = ["create", "update", "read"] }');
    await policy('blocker', 'path "transit/keys/secret" { capabilities = ["deny"] }');
    await policy('parent', 'path "auth/token/create" { capabilities = ["update"] }');
    await vault.ask('PUT', 'transit/keys/app', null);
    await vault.ask('PUT', 'transit/keys/secret', null);
  });
  after(() => vault.close());

  async function policy(name: string, text: string): Promise<void> {
    await vault.ask('PUT', `sys/policies/acl/${name}`, { policy: text });
  }

  type Auth = Readonly<Record<string, unknown>> & { readonly token: string; readonly entity: string };

  async function logIn(user: string, mount = 'userpass'): Promise<Auth> {
    const { auth } = await vault.ask(
      'POST',
      `auth/${mount}/login/${user}`,
      { password: 'pass-word' },
      anonymous,
    );
    return { ...auth, token: String(auth?.['client_token']), entity: String(auth?.['entity_id']) };
  }

  async function enter(user: string, policies = 'default'): Promise<Auth> {
    await vault.ask('POST', `auth/userpass/users/${user}`, {
      password: 'pass-word',
      token_policies: policies,
    });
    return logIn(user);
  }

  const change = (id: string, body: object) => vault.ask('POST', `identity/entity/id/${id}`, body);
  const status = async (token: string, path = 'transit/keys/app') =>
    (await vault.send('GET', path, undefined, { token })).status;
  const lookUp = async (token: string) =>
    (await vault.ask('GET', 'auth/token/lookup-self', undefined, { token })).data ?? {};

  it('is one entity for all logins of a name, with an alias that tells what the login told', async () => {
    const [first, second] = [await enter('ada'), await logIn('ada')];
    assert.equal(first.entity, second.entity);
    const { data } = await vault.ask('GET', `identity/entity/id/${first.entity}`);
    assert.equal(data?.['name'], `entity_${first.entity.slice(0, 8)}`);
    const [alias] = aliasesOf(data);
    assert.deepEqual(
      [alias?.['name'], alias?.['mount_accessor'], alias?.['metadata']],
      ['ada', accessor, { username: 'ada' }],
    );
    assert.notEqual((await enter('bea')).entity, first.entity);
  });

  it('holds for living tokens at once, and no longer than the entity has it', async () => {
    const { token, entity } = await enter('cid');
    assert.equal(await status(token), 403);
    await change(entity, { policies: ['reader'] });
    assert.equal(await status(token), 200);
    const seen = await lookUp(token);
    assert.deepEqual([seen['policies'], seen['identity_policies']], [['default'], ['reader']]);
    await change(entity, { policies: ['reader', 'blocker'] });
    assert.equal(await status(token, 'transit/keys/secret'), 403);
    await change(entity, { policies: [] });
    assert.equal(await status(token), 403);
    assert.equal('identity_policies' in (await lookUp(token)), false);
  });

  it('is told at login and renewal, apart and together with the policies of the token', async () => {
    const { entity } = await enter('dee', 'maker');
    await change(entity, { policies: ['reader', 'maker'] });
    const again = await logIn('dee');
    assert.deepEqual(again['policies'], ['default', 'maker', 'reader']);
    assert.deepEqual(again['token_policies'], ['default', 'maker']);
    assert.deepEqual(again['identity_policies'], ['maker', 'reader']);
    const { auth } = await vault.ask('POST', 'auth/token/renew-self', {}, { token: again.token });
    assert.deepEqual(auth?.['identity_policies'], ['maker', 'reader']);
  });

  it('is of the children of a token too, and of batch tokens', async () => {
    const { token, entity } = await enter('eve', 'parent');
    for (const type of ['service', 'batch']) {
      const { auth } = await vault.ask('POST', 'auth/token/create', { type }, { token });
      assert.equal(auth?.['entity_id'], entity);
      const child = String(auth?.['client_token']);
      assert.equal(await status(child), 403);
      await change(entity, { policies: ['reader'] });
      assert.equal(await status(child), 200, type);
      await change(entity, { policies: [] });
      assert.equal(await status(child), 403);
    }
  });

  it('shows in what a token may do, for whoever asks', async () => {
    const { token, entity, ...auth } = await enter('fay');
    await change(entity, { policies: ['reader'] });
    const body = { paths: ['transit/keys/app'] };
    const of = async (path: string, more: object, as: string) =>
      (await vault.ask('POST', `sys/${path}`, { ...body, ...more }, { token: as }))['capabilities'];
    assert.deepEqual(await of('capabilities-self', {}, token), ['read']);
    assert.deepEqual(await of('capabilities', { token }, vault.root), ['read']);
    assert.deepEqual(await of('capabilities-accessor', { accessor: auth['accessor'] }, vault.root), ['read']);
    await change(entity, { disabled: true });
    assert.deepEqual(await of('capabilities', { token }, vault.root), ['deny']);
    assert.deepEqual(await of('capabilities-accessor', { accessor: auth['accessor'] }, vault.root), ['deny']);
  });

  it('refuses the tokens and logins of an entity that is disabled, everywhere, until it is no more', async () => {
    const { token, entity } = await enter('gus', 'maker');
    const root = await vault.ask('POST', 'auth/token/create', { policies: ['default'] });
    assert.equal(await status(token), 200);
    await change(entity, { disabled: true });
    for (const path of [
      'transit/keys/app',
      'auth/token/lookup-self',
      'sys/internal/ui/mounts',
      'cubbyhole/a?help=1',
    ])
      assert.equal(await vault.refusal('GET', path, undefined, { token }), denied, path);
    const login = await vault.refusal(
      'POST',
      'auth/userpass/login/gus',
      { password: 'pass-word' },
      anonymous,
    );
    assert.equal(login, denied);
    // others are not
    assert.equal(await status(String(root.auth?.['client_token']), 'auth/token/lookup-self'), 200);
    await change(entity, { disabled: false });
    assert.equal(await status(token), 200);
    await logIn('gus');
  });

  it('refuses the tokens of an entity that was deleted for good: its next login is another one', async () => {
    const { token, entity } = await enter('hal', 'maker');
    await vault.ask('DELETE', `identity/entity/id/${entity}`);
    assert.equal(await vault.refusal('GET', 'transit/keys/app', undefined, { token }), denied);
    const next = await logIn('hal');
    assert.notEqual(next.entity, entity);
    assert.equal(await status(next.token), 200);
    assert.equal(await vault.refusal('GET', 'transit/keys/app', undefined, { token }), denied);
  });

  it('unites logins of two mounts, whose principals stay two', async () => {
    await vault.ask('POST', 'sys/auth/people', { type: 'userpass' });
    await vault.ask('POST', 'auth/people/users/ivy', { password: 'pass-word' });
    const { data } = await vault.ask('GET', 'sys/auth');
    const mount = (data as Record<string, { accessor: string }>)['people/']?.accessor;
    const { token, entity } = await enter('ivy');
    const wish = { name: 'ivy', mount_accessor: mount, canonical_id: entity };
    await vault.ask('POST', 'identity/entity-alias', wish);
    const other = await logIn('ivy', 'people');
    assert.equal(other.entity, entity);
    const known = await vault.composition.house.store.principals(vault.who.principal.environment);
    const names = known.map(({ name }) => name);
    for (const name of ['userpass/ivy', 'people/ivy']) assert.ok(names.includes(name), name);
    await change(entity, { policies: ['reader'] });
    assert.deepEqual([await status(token), await status(other.token)], [200, 200]);
  });

  it('lets a token read its own entity by the default policy, and no other, and write none', async () => {
    const [one, two] = [await enter('jan'), await enter('kim')];
    assert.equal(await status(one.token, `identity/entity/id/${one.entity}`), 200);
    assert.equal(await status(one.token, `identity/entity/id/${two.entity}`), 403);
    const name = `entity_${one.entity.slice(0, 8)}`;
    assert.equal(await status(one.token, `identity/entity/name/${name}`), 200);
    const taking = [`entity/id/${one.entity}`, 'entity', 'entity-alias', 'entity/batch-delete'];
    for (const path of taking)
      assert.equal(
        await vault.refusal(
          'POST',
          `identity/${path}`,
          { policies: 'maker', entity_ids: one.entity },
          { token: one.token },
        ),
        denied,
        path,
      );
  });

  it('moves from the next login on, and the tokens from before stay what they were', async () => {
    const [from, to] = [await enter('lee'), await enter('max')];
    await change(to.entity, { policies: ['reader'] });
    const { data } = await vault.ask('GET', `identity/entity/id/${from.entity}`);
    const [alias] = aliasesOf(data);
    const { data: max } = await vault.ask('GET', `identity/entity/id/${to.entity}`);
    const [standing] = aliasesOf(max);
    await vault.ask('DELETE', `identity/entity-alias/id/${String(standing?.['id'])}`);
    await vault.ask('POST', `identity/entity-alias/id/${String(alias?.['id'])}`, { canonical_id: to.entity });
    assert.equal(await status(from.token), 403);
    const moved = await logIn('lee');
    assert.deepEqual([moved.entity, await status(moved.token)], [to.entity, 200]);
  });

  it('fills the templates of policies, anew when what they speak of changes', async () => {
    const { token, entity } = await enter('ned', 'own');
    const { data } = await vault.ask('POST', 'identity/group', {
      name: 'crew',
      member_entity_ids: entity,
      metadata: { area: 'eu' },
    });
    const group = String(data?.['id']);
    const parts = [
      'identity.entity.id',
      'identity.entity.name',
      'identity.entity.metadata.team',
      `identity.entity.aliases.${accessor}.name`,
      `identity.entity.aliases.${accessor}.metadata.username`,
      `identity.entity.aliases.${accessor}.custom_metadata.desk`,
      `identity.groups.ids.${group}.name`,
      'identity.groups.names.crew.metadata.area',
    ];
    const rule = (part: string, at: number) =>
      `path "cubbyhole/${at}/{{${part}}}" { capabilities = ["update"] }`;
    await policy('own', parts.map(rule).join('\n'));
    const may = async (at: number, value: string) => {
      const { capabilities } = await vault.ask(
        'POST',
        'sys/capabilities-self',
        { paths: `cubbyhole/${at}/${value}` },
        { token },
      );
      return (
        JSON.stringify(capabilities).includes('update') && !JSON.stringify(capabilities).includes('read')
      );
    };
    const { data: read } = await vault.ask('GET', `identity/entity/id/${entity}`);
    const [alias] = aliasesOf(read);
    await change(entity, { name: 'Ned', metadata: { team: 'red' } });
    await vault.ask('POST', `identity/entity-alias/id/${String(alias?.['id'])}`, {
      custom_metadata: { desk: '7' },
    });
    const values = [entity, 'Ned', 'red', 'ned', 'ned', '7', 'crew', 'eu'];
    for (const [at, value] of values.entries()) {
      assert.equal(await may(at, value), true, value);
      assert.equal(await may(at, 'other'), false, value);
    }
    await change(entity, { metadata: { team: 'blue' } });
    assert.deepEqual([await may(2, 'red'), await may(2, 'blue')], [false, true]);
    await vault.ask('POST', `identity/group/id/${group}`, { member_entity_ids: [] });
    for (const at of [6, 7]) assert.equal(await may(at, String(values[at])), false);
  });

  it('can be named by who makes a token with a role that lets it', async () => {
    await vault.ask('POST', 'auth/token/roles/named', {
      allowed_entity_aliases: 'Web-*,exact',
      allowed_policies: 'default',
    });
    const { data: role } = await vault.ask('GET', 'auth/token/roles/named');
    assert.deepEqual(role?.['allowed_entity_aliases'], ['web-*', 'exact']);
    const path = 'auth/token/create/named';
    const make = async (alias: string) => (await vault.ask('POST', path, { entity_alias: alias })).auth ?? {};
    const [one, two, three] = [await make('web-1'), await make('WEB-1'), await make('Exact')];
    assert.equal(one['entity_id'], two['entity_id']);
    assert.notEqual(one['entity_id'], three['entity_id']);
    const token = String(one['client_token']);
    const { data } = await vault.ask('GET', `identity/entity/id/${String(one['entity_id'])}`);
    const [alias] = aliasesOf(data);
    const { data: mounts } = await vault.ask('GET', 'sys/auth');
    const { accessor: tokens } = (mounts as Record<string, { accessor: string }>)['token/'] ?? {};
    const told = ['name', 'mount_accessor', 'mount_path', 'metadata'].map((name) => alias?.[name]);
    assert.deepEqual(told, ['web-1', tokens, 'auth/token/', null]);
    assert.equal(await status(token), 403);
    await change(String(one['entity_id']), { policies: ['reader'] });
    assert.equal(await status(token), 200);
    assert.deepEqual((await make('web-1'))['identity_policies'], ['reader']);
    const refused = (body: object, at = path) => vault.refusal('POST', at, body);
    assert.equal(await refused({ entity_alias: 'other' }), "400 invalid 'entity_alias' value");
    assert.equal(
      await refused({ entity_alias: 'web-1' }, 'auth/token/create'),
      "400 'entity_alias' is only allowed in combination with token role",
    );
    await change(String(one['entity_id']), { disabled: true });
    assert.equal(await refused({ entity_alias: 'web-1' }), denied);
  });

  it('is of an AppRole by its role id, which may be named before', async () => {
    await vault.ask('POST', 'sys/auth/approle', { type: 'approle' });
    await vault.ask('POST', 'auth/approle/role/web', { token_policies: 'default' });
    const { data: role } = await vault.ask('GET', 'auth/approle/role/web/role-id');
    const { data: secret } = await vault.ask('POST', 'auth/approle/role/web/secret-id', {});
    const { data: mounts } = await vault.ask('GET', 'sys/auth');
    const { data: made } = await vault.ask('POST', 'identity/entity', { name: 'web', policies: 'reader' });
    await vault.ask('POST', 'identity/entity-alias', {
      name: role?.['role_id'],
      mount_accessor: (mounts as Record<string, { accessor: string }>)['approle/']?.accessor,
      canonical_id: made?.['id'],
    });
    const body = { role_id: role?.['role_id'], secret_id: secret?.['secret_id'] };
    const { auth } = await vault.ask('POST', 'auth/approle/login', body, anonymous);
    assert.deepEqual([auth?.['entity_id'], auth?.['identity_policies']], [made?.['id'], ['reader']]);
    assert.equal(await status(String(auth?.['client_token'])), 200);
    const { data } = await vault.ask('GET', 'identity/entity/name/web');
    assert.deepEqual(aliasesOf(data)[0]?.['metadata'], { role_name: 'web' });
  });
});

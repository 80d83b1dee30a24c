import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNotKept } from '../../planted.fixture.ts';
import { edwardsKey } from '../../issuer.fixture.ts';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

describe('groups that logins tell', () => {
  let vault: VaultHouse;
  const key = edwardsKey('ed');
  const mounts: Record<string, string> = {};

  before(async () => {
    vault = await startVault();
    for (const mount of ['jwt', 'other']) {
      await vault.ask('POST', `sys/auth/${mount}`, { type: 'jwt' });
      await vault.ask('POST', `auth/${mount}/config`, { jwt_validation_pubkeys: key.pem });
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: 'vault' };
      await vault.ask('POST', `auth/${mount}/role/grouped`, { ...role, groups_claim: 'groups' });
      await vault.ask('POST', `auth/${mount}/role/plain`, role);
    }
    const { data } = await vault.ask('GET', 'sys/auth');
    for (const [path, { accessor }] of Object.entries(data as Record<string, { accessor: string }>))
      mounts[path] = accessor;
    const text = 'path "transit/keys/*" { capabilities = ["read"] }';
    await vault.ask('PUT', 'sys/policies/acl/reader', { policy: text });
    await vault.ask('PUT', 'transit/keys/app', null);
  });
  after(() => vault.close());

  type Entered = { readonly token: string; readonly entity: string; readonly policies: unknown };

  async function logIn(
    sub: string,
    groups: unknown,
    { mount = 'jwt', role = 'grouped' } = {},
  ): Promise<Entered> {
    const iat = Math.floor(Date.now() / 1000);
    const jwt = key.token({ sub, aud: 'vault', iat, exp: iat + 300, groups });
    const { auth } = await vault.ask('POST', `auth/${mount}/login`, { jwt, role }, { token: null });
    const policies = auth?.['identity_policies'];
    return { token: String(auth?.['client_token']), entity: String(auth?.['entity_id']), policies };
  }

  async function external(name: string, mount = 'jwt/', policies = 'reader'): Promise<string> {
    const { data } = await vault.ask('POST', 'identity/group', { type: 'external', policies });
    const id = String(data?.['id']);
    await vault.ask('POST', 'identity/group-alias', {
      name,
      mount_accessor: mounts[mount],
      canonical_id: id,
    });
    return id;
  }

  const reads = async ({ token }: Entered) =>
    (await vault.send('GET', 'transit/keys/app', undefined, { token })).status;
  const membersOf = async (id: string) =>
    (await vault.ask('GET', `identity/group/id/${id}`)).data?.['member_entity_ids'];

  async function aliasOf(group: string): Promise<string> {
    const { data } = await vault.ask('GET', `identity/group/id/${group}`);
    return String((data as { alias?: { id?: string } } | null)?.alias?.id);
  }

  it('gives their policies from the login that tells them on, to all tokens of the entity, until one does not', async () => {
    const group = await external('ops');
    const before = await logIn('ann', ['dev']);
    assert.deepEqual([before.policies, await reads(before)], [[], 403]);
    const now = await logIn('ann', ['dev', 'ops']);
    assert.deepEqual([now.policies, await reads(now), await reads(before)], [['reader'], 200, 200]);
    assert.deepEqual(await membersOf(group), [now.entity]);
    const then = await logIn('ann', ['dev']);
    assert.deepEqual([then.policies, await reads(now), await reads(then)], [[], 403, 403]);
    await logIn('ann', ['ops']);
    const plain = await logIn('ann', undefined, { role: 'plain' });
    assert.deepEqual([plain.policies, await reads(plain), await membersOf(group)], [[], 403, []]);
  });

  it('keeps neither what proved a login nor the token that it gave', async () => {
    const iat = Math.floor(Date.now() / 1000);
    const jwt = key.token({ sub: 'planted', aud: 'vault', iat, exp: iat + 300, groups: ['ops'] });
    const { auth } = await vault.ask('POST', 'auth/jwt/login', { jwt, role: 'grouped' }, { token: null });
    const token = String(auth?.['client_token']);
    assert.equal((await vault.send('GET', 'transit/keys/app', undefined, { token })).status, 200);
    const [, , signature = ''] = jwt.split('.');
    assertNotKept(vault.home, [signature, token, token.slice('hvs.'.length)]);
  });

  it('takes names as they are written, and of the mount that tells them alone', async () => {
    const [here, there] = [await external('crew'), await external('crew', 'other/')];
    const wrong = await logIn('bob', ['Crew', 'crew ', 'CREW']);
    assert.deepEqual([wrong.policies, await membersOf(here)], [[], []]);
    const right = await logIn('bob', ['crew']);
    assert.deepEqual([await membersOf(here), await membersOf(there)], [[right.entity], []]);
  });

  it('leaves what another mount has told, and what was written', async () => {
    const [one, two] = [await external('east'), await external('west', 'other/')];
    const first = await logIn('cat', ['east']);
    const wish = { name: 'cat', mount_accessor: mounts['other/'], canonical_id: first.entity };
    await vault.ask('POST', 'identity/entity-alias', wish);
    const { data } = await vault.ask('POST', 'identity/group', { member_entity_ids: first.entity });
    const second = await logIn('cat', ['west'], { mount: 'other' });
    assert.equal(second.entity, first.entity);
    assert.deepEqual([await membersOf(one), await membersOf(two)], [[first.entity], [first.entity]]);
    await logIn('cat', [], { mount: 'other' });
    assert.deepEqual([await membersOf(one), await membersOf(two)], [[first.entity], []]);
    assert.deepEqual(await membersOf(String(data?.['id'])), [first.entity]);
  });

  async function loginAlias(entity: string): Promise<string> {
    const { data } = await vault.ask('GET', `identity/entity/id/${entity}`);
    return (data as { aliases: { id: string }[] }).aliases[0]?.id ?? '';
  }

  it('end for an entity of which the login that told them is no more', async () => {
    const group = await external('leavers');
    const gone = await logIn('eve', ['leavers']);
    assert.equal(await reads(gone), 200);
    await vault.ask('DELETE', `identity/entity-alias/id/${await loginAlias(gone.entity)}`);
    assert.deepEqual([await reads(gone), await membersOf(group)], [403, []]);

    const moved = await logIn('fay', ['leavers']);
    const { data } = await vault.ask('POST', 'identity/entity', { name: 'another fay' });
    const wish = { canonical_id: data?.['id'] };
    await vault.ask('POST', `identity/entity-alias/id/${await loginAlias(moved.entity)}`, wish);
    assert.deepEqual([await reads(moved), await membersOf(group)], [403, []]);

    const renamed = await logIn('gil', ['leavers']);
    const path = `identity/entity-alias/id/${await loginAlias(renamed.entity)}`;
    await vault.ask('POST', path, { custom_metadata: { a: 'b' } });
    assert.equal(await reads(renamed), 200);
    await vault.ask('POST', path, { name: 'guy' });
    assert.deepEqual([await reads(renamed), await membersOf(group)], [403, []]);
  });

  it('end with the mount that told them, also where one is made again at its path', async () => {
    const enable = async () => {
      await vault.ask('POST', 'sys/auth/brief', { type: 'jwt' });
      await vault.ask('POST', 'auth/brief/config', { jwt_validation_pubkeys: key.pem });
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: 'vault', groups_claim: 'groups' };
      await vault.ask('POST', 'auth/brief/role/grouped', role);
      const methods = (await vault.ask('GET', 'sys/auth')).data as Record<string, { accessor: string }>;
      mounts['brief/'] = methods['brief/']?.accessor ?? '';
    };
    await enable();
    await external('guests', 'brief/');
    const { entity } = await logIn('hal', ['guests'], { mount: 'brief' });
    const wish = { name: 'hal', mount_accessor: mounts['other/'], canonical_id: entity };
    await vault.ask('POST', 'identity/entity-alias', wish);
    const stays = await logIn('hal', [], { mount: 'other' });
    assert.deepEqual([stays.entity, await reads(stays)], [entity, 200]);
    await vault.ask('DELETE', 'sys/auth/brief');
    assert.equal(await reads(stays), 403);
    await enable();
    await logIn('hal', ['guests'], { mount: 'brief' });
    assert.equal(await reads(stays), 403);
  });

  it('are of other groups like any, and end with their alias or a change of it', async () => {
    const [inner, again] = [await external('inner', 'jwt/', 'default'), await external('again')];
    await vault.ask('POST', 'identity/group', { policies: 'reader', member_group_ids: inner });
    const entered = await logIn('dan', ['inner']);
    assert.equal(await reads(entered), 200);
    const id = await aliasOf(inner);
    await vault.ask('DELETE', `identity/group-alias/id/${id}`);
    assert.deepEqual([await reads(entered), await membersOf(inner)], [403, []]);
    const other = await logIn('dan', ['again']);
    assert.equal(await reads(other), 200);
    const alias = await aliasOf(again);
    const wish = { name: 'elsewhere', mount_accessor: mounts['jwt/'] };
    await vault.ask('POST', `identity/group-alias/id/${alias}`, wish);
    assert.deepEqual([await reads(other), await membersOf(again)], [403, []]);
  });
});

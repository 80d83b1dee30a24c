import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const denied = '403 1 error occurred:\n\t* permission denied\n\n';

describe('merging entities', () => {
  let vault: VaultHouse;
  let accessor = '';

  before(async () => {
    vault = await startVault();
    for (const mount of ['first', 'second'])
      await vault.ask('POST', `sys/auth/${mount}`, { type: 'userpass' });
    const { data } = await vault.ask('GET', 'sys/auth');
    accessor = (data as Record<string, { accessor: string }>)['first/']?.accessor ?? '';
    const text = 'path "transit/keys/*" { capabilities = ["read"] }';
    await vault.ask('PUT', 'sys/policies/acl/reader', { policy: text });
    await vault.ask('PUT', 'transit/keys/app', null);
  });
  after(() => vault.close());

  type Entered = { readonly token: string; readonly entity: string };

  async function enter(mount: string, user: string): Promise<Entered> {
    const password = 'pass-word';
    await vault.ask('POST', `auth/${mount}/users/${user}`, { password });
    const { auth } = await vault.ask('POST', `auth/${mount}/login/${user}`, { password }, { token: null });
    return { token: String(auth?.['client_token']), entity: String(auth?.['entity_id']) };
  }

  const read = async (id: string) => (await vault.ask('GET', `identity/entity/id/${id}`)).data ?? {};
  const aliases = async (id: string) =>
    (await read(id))['aliases'] as { id: string; name: string; merged_from_canonical_ids: unknown }[];
  const reads = async ({ token }: Entered) =>
    (await vault.send('GET', 'transit/keys/app', undefined, { token })).status;
  const merge = (to: string, from: string | readonly string[], more: object = {}) =>
    vault.send('POST', 'identity/entity/merge', { to_entity_id: to, from_entity_ids: from, ...more });
  const refusal = (body: object) => vault.refusal('POST', 'identity/entity/merge', body);

  it('makes logins, living tokens and memberships those of the one that stays', async () => {
    const [one, two] = [await enter('first', 'ann'), await enter('second', 'ann')];
    const { data } = await vault.ask('POST', 'identity/group', { member_entity_ids: two.entity });
    const group = String(data?.['id']);
    await vault.ask('POST', `identity/entity/id/${one.entity}`, { policies: 'reader' });
    assert.deepEqual([await reads(one), await reads(two)], [200, 403]);
    assert.equal((await merge(one.entity, two.entity)).status, 204);
    assert.deepEqual([await reads(one), await reads(two)], [200, 200]);
    assert.deepEqual((await enter('second', 'ann')).entity, one.entity);
    const after = await read(one.entity);
    assert.deepEqual([after['merged_entity_ids'], after['direct_group_ids']], [[two.entity], [group]]);
    const told = (await aliases(one.entity)).map((alias) => alias.merged_from_canonical_ids);
    assert.deepEqual(told, [null, [two.entity]]);
    assert.equal((await vault.send('GET', `identity/entity/id/${two.entity}`)).status, 404);
    const members = (await vault.ask('GET', `identity/group/id/${group}`)).data?.['member_entity_ids'];
    assert.deepEqual(members, [one.entity]);
    // a further one takes all of them along, and the end of it ends them
    const { data: made } = await vault.ask('POST', 'identity/entity', { name: 'all' });
    const all = String(made?.['id']);
    assert.equal((await merge(all, [one.entity])).status, 204);
    assert.deepEqual([await reads(one), await reads(two)], [403, 403]);
    await vault.ask('POST', `identity/entity/id/${all}`, { policies: 'reader' });
    assert.deepEqual([await reads(one), await reads(two)], [200, 200]);
    assert.deepEqual((await read(all))['merged_entity_ids'], [one.entity, two.entity]);
    await vault.ask('POST', `identity/entity/id/${all}`, { disabled: true });
    assert.deepEqual([await reads(one), await reads(two)], [403, 403]);
    await vault.ask('POST', `identity/entity/id/${all}`, { disabled: false });
    await vault.ask('DELETE', `identity/entity/id/${all}`);
    for (const { token } of [one, two])
      assert.equal(await vault.refusal('GET', 'transit/keys/app', undefined, { token }), denied);
  });

  it('keeps one alias of a mount, which must be said', async () => {
    const [one, two] = [await enter('first', 'bea'), await enter('first', 'bob')];
    const body = { to_entity_id: one.entity, from_entity_ids: [two.entity] };
    const [mine, other] = [
      (await aliases(one.entity))[0]?.id ?? '',
      (await aliases(two.entity))[0]?.id ?? '',
    ];
    const clash = /^400 these aliases are of one mount: .*conflicting_alias_ids_to_keep/;
    assert.match(await refusal(body), clash);
    assert.match(await refusal({ ...body, conflicting_alias_ids_to_keep: [mine, other] }), clash);
    assert.equal((await merge(one.entity, two.entity, { conflicting_alias_ids_to_keep: other })).status, 204);
    assert.deepEqual(
      (await aliases(one.entity)).map(({ id, name }) => [id, name]),
      [[other, 'bob']],
    );
    const factors = { alias_name: 'bea', alias_mount_accessor: accessor };
    assert.equal((await vault.send('POST', 'identity/lookup/entity', factors)).status, 204);
    assert.equal((await enter('first', 'bob')).entity, one.entity);
    assert.notEqual((await enter('first', 'bea')).entity, one.entity);
  });

  it('refuses what is not there, itself, and what is disabled', async () => {
    const [one, two] = [await enter('first', 'cat'), await enter('second', 'cat')];
    const to = { to_entity_id: one.entity };
    assert.equal(await refusal({ from_entity_ids: two.entity }), '400 missing entity id to merge to');
    assert.equal(await refusal(to), '400 missing entity ids to merge from');
    assert.equal(await refusal({ ...to, from_entity_ids: 'x' }), '400 entity id to merge from is invalid');
    const invalid = { to_entity_id: 'x', from_entity_ids: two.entity };
    assert.equal(await refusal(invalid), '400 entity id to merge to is invalid');
    assert.match(await refusal({ ...to, from_entity_ids: one.entity }), /^400 to_entity_id should not be/);
    await vault.ask('POST', `identity/entity/id/${two.entity}`, { disabled: true });
    assert.match(await refusal({ ...to, from_entity_ids: two.entity }), /^400 the entity .* is disabled/);
    assert.equal(await vault.refusal('GET', 'transit/keys/app', undefined, two), denied);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const anonymous = { token: null };

describe('groups', () => {
  let vault: VaultHouse;
  let accessor = '';

  before(async () => {
    vault = await startVault();
    await vault.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    const { data: mounts } = await vault.ask('GET', 'sys/auth');
    accessor = (mounts as Record<string, { accessor: string }>)['userpass/']?.accessor ?? '';
    const text = 'path "transit/keys/*" { capabilities = ["read"] }';
    await vault.ask('PUT', 'sys/policies/acl/reader', { policy: text });
    await vault.ask('PUT', 'transit/keys/app', null);
  });
  after(() => vault.close());

  const data = async (method: string, path: string, body?: unknown) =>
    (await vault.ask(method, `identity/${path}`, body)).data ?? {};
  const status = async (method: string, path: string, body?: unknown) =>
    (await vault.send(method, `identity/${path}`, body)).status;
  const refused = (path: string, body?: unknown) => vault.refusal('POST', `identity/${path}`, body);
  const group = async (body: object) => String((await data('POST', 'group', body))['id']);
  const entity = async (body: object = {}) => String((await data('POST', 'entity', body))['id']);

  it('makes one, tells it in all its members, changes and deletes it', async () => {
    assert.equal(await status('LIST', 'group/id'), 404);
    const member = await entity({ name: 'member' });
    const made = await data('POST', 'group', {
      name: 'Team',
      policies: ['Reader', 'a'],
      metadata: { floor: '2' },
      member_entity_ids: member,
    });
    const id = String(made['id']);
    assert.match(id, uuid);
    assert.deepEqual(made, { id, name: 'Team' });
    const read = await data('GET', `group/id/${id}`);
    for (const name of ['creation_time', 'last_update_time']) assert.match(String(read[name]), moment);
    assert.deepEqual(read, {
      alias: {},
      creation_time: read['creation_time'],
      id,
      last_update_time: read['last_update_time'],
      member_entity_ids: [member],
      member_group_ids: null,
      metadata: { floor: '2' },
      modify_index: 1,
      name: 'Team',
      namespace_id: 'root',
      parent_group_ids: null,
      policies: ['a', 'reader'],
      type: 'internal',
    });
    assert.equal(await status('POST', 'group/name/TEAM', { member_entity_ids: [] }), 204);
    const after = await data('GET', 'group/name/team');
    assert.deepEqual([after['id'], after['member_entity_ids'], after['modify_index']], [id, [], 2]);
    assert.deepEqual((await data('LIST', 'group/name'))['keys'], ['TEAM']);
    assert.deepEqual((await data('LIST', 'group/id'))['key_info'], {
      [id]: { name: 'TEAM', num_member_entities: 0, num_parent_groups: 0 },
    });
    for (const factor of [{ id }, { name: 'Team' }])
      assert.equal((await data('POST', 'lookup/group', factor))['id'], id);
    assert.equal(await status('POST', 'lookup/group', { id: 'nothing' }), 204);
    assert.equal(await status('DELETE', 'group/name/team'), 204);
    assert.equal(await status('DELETE', 'group/name/team'), 204);
    assert.equal(await status('GET', `group/id/${id}`), 404);
  });

  it('refuses what can not be', async () => {
    const [one, external] = [await group({ name: 'one' }), await group({ name: 'ext', type: 'external' })];
    const member = await entity();
    const cases: readonly [string, object, RegExp][] = [
      ['group', { policies: 'a,ROOT' }, /^400 policies cannot contain root/],
      ['group', { type: 'other' }, /^400 invalid group type "other"/],
      [`group/id/${one}`, { type: 'external' }, /^400 group type cannot be changed/],
      [`group/id/${external}`, { name: 'ONE' }, /^400 group name is already in use/],
      ['group/id/nothing', {}, /^400 invalid group ID/],
      [`group/id/${one}`, { member_entity_ids: 'nobody' }, /^400 invalid entity ID "nobody"/],
      [`group/id/${one}`, { member_group_ids: 'nothing' }, /^400 invalid member group ID "nothing"/],
      [`group/id/${external}`, { member_entity_ids: member }, /^400 member entities can't be set manually/],
      [`group/id/${external}`, { member_group_ids: one }, /^400 member groups can't be set/],
      [
        'group-alias',
        { name: 'x', mount_accessor: accessor, canonical_id: one },
        /^400 alias can't be set on/,
      ],
      ['group-alias', { name: 'x', mount_accessor: 'auth_x' }, /^400 invalid mount accessor "auth_x"/],
      ['group-alias', { mount_accessor: accessor }, /^400 missing alias name/],
      ['group-alias', { name: 'x' }, /^400 missing mount_accessor/],
    ];
    for (const [path, body, why] of cases) assert.match(await refused(path, body), why);
  });

  it('has no circles', async () => {
    const [a, b, c] = [await group({ name: 'a' }), await group({ name: 'b' }), await group({ name: 'c' })];
    await data('POST', `group/id/${a}`, { member_group_ids: [b] });
    await data('POST', `group/id/${b}`, { member_group_ids: [c] });
    const circle = /^400 cyclic relationship detected for member group ID/;
    for (const [of, member] of [
      [a, a],
      [c, a],
      [b, a],
      [c, b],
    ])
      assert.match(await refused(`group/id/${of}`, { member_group_ids: [member] }), circle);
    const read = await data('GET', `group/id/${b}`);
    assert.deepEqual([read['member_group_ids'], read['parent_group_ids']], [[c], [a]]);
  });

  it('gives its policies to its members and to those of the groups in it, as long as they are of it', async () => {
    await vault.ask('POST', 'auth/userpass/users/ada', { password: 'pass-word' });
    const { auth } = await vault.ask('POST', 'auth/userpass/login/ada', { password: 'pass-word' }, anonymous);
    const [token, ada] = [String(auth?.['client_token']), String(auth?.['entity_id'])];
    const reads = async () => (await vault.send('GET', 'transit/keys/app', undefined, { token })).status;
    assert.equal(await reads(), 403);
    const [inner, outer] = [
      await group({ name: 'inner' }),
      await group({ name: 'outer', policies: 'reader' }),
    ];
    await data('POST', `group/id/${inner}`, { member_entity_ids: [ada] });
    assert.equal(await reads(), 403);
    await data('POST', `group/id/${outer}`, { member_group_ids: [inner] });
    assert.equal(await reads(), 200);
    const self = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token });
    assert.deepEqual(self.data?.['identity_policies'], ['reader']);
    const read = await data('GET', `entity/id/${ada}`);
    assert.deepEqual(
      [read['direct_group_ids'], read['inherited_group_ids'], read['group_ids']],
      [[inner], [outer], [inner, outer]],
    );
    await data('POST', `group/id/${outer}`, { policies: [] });
    assert.equal(await reads(), 403);
    await data('POST', `group/id/${outer}`, { policies: ['reader'] });
    assert.equal(await reads(), 200);
    await data('POST', `group/id/${inner}`, { member_entity_ids: [] });
    assert.equal(await reads(), 403);
    await data('POST', `group/id/${inner}`, { member_entity_ids: [ada], policies: ['reader'] });
    await vault.ask('DELETE', `identity/group/id/${outer}`);
    assert.equal(await reads(), 200);
    await vault.ask('DELETE', `identity/group/id/${inner}`);
    assert.equal(await reads(), 403);
    assert.deepEqual((await data('GET', `entity/id/${ada}`))['group_ids'], []);
  });

  it('loses an entity that is deleted, and its place in other groups with itself', async () => {
    const [one, two] = [await entity(), await entity()];
    const inner = await group({ name: 'left-inner', member_entity_ids: [one, two] });
    const outer = await group({ name: 'left-outer', member_group_ids: [inner], member_entity_ids: [one] });
    await vault.ask('DELETE', `identity/entity/id/${one}`);
    assert.deepEqual((await data('GET', `group/id/${inner}`))['member_entity_ids'], [two]);
    assert.deepEqual((await data('GET', `group/id/${outer}`))['member_entity_ids'], []);
    await vault.ask('DELETE', `identity/group/id/${inner}`);
    assert.equal((await data('GET', `group/id/${outer}`))['member_group_ids'], null);
    assert.deepEqual((await data('GET', `entity/id/${two}`))['group_ids'], []);
  });

  it('has an alias if it is external, which is told with it', async () => {
    const made = await data('POST', 'group-alias', { name: 'Staff', mount_accessor: accessor });
    const { id, canonical_id: canonical } = made as { id: string; canonical_id: string };
    const read = await data('GET', `group-alias/id/${id}`);
    assert.deepEqual(read, {
      canonical_id: canonical,
      creation_time: read['creation_time'],
      custom_metadata: null,
      id,
      last_update_time: read['last_update_time'],
      local: false,
      merged_from_canonical_ids: null,
      metadata: null,
      mount_accessor: accessor,
      mount_path: 'auth/userpass/',
      mount_type: 'userpass',
      name: 'Staff',
      namespace_id: 'root',
    });
    const owner = await data('GET', `group/id/${canonical}`);
    assert.deepEqual([owner['type'], owner['name']], ['external', `group_${canonical.slice(0, 8)}`]);
    const { custom_metadata: _custom, local: _local, namespace_id: _namespace, ...shown } = read;
    assert.deepEqual(owner['alias'], shown);
    assert.deepEqual((await data('LIST', 'group-alias/id'))['keys'], [id]);
    const factors = { alias_name: 'staff', alias_mount_accessor: accessor };
    for (const factor of [{ alias_id: id }, factors])
      assert.equal((await data('POST', 'lookup/group', factor))['id'], canonical);
    const at = `group-alias/id/${id}`;
    assert.equal(await status('POST', at, { name: 'Staff', mount_accessor: accessor }), 204);
    const other = await group({ type: 'external' });
    const wish = { name: 'Crew', mount_accessor: accessor };
    assert.deepEqual(await data('POST', at, { ...wish, canonical_id: other }), { canonical_id: other, id });
    assert.deepEqual((await data('GET', `group/id/${canonical}`))['alias'], {});
    assert.equal(
      await refused('group-alias', wish),
      '400 combination of mount and group alias name is already in use',
    );
    assert.equal(await refused('group-alias/id/none', wish), '400 invalid group alias ID');
    assert.equal(await status('DELETE', at), 204);
    assert.equal(await status('GET', at), 404);
    assert.deepEqual((await data('GET', `group/id/${other}`))['alias'], {});
    // the name is free again
    assert.equal(await status('POST', 'group-alias', wish), 200);
  });
});

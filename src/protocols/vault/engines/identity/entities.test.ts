import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('entities', () => {
  let vault: VaultHouse;
  let accessor = '';
  let other = '';

  before(async () => {
    vault = await startVault();
    await vault.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    await vault.ask('POST', 'sys/auth/approle', { type: 'approle' });
    const { data } = await vault.ask('GET', 'sys/auth');
    const mounts = data as Record<string, { accessor: string }>;
    accessor = mounts['userpass/']?.accessor ?? '';
    other = mounts['approle/']?.accessor ?? '';
  });
  after(() => vault.close());

  const data = async (method: string, path: string, body?: unknown) =>
    (await vault.ask(method, `identity/${path}`, body)).data ?? {};
  const status = async (method: string, path: string, body?: unknown) =>
    (await vault.send(method, `identity/${path}`, body)).status;
  const refused = (path: string, body?: unknown, method = 'POST') =>
    vault.refusal(method, `identity/${path}`, body);

  async function make(name: string, more: object = {}): Promise<string> {
    return String((await data('POST', 'entity', { name, ...more }))['id']);
  }

  it('makes one, tells it in all its members, changes it without a word, and deletes it', async () => {
    assert.equal(await status('LIST', 'entity/id'), 404);
    const made = await data('POST', 'entity', { name: 'Ada', metadata: { team: 'a' }, policies: 'P2,p1,p2' });
    const id = String(made['id']);
    assert.match(id, uuid);
    assert.deepEqual(made, { aliases: null, id, name: 'Ada' });
    const read = await data('GET', `entity/id/${id}`);
    for (const name of ['creation_time', 'last_update_time']) assert.match(String(read[name]), moment);
    assert.deepEqual(read, {
      aliases: [],
      creation_time: read['creation_time'],
      direct_group_ids: [],
      disabled: false,
      group_ids: [],
      id,
      inherited_group_ids: [],
      last_update_time: read['last_update_time'],
      merged_entity_ids: null,
      metadata: { team: 'a' },
      name: 'Ada',
      namespace_id: 'root',
      policies: ['p1', 'p2'],
    });
    assert.equal(await status('POST', `entity/id/${id}`, { name: 'Countess', disabled: 'true' }), 204);
    const after = await data('GET', 'entity/name/countess');
    assert.deepEqual([after['id'], after['name'], after['disabled']], [id, 'Countess', true]);
    assert.deepEqual([after['policies'], after['metadata']], [['p1', 'p2'], { team: 'a' }]);
    assert.equal(await status('GET', 'entity/name/Ada'), 404);
    assert.deepEqual((await data('LIST', 'entity/name'))['keys'], ['Countess']);
    assert.equal(await status('DELETE', `entity/id/${id}`), 204);
    assert.equal(await status('DELETE', `entity/id/${id}`), 204);
    assert.equal(await status('GET', `entity/id/${id}`), 404);
    assert.equal(await status('GET', 'entity/name/countess'), 404);
  });

  it('finds one by its name in any letters, and gives a name to one alone', async () => {
    const [one, two] = [await make('Bob'), await make('Eve')];
    assert.equal(await status('POST', 'entity/name/BOB', { metadata: ['k=v'] }), 204);
    const read = await data('GET', `entity/id/${one}`);
    assert.deepEqual([read['name'], read['metadata']], ['BOB', { k: 'v' }]);
    assert.equal(await refused(`entity/id/${two}`, { name: 'bob' }), '400 entity name is already in use');
    assert.equal(await refused('entity/id/none', { name: 'x' }), '400 entity not found from id');
    assert.equal(await status('POST', `entity/id/${one}`, { name: 'bob' }), 204);
    assert.equal((await data('GET', 'entity/name/Bob'))['name'], 'bob');
    const unnamed = await data('POST', 'entity', {});
    assert.equal(unnamed['name'], `entity_${String(unnamed['id']).slice(0, 8)}`);
    const ids = [one, two, String(unnamed['id'])];
    assert.equal(await status('POST', 'entity/batch-delete', { entity_ids: ids }), 204);
    assert.equal(await refused('entity/batch-delete', {}), '400 missing entity ids to delete');
    for (const id of ids) assert.equal(await status('GET', `entity/id/${id}`), 404);
  });

  it('never gives the policy root, in whatever letters', async () => {
    for (const policies of [['root'], ['a', 'ROOT'], ' Root ', ['root ']]) {
      const text = '400 policies cannot contain root';
      assert.equal(await refused('entity', { name: 'mallory', policies }), text);
    }
    assert.equal(await status('GET', 'entity/name/mallory'), 404);
  });

  it('refuses names and metadata beyond bounds', async () => {
    assert.match(await refused('entity', { name: 'a\u0007b' }), /^400 name: must hold no control/);
    assert.match(await refused('entity', { name: 'x'.repeat(513) }), /^400 name: /);
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']));
    assert.match(await refused('entity', { metadata: many }), /^400 metadata: at most 64/);
    assert.match(await refused('entity', { metadata: { k: 'x'.repeat(513) } }), /^400 metadata/);
    assert.match(await refused('entity', { metadata: 7 }), /^400 error converting input/);
    for (const body of [{ id: 'a\u0000' }, { policies: ['a\u0000'] }, { id: '\ud800' }])
      assert.match(await refused('entity', body), /^400 (id|policies\.0): must hold no control/);
    assert.match(await refused('lookup/entity', { name: 'a\u0000' }), /^400 of/);
    assert.match(
      await refused('entity-alias', { name: 'a\u0000', mount_accessor: accessor }),
      /^400 name: must/,
    );
    for (const path of ['oidc/config', 'mfa/method/totp', 'persona', 'nothing'])
      assert.equal(await refused(path, {}), '404 1 error occurred:\n\t* unsupported path\n\n');
    assert.match(await refused('entity', undefined, 'GET'), /^405 /);
  });

  it('is mounted from the start and for good, as its own engine', async () => {
    const { data: mounts } = await vault.ask('GET', 'sys/mounts');
    const mount = (mounts as Record<string, Record<string, unknown>>)['identity/'];
    assert.deepEqual(
      [mount?.['type'], mount?.['description'], mount?.['options'], mount?.['local']],
      ['identity', 'identity store', null, false],
    );
    assert.match(String(mount?.['accessor']), /^identity_[0-9a-f]{8}$/);
    assert.equal(await vault.refusal('DELETE', 'sys/mounts/identity'), '400 cannot unmount "identity/"');
  });

  it('lets no other letters of a name pass a policy by', async () => {
    await make('Guarded');
    const rule = (name: string, what: string) =>
      `path "identity/entity/name/${name}" { capabilities = ["${what}"] }`;
    const policy = `${rule('+', 'read')}\n${rule('guarded', 'deny')}`;
    await vault.ask('PUT', 'sys/policies/acl/names', { policy });
    const { auth } = await vault.ask('POST', 'auth/token/create', { policies: ['names'] });
    const token = String(auth?.['client_token']);
    await make('open');
    const read = async (name: string) =>
      (await vault.send('GET', `identity/entity/name/${name}`, undefined, { token })).status;
    assert.deepEqual(
      await Promise.all(['open', 'OPEN', 'guarded', 'GUARDED'].map(read)),
      [200, 200, 403, 403],
    );
  });

  describe('with aliases', () => {
    const alias = (body: object) => data('POST', 'entity-alias', body);

    it('ties a login to an entity, and tells both', async () => {
      const entity = await make('carol');
      const made = await alias({
        name: 'carol',
        mount_accessor: accessor,
        canonical_id: entity,
        custom_metadata: { desk: '7' },
      });
      const id = String(made['id']);
      assert.deepEqual(made, { canonical_id: entity, id });
      const read = await data('GET', `entity-alias/id/${id}`);
      const shown = {
        canonical_id: entity,
        creation_time: read['creation_time'],
        custom_metadata: { desk: '7' },
        id,
        last_update_time: read['last_update_time'],
        local: false,
        merged_from_canonical_ids: null,
        metadata: null,
        mount_accessor: accessor,
        mount_path: 'auth/userpass/',
        mount_type: 'userpass',
        name: 'carol',
      };
      assert.deepEqual(read, { ...shown, namespace_id: 'root' });
      assert.deepEqual((await data('GET', `entity/id/${entity}`))['aliases'], [shown]);
      const info = (await data('LIST', 'entity-alias/id'))['key_info'] as Record<string, unknown>;
      assert.deepEqual(info[id], {
        canonical_id: entity,
        custom_metadata: { desk: '7' },
        local: false,
        mount_accessor: accessor,
        mount_path: 'auth/userpass/',
        mount_type: 'userpass',
        name: 'carol',
      });
      const entities = (await data('LIST', 'entity/id'))['key_info'] as Record<string, unknown>;
      const short = { id, mount_accessor: accessor, mount_path: 'auth/userpass/', mount_type: 'userpass' };
      assert.deepEqual(entities[entity], { aliases: [{ ...short, name: 'carol' }], name: 'carol' });
      // the same once more changes nothing
      assert.equal(await status('POST', 'entity-alias', { name: 'Carol', mount_accessor: accessor }), 200);
      assert.equal(await status('POST', `entity-alias/id/${id}`, {}), 204);
      assert.equal(await status('DELETE', `entity-alias/id/${id}`), 204);
      assert.equal(await status('GET', `entity-alias/id/${id}`), 404);
      assert.deepEqual((await data('GET', `entity/id/${entity}`))['aliases'], []);
    });

    it('makes an entity where none is named, and finds it by each factor', async () => {
      const { id, canonical_id: entity } = await alias({ name: 'dan', mount_accessor: accessor });
      const factors = [
        { id: entity },
        { name: `entity_${String(entity).slice(0, 8)}` },
        { alias_id: id },
        { alias_name: 'DAN', alias_mount_accessor: accessor },
      ];
      for (const factor of factors)
        assert.equal((await data('POST', 'lookup/entity', factor))['id'], entity, JSON.stringify(factor));
      for (const nobody of [{ id: 'x' }, { alias_name: 'dan', alias_mount_accessor: 'auth_x' }])
        assert.equal(await status('POST', 'lookup/entity', nobody), 204);
      assert.equal(await refused('lookup/entity', {}), '400 query parameter not supplied');
      assert.match(await refused('lookup/entity', { id: 'a', name: 'b' }), /^400 query parameter conflict/);
      assert.match(await refused('lookup/entity', { alias_name: 'dan' }), /^400 both 'alias_name' and/);
    });

    it('has one alias of a mount, and one entity of a login', async () => {
      const [one, two] = [await make('frank'), await make('grace')];
      const first = await alias({ name: 'frank', mount_accessor: accessor, canonical_id: one });
      const twice = { name: 'frank-2', mount_accessor: accessor, canonical_id: one };
      const exists = '400 Alias already exists for requested entity and mount accessor';
      assert.equal(await refused('entity-alias', twice), exists);
      const taking = { name: 'frank', mount_accessor: accessor, canonical_id: two };
      assert.match(
        await refused('entity-alias', taking),
        /^400 the login is an alias of the entity .* to move it/,
      );
      const nobody = { name: 'x', mount_accessor: accessor, canonical_id: 'nobody' };
      assert.equal(await refused('entity-alias', nobody), '400 invalid canonical ID');
      const nowhere = { name: 'x', mount_accessor: 'auth_nowhere' };
      assert.equal(await refused('entity-alias', nowhere), '400 invalid mount accessor "auth_nowhere"');
      assert.match(await refused('entity-alias', { name: 'x' }), /^400 'id' or 'mount_accessor' and 'name'/);
      assert.equal(await refused('entity-alias/id/none', {}), '400 invalid alias ID provided');
      const second = await alias({ name: 'grace', mount_accessor: accessor, canonical_id: two });
      const rename = await refused(`entity-alias/id/${String(second['id'])}`, { name: 'frank' });
      assert.equal(rename, '400 alias with combination of mount accessor and name already exists');
      assert.equal(await refused(`entity-alias/id/${String(first['id'])}`, { canonical_id: two }), exists);
    });

    it('moves an alias that is named by its id, and renames it, so that its logins lead elsewhere', async () => {
      const [one, two] = [await make('heidi'), await make('ivan')];
      const { id } = await alias({ name: 'heidi', mount_accessor: accessor, canonical_id: one });
      const at = `entity-alias/id/${String(id)}`;
      assert.deepEqual(await data('POST', at, { canonical_id: two }), { canonical_id: two, id });
      const owner = async (name: string, mount = accessor) =>
        (await vault.ask('POST', 'identity/lookup/entity', { alias_name: name, alias_mount_accessor: mount }))
          .data?.['id'] ?? null;
      assert.deepEqual([await owner('heidi'), await owner('ivan')], [two, null]);
      await data('POST', at, { name: 'ivan' });
      assert.deepEqual([await owner('heidi'), await owner('ivan')], [null, two]);
      await data('POST', at, { mount_accessor: other });
      assert.deepEqual([await owner('ivan'), await owner('ivan', other)], [null, two]);
      assert.equal(await status('DELETE', `entity/id/${two}`), 204);
      assert.equal(await owner('ivan', other), null);
      assert.equal(await status('GET', at), 404);
    });
  });
});

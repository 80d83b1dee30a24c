import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

type Json = Readonly<Record<string, unknown>>;

const mergePatch = { headers: { 'content-type': 'application/merge-patch+json' } };
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

describe('KV version 2', () => {
  let vault: VaultHouse;
  let ahead = 0;
  before(async () => {
    vault = await startVault({ clock: { now: () => Date.now() + ahead } });
  });
  after(() => vault.close());

  const write = (path: string, data: Json, options?: Json) =>
    vault.send('POST', `secret/data/${path}`, options ? { data, options } : { data });
  const read = (path: string) => vault.send('GET', `secret/data/${path}`);
  const valueOf = async (path: string) => (await vault.ask('GET', `secret/data/${path}`)).data?.['data'];
  const metadata = async (path: string) => (await vault.ask('GET', `secret/metadata/${path}`)).data ?? {};

  it('writes, and answers what it made', async () => {
    const { status, body } = await write('shape', { user: 'u' });
    assert.equal(status, 200);
    assert.match(String(body.data?.['created_time']), isoTime);
    assert.deepEqual(body.data, {
      created_time: body.data?.['created_time'],
      custom_metadata: null,
      deletion_time: '',
      destroyed: false,
      version: 1,
    });
    const answer = await read('shape');
    assert.deepEqual(answer.body.data, { data: { user: 'u' }, metadata: body.data });
    assert.equal(answer.body['mount_type'], 'kv');
    assert.equal((await vault.send('PUT', 'secret/data/shape', { data: { user: 'v' } })).status, 200);
    assert.deepEqual(await valueOf('shape?version=1'), { user: 'u' });
    assert.deepEqual(await valueOf('shape?version=0'), { user: 'v' });
    assert.equal((await read('shape?version=9')).status, 404);
  });

  it('takes data that the command line sends, and refuses what is none', async () => {
    assert.equal((await write('empty', {})).status, 200);
    assert.deepEqual(await valueOf('empty'), {});
    assert.equal(await vault.refusal('POST', 'secret/data/none', {}), '400 no data provided');
    assert.equal(await vault.refusal('POST', 'secret/data/none', null), '400 no data provided');
    assert.match(await vault.refusal('POST', 'secret/data/none', { data: [1] }), /^400 error converting/);
    assert.match(await vault.refusal('POST', 'secret/data/none', { data: 'x' }), /^400 error converting/);
    assert.match(await vault.refusal('POST', 'secret/data/', { data: {} }), /^400 missing path/);
    assert.match(await vault.refusal('POST', 'secret/data/a/', { data: {} }), /^400 cannot write to a path/);
    assert.match(await vault.refusal('POST', 'secret/data/a/../b', { data: {} }), /^400 /);
    assert.match(await vault.refusal('POST', 'secret/data/n', { data: { n: 2 ** 60 } }), /^400 .*string/);
    assert.equal((await read('none')).status, 404);
  });

  it('checks and sets', async () => {
    const mismatch = '400 check-and-set parameter did not match the current version';
    const cas = (wanted: unknown) => ({ data: { n: 1 }, options: { cas: wanted } });
    assert.equal(await vault.refusal('POST', 'secret/data/cas', cas(1)), mismatch);
    assert.equal((await vault.send('POST', 'secret/data/cas', cas(0))).status, 200);
    assert.equal(await vault.refusal('POST', 'secret/data/cas', cas(0)), mismatch);
    assert.equal((await vault.send('POST', 'secret/data/cas', cas('1'))).status, 200);
    for (const wrong of ['x', -1, 1.5, {}])
      assert.equal(
        await vault.refusal('POST', 'secret/data/cas', cas(wrong)),
        '400 error parsing check-and-set parameter',
      );
    await vault.ask('POST', 'secret/metadata/cas', { cas_required: 'true' });
    const required = '400 check-and-set parameter required for this call';
    assert.equal(await vault.refusal('POST', 'secret/data/cas', { data: {} }), required);
    assert.equal((await vault.send('POST', 'secret/data/cas', cas(2))).status, 200);
  });

  it('patches what is there, and answers 404 for what is not', async () => {
    await write('patch', { a: 1, b: { c: 2, d: 3 } });
    const patch = (path: string, data: Json, options?: Json) =>
      vault.send('PATCH', `secret/data/${path}`, { data, ...(options ? { options } : {}) }, mergePatch);
    const done = await patch('patch', { a: null, b: { c: 'new' }, e: [1] });
    assert.deepEqual([done.status, done.body.data?.['version']], [200, 2]);
    assert.deepEqual(await valueOf('patch'), { b: { c: 'new', d: 3 }, e: [1] });
    assert.equal((await patch('patch', { f: 1 }, { cas: 1 })).status, 400);
    assert.equal((await patch('patch', { f: 1 }, { cas: 2 })).status, 200);
    assert.deepEqual(await patch('absent', { a: 1 }).then(({ status, body }) => [status, body.errors]), [
      404,
      [],
    ]);
    await vault.ask('DELETE', 'secret/data/patch');
    const deleted = await patch('patch', { g: 1 });
    assert.deepEqual([deleted.status, deleted.body.data?.['version']], [404, 3]);
    assert.equal((await vault.send('PATCH', 'secret/data/patch', { data: {} })).status, 415);
    const none = await vault.send('PATCH', 'secret/data/patch', {}, mergePatch);
    assert.deepEqual([none.status, none.body.errors], [400, ['no data provided']]);
  });

  it('deletes, brings back and destroys', async () => {
    for (const n of [1, 2, 3]) await write('life', { n });
    assert.equal((await vault.send('DELETE', 'secret/data/life')).status, 204);
    const deleted = await read('life');
    const { data, metadata: about } = deleted.body.data as { data: unknown; metadata: Json };
    assert.deepEqual([deleted.status, data, about['version'], about['destroyed']], [404, null, 3, false]);
    assert.match(String(about['deletion_time']), isoTime);
    const post = (what: string, versions: unknown) =>
      vault.send('POST', `secret/${what}/life`, { versions }).then(({ status }) => status);
    assert.equal(await post('undelete', [3]), 204);
    assert.deepEqual(await valueOf('life'), { n: 3 });
    assert.equal(await post('delete', '1,2'), 204);
    assert.equal((await read('life?version=1')).status, 404);
    assert.equal((await read('life?version=3')).status, 200);
    assert.equal(await post('destroy', ['2', 3]), 204);
    assert.equal(await post('undelete', [1, 2, 3]), 204);
    assert.deepEqual(await valueOf('life?version=1'), { n: 1 });
    const gone = await read('life');
    assert.equal(gone.status, 404);
    assert.match(JSON.stringify(gone.body.data), /"data":null.*"destroyed":true/);
    const { versions } = await metadata('life');
    assert.deepEqual(Object.keys(versions as Json), ['1', '2', '3']);
    for (const what of ['delete', 'undelete', 'destroy']) {
      assert.equal(await vault.refusal('POST', `secret/${what}/life`, {}), '400 No version number provided');
      assert.match(await vault.refusal('POST', `secret/${what}/life`, { versions: ['x'] }), /^400 /);
      assert.equal((await vault.send('POST', `secret/${what}/absent`, { versions: [1] })).status, 204);
      assert.equal(await post(what, [0]), 204);
    }
    assert.equal((await vault.send('DELETE', 'secret/data/absent')).status, 204);
  });

  it('tells, changes and takes away what is known of a secret', async () => {
    const wish = { max_versions: '2', delete_version_after: '1h', custom_metadata: { owner: 'team', n: 1 } };
    assert.equal((await vault.send('POST', 'secret/metadata/about', wish)).status, 204);
    const fresh = await metadata('about');
    assert.deepEqual(fresh, {
      cas_required: false,
      created_time: fresh['created_time'],
      current_version: 0,
      custom_metadata: { owner: 'team', n: '1' },
      delete_version_after: '1h0m0s',
      max_versions: 2,
      oldest_version: 0,
      updated_time: fresh['updated_time'],
      versions: {},
    });
    assert.equal((await read('about')).status, 404);
    for (const n of [1, 2, 3]) await write('about', { n });
    const after = await metadata('about');
    assert.deepEqual([after['current_version'], after['oldest_version']], [3, 2]);
    assert.deepEqual(Object.keys(after['versions'] as Json), ['2', '3']);
    const { body } = await read('about');
    assert.match(JSON.stringify(body.data), /"custom_metadata":\{"owner":"team","n":"1"\}/);
    const patch = (data: Json) => vault.send('PATCH', 'secret/metadata/about', data, mergePatch);
    assert.equal((await patch({ custom_metadata: { n: null, more: 'x' }, max_versions: null })).status, 204);
    const patched = await metadata('about');
    assert.deepEqual(patched['custom_metadata'], { owner: 'team', more: 'x' });
    assert.deepEqual([patched['max_versions'], patched['delete_version_after']], [0, '1h0m0s']);
    assert.equal((await vault.send('PATCH', 'secret/metadata/absent', {}, mergePatch)).status, 404);
    assert.equal((await vault.send('POST', 'secret/metadata/about', {})).status, 204);
    assert.equal((await vault.send('DELETE', 'secret/metadata/about')).status, 204);
    assert.equal((await vault.send('GET', 'secret/metadata/about')).status, 404);
    assert.equal((await vault.send('DELETE', 'secret/metadata/about')).status, 204);
  });

  it('refuses custom metadata and settings that it does not keep', async () => {
    const refused = (data: Json) => vault.refusal('POST', 'secret/metadata/bad', data);
    const labels = (custom_metadata: unknown) => refused({ custom_metadata });
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, 'x']));
    assert.match(
      await labels(many),
      /^400 custom_metadata validation failed: payload must contain at most 64/,
    );
    assert.match(
      await labels({ ['k'.repeat(129)]: 'x' }),
      /^400 custom_metadata validation failed: length of key/,
    );
    assert.match(
      await labels({ k: 'x'.repeat(513) }),
      /^400 custom_metadata validation failed: length of value/,
    );
    assert.match(await labels({ k: '' }), /length of value for key "k" is 0/);
    assert.match(await labels({ k: 'a\u0007' }), /unprintable/);
    assert.match(await labels({ k: { nested: 'x' } }), /^400 custom_metadata validation failed/);
    assert.match(await labels('x'), /^400 /);
    assert.match(await refused({ delete_version_after: '-1s' }), /^400 /);
    assert.match(await refused({ delete_version_after: 'soon' }), /^400 /);
    assert.match(await refused({ max_versions: -1 }), /^400 /);
    assert.match(await refused({ max_versions: 1001 }), /^400 /);
    assert.equal((await vault.send('GET', 'secret/metadata/bad')).status, 404);
  });

  it('lists secrets and folders', async () => {
    for (const path of ['list/a', 'list/a/b', 'list/c/d/e', 'list/z']) await write(path, { path });
    const keys = async (path: string, method = 'LIST') => (await vault.ask(method, path)).data?.['keys'];
    const all = ['a', 'a/', 'c/', 'z'];
    assert.deepEqual(await keys('secret/metadata/list'), all);
    assert.deepEqual(await keys('secret/metadata/list/'), all);
    assert.deepEqual(await keys('secret/metadata/list?list=true', 'GET'), all);
    assert.deepEqual(await keys('secret/metadata/list/c'), ['d/']);
    assert.deepEqual(await keys('secret/metadata/list?after=a/&limit=1'), ['c/']);
    assert.ok(((await keys('secret/metadata')) as string[]).includes('list/'));
    const none = await vault.send('LIST', 'secret/metadata/nothing');
    assert.deepEqual([none.status, none.body.errors], [404, []]);
    const detailed = (await vault.ask('LIST', 'secret/detailed-metadata/list')).data;
    assert.deepEqual(detailed?.['keys'], all);
    const info = detailed?.['key_info'] as Readonly<Record<string, Json>>;
    assert.deepEqual(Object.keys(info), ['a', 'z']);
    assert.equal(info['a']?.['current_version'], 1);
  });

  it('tells the structure of a secret without its values', async () => {
    await write('sub', { a: { b: { c: 'x' }, d: [1, 2], e: {} }, f: 1 });
    const subkeys = async (query = '') =>
      (await vault.ask('GET', `secret/subkeys/sub${query}`)).data?.['subkeys'];
    assert.deepEqual(await subkeys(), { a: { b: { c: null }, d: null, e: null }, f: null });
    assert.deepEqual(await subkeys('?depth=1'), { a: null, f: null });
    assert.deepEqual(await subkeys('?depth=2&version=1'), { a: { b: null, d: null, e: null }, f: null });
    await vault.ask('DELETE', 'secret/data/sub');
    const { status, body } = await vault.send('GET', 'secret/subkeys/sub');
    assert.deepEqual([status, body.data?.['subkeys']], [404, null]);
    assert.equal((await vault.send('GET', 'secret/subkeys/absent')).status, 404);
  });

  it('has settings for all secrets of a mount', async () => {
    await vault.ask('POST', 'sys/mounts/kept', { type: 'kv', options: { version: '2' } });
    const config = async () => (await vault.ask('GET', 'kept/config')).data;
    assert.deepEqual(await config(), { cas_required: false, delete_version_after: '0s', max_versions: 0 });
    const wish = { max_versions: 3, delete_version_after: '90s', cas_required: true };
    assert.equal((await vault.send('POST', 'kept/config', wish)).status, 204);
    assert.deepEqual(await config(), { ...wish, delete_version_after: '1m30s' });
    assert.match(await vault.refusal('POST', 'kept/data/x', { data: {} }), /required for this call$/);
    const made = await vault.ask('POST', 'kept/data/x', { data: { n: 1 }, options: { cas: 0 } });
    const { created_time: created, deletion_time: deletion } = made.data as Record<string, string>;
    assert.equal(Date.parse(deletion ?? '') - Date.parse(created ?? ''), 90_000);
    const warned = await vault.send('POST', 'kept/metadata/x', { cas_required: false });
    assert.deepEqual([warned.status, warned.body.warnings?.length], [200, 1]);
    ahead += 90_000;
    assert.equal((await vault.send('GET', 'kept/data/x')).status, 404);
    await vault.ask('POST', 'kept/config', { delete_version_after: '-1s', cas_required: false });
    assert.equal((await config())?.['delete_version_after'], '-1s');
    const lasting = await vault.ask('POST', 'kept/data/x', { data: { n: 2 } });
    assert.equal(lasting.data?.['deletion_time'], '');
  });

  it('keeps mounts apart, also one that is moved, and one that is made anew in the place of another', async () => {
    const mount = () => vault.ask('POST', 'sys/mounts/moved', { type: 'kv-v2' });
    await mount();
    await vault.ask('POST', 'moved/data/x', { data: { n: 1 } });
    await write('x', { n: 2 });
    assert.deepEqual((await vault.ask('GET', 'moved/data/x')).data?.['data'], { n: 1 });
    await vault.ask('POST', 'sys/remount', { from: 'moved', to: 'other' });
    assert.deepEqual((await vault.ask('GET', 'other/data/x')).data?.['data'], { n: 1 });
    await mount();
    assert.equal((await vault.send('GET', 'moved/data/x')).status, 404);
  });

  it('says what is wrong with paths of version 1', async () => {
    const { status, body } = await vault.send('GET', 'secret/app/db');
    assert.equal(status, 404);
    assert.match(String(body.warnings?.[0]), /^Invalid path for a versioned K\/V secrets engine/);
    assert.equal((await vault.send('DELETE', 'secret/subkeys/x')).status, 405);
  });

  it('answers what clients ask before they use it', async () => {
    const seen = (await vault.ask('GET', 'sys/internal/ui/mounts/secret/app/db')).data;
    assert.deepEqual(
      [seen?.['path'], seen?.['type'], seen?.['options']],
      ['secret/', 'kv', { version: '2' }],
    );
    const tuned = (await vault.ask('GET', 'sys/mounts/secret/tune')).data;
    assert.deepEqual(tuned?.['options'], { version: '2' });
    assert.equal(tuned?.['default_lease_ttl'], 2_764_800);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

describe('KV version 1', () => {
  let vault: VaultHouse;
  before(async () => {
    vault = await startVault();
    await vault.ask('POST', 'sys/mounts/kv', { type: 'kv', config: { default_lease_ttl: '2h' } });
  });
  after(() => vault.close());

  it('writes, reads, overwrites and deletes', async () => {
    assert.equal((await vault.send('POST', 'kv/app/db', { user: 'u', n: 1 })).status, 204);
    const { data, ...envelope } = await vault.ask('GET', 'kv/app/db');
    assert.deepEqual(data, { user: 'u', n: 1 });
    assert.deepEqual(
      [envelope['lease_duration'], envelope['renewable'], envelope['lease_id']],
      [7200, false, ''],
    );
    await vault.ask('PUT', 'kv/app/db', { data: { inner: 'x' } });
    assert.deepEqual((await vault.ask('GET', 'kv/app/db')).data, { data: { inner: 'x' } });
    assert.equal((await vault.send('DELETE', 'kv/app/db')).status, 204);
    assert.equal((await vault.send('DELETE', 'kv/app/db')).status, 204);
    const gone = await vault.send('GET', 'kv/app/db');
    assert.deepEqual([gone.status, gone.body.errors], [404, []]);
  });

  it('tells the lease that the secret says of itself', async () => {
    const leaseOf = async (data: object) => {
      await vault.ask('POST', 'kv/lease', data);
      return (await vault.ask('GET', 'kv/lease'))['lease_duration'];
    };
    assert.equal(await leaseOf({ ttl: '1h' }), 3600);
    assert.equal(await leaseOf({ ttl: 90 }), 90);
    assert.equal(await leaseOf({ lease: '30s' }), 30);
    assert.equal(await leaseOf({ ttl: 'soon' }), 7200);
  });

  it('lists', async () => {
    for (const path of ['l/a', 'l/b/c']) await vault.ask('POST', `kv/${path}`, { path });
    assert.deepEqual((await vault.ask('LIST', 'kv/l')).data, { keys: ['a', 'b/'] });
    assert.deepEqual((await vault.ask('LIST', 'kv?after=l&limit=1')).data, { keys: ['l/'] });
    assert.equal((await vault.send('LIST', 'kv/none')).status, 404);
  });

  it('refuses what is no secret', async () => {
    assert.equal(await vault.refusal('POST', 'kv/x', {}), '400 missing data fields');
    assert.match(await vault.refusal('POST', 'kv/x/', { a: 1 }), /^400 cannot write to a path/);
    assert.equal(
      (await vault.send('PATCH', 'kv/x', {}, { headers: { 'content-type': 'application/merge-patch+json' } }))
        .status,
      405,
    );
  });

  it('keeps one version alone, and gives it to version 2 when the mount is turned into it', async () => {
    for (const n of [1, 2, 3]) await vault.ask('POST', 'kv/kept', { n });
    await vault.ask('POST', 'sys/mounts/kv/tune', { options: { version: '2' } });
    assert.deepEqual((await vault.ask('GET', 'kv/data/kept')).data?.['data'], { n: 3 });
    const { versions } = (await vault.ask('GET', 'kv/metadata/kept')).data as { versions: object };
    assert.deepEqual(Object.keys(versions), ['3']);
  });
});

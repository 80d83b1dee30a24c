import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

describe('settings of transit', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.close());

  it('makes keys by their first use until that is switched off, on that mount alone', async () => {
    await vault.call('POST', 'sys/mounts/other', { type: 'transit' });
    assert.deepEqual(await vault.done('GET', 'transit/config/keys'), { disable_upsert: false });
    assert.deepEqual(await vault.done('POST', 'transit/config/keys', { disable_upsert: 'true' }), {
      disable_upsert: true,
    });
    assert.deepEqual(await vault.done('GET', 'transit/config/keys'), { disable_upsert: true });
    const plaintext = b64('x');
    const refused = await vault.call('POST', 'transit/encrypt/fresh', { plaintext });
    assert.deepEqual([refused.status, refused.body], [400, { errors: ['encryption key not found'] }]);
    assert.equal((await vault.call('GET', 'transit/keys/fresh')).status, 404);
    await vault.done('POST', 'other/encrypt/fresh', { plaintext });
    await vault.done('POST', 'transit/config/keys', { disable_upsert: false });
    await vault.done('POST', 'transit/encrypt/fresh', { plaintext });
    const odd = await vault.call('POST', 'transit/config/keys', { disable_upsert: 'perhaps' });
    assert.equal(odd.status, 400);
  });

  it('keeps the size of a cache, and says that it is not heeded', async () => {
    assert.deepEqual(await vault.done('GET', 'transit/cache-config'), { size: 0 });
    const written = await vault.call('POST', 'transit/cache-config', { size: '456' });
    assert.equal(written.status, 200);
    assert.equal(written.body['warnings'].length, 1);
    assert.deepEqual(await vault.done('GET', 'transit/cache-config'), { size: 456 });
    for (const size of [5, -1])
      assert.deepEqual((await vault.call('POST', 'transit/cache-config', { size })).body, {
        errors: ['size must be 0 or a value greater or equal to 10'],
      });
  });

  it('tells the public half that a derived pair has for a context', async () => {
    await vault.done('POST', 'transit/keys/pair', { type: 'ed25519', derived: true });
    await vault.done('POST', 'transit/keys/pair/rotate');
    const bare = await vault.done('GET', 'transit/keys/pair');
    assert.deepEqual([bare['keys']['1'].public_key, bare['keys']['2'].public_key], ['', '']);
    const context = b64('mine');
    const signed = await vault.done('POST', 'transit/sign/pair', { input: '', context });
    const told = await vault.done('GET', `transit/keys/pair?context=${encodeURIComponent(context)}`);
    assert.equal(told['keys']['2'].public_key, signed['public_key']);
    assert.notEqual(told['keys']['1'].public_key, signed['public_key']);
    assert.equal(Buffer.from(told['keys']['1'].public_key, 'base64').length, 32);
  });
});

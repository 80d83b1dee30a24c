import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { removeHome, startTestServer, type TestServer } from '../../test/servers.ts';
import { createClient, type Client } from './client.ts';

const message = Buffer.from('a message');

describe('the SDK with a real server', () => {
  let server: TestServer;
  let client: Client;
  before(async () => {
    server = await startTestServer();
    client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  it('leads a key through its life', async () => {
    const key = await client.keys.create({ name: 'life', tags: [{ key: 'a', value: 'b' }] });
    assert.equal((await client.keys.show('life')).id, key.id);
    assert.equal((await client.keys.rotate('life')).currentVersion, 2);
    assert.equal((await client.keys.enableRotation('life', 90)).rotation?.periodDays, 90);
    assert.equal((await client.keys.disableRotation('life')).rotation, null);
    assert.equal((await client.keys.setDescription('life', 'x')).description, 'x');
    assert.equal((await client.keys.tag('life', [{ key: 'c', value: 'd' }])).tags.length, 2);
    assert.equal((await client.keys.untag('life', ['a', 'c'])).tags.length, 0);
    await client.keys.setPolicy('life', await client.keys.policy('life'));
    assert.equal((await client.keys.disable('life')).state, 'suspended');
    await assert.rejects(client.encrypt('life', message), { code: 'key-suspended', status: 409 });
    await client.keys.enable('life');
    assert.equal(
      (await client.keys.reportCompromise('life', { version: 1 })).versions[0]?.state,
      'compromised',
    );
    assert.equal((await client.keys.destruction('life')).destruction, null);
    const scheduled = await client.keys.scheduleDestroy('life', 7, { reason: 'no longer needed' });
    assert.equal(scheduled.destruction?.waitingDays, 7);
    await assert.rejects(client.encrypt('life', message), { code: 'key-destruction-scheduled' });
    const { destruction, demands } = await client.keys.destruction('life');
    assert.deepEqual([destruction?.step, destruction?.reason], ['scheduled', 'no longer needed']);
    assert.deepEqual(
      demands.map(({ principal, operation, count }) => [principal, operation, count]),
      [['admin', 'keys.encrypt', 1]],
    );
    assert.equal((await client.keys.cancelDestroy('life')).state, 'suspended');
    const all = await Array.fromAsync(client.keys.list());
    assert.ok(all.some(({ id }) => id === key.id));
  });

  it('encrypts under one key and moves to another', async () => {
    const [one, two] = [await client.keys.create(), await client.keys.create()];
    const context = { tenant: 'ä' };
    const sealed = await client.encrypt(one.id, message, context);
    assert.deepEqual(await client.decrypt(sealed, context, { key: one.id }), message);
    await assert.rejects(client.decrypt(sealed), { code: 'ciphertext-invalid', status: 422 });
    const moved = await client.reencrypt(sealed, { key: two.id }, { context });
    assert.deepEqual(await client.decrypt(moved), message);
    assert.equal((await client.keys.lastUse(two.id)).lastUse?.principal, 'admin');
  });

  it('signs, makes codes, agrees on secrets', async () => {
    const signer = await client.keys.create({ spec: 'ED25519' });
    const signature = await client.sign(signer.id, message);
    assert.equal(await client.verify(signer.id, message, signature), true);
    assert.equal(await client.verify(signer.id, Buffer.from('x'), signature), false);
    assert.equal((await client.keys.publicKey(signer.id)).length, 44);
    const coder = await client.keys.create({ spec: 'HMAC_256' });
    const mac = await client.mac(coder.id, message);
    assert.equal(await client.verifyMac(coder.id, message, mac), true);
    assert.equal(await client.verifyMac(coder.id, Buffer.from('x'), mac), false);
    await assert.rejects(client.verifyMac('nothing', message, mac), { code: 'name-not-found' });
    const agreeing = await client.keys.create({ spec: 'EC_P384', usage: 'key-agreement' });
    const peer = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    const secret = await client.deriveSharedSecret(agreeing.id, peer.export({ type: 'spki', format: 'der' }));
    assert.equal(secret.length, 48);
    assert.equal((await client.random(7)).length, 7);
  });

  it('names keys, also by dots', async () => {
    const [one, two] = [await client.keys.create(), await client.keys.create()];
    for (const name of ['a/b.c', '..', '.']) {
      assert.equal((await client.names.create(name, one.id)).keyId, one.id);
      assert.equal((await client.names.move(name, two.id)).keyId, two.id);
      assert.equal((await client.keys.show(name)).id, two.id);
      const names = await Array.fromAsync(client.names.list(two.id));
      assert.deepEqual(
        names.map((entry) => entry.name),
        [name],
      );
      await client.names.delete(name);
    }
  });

  it('makes people, and stops them', async () => {
    await client.environments.create('other', { accountId: '111122223333' });
    const admin = await client.environments.createAdministrator('other');
    assert.equal(admin.accountId, '111122223333');
    assert.equal((await client.environments.list()).length, 2);
    await client.principals.create({ name: 'ci', roles: ['user'] });
    const { token, tokenId } = await client.principals.createToken('ci');
    const ci = createClient({ address: server.address, token });
    await assert.rejects(ci.keys.create(), { code: 'access-denied', status: 403 });
    await client.principals.update('ci', { disabled: true });
    await assert.rejects(ci.random(1), { code: 'credential-unknown', status: 401 });
    await client.principals.update('ci', { disabled: false });
    await ci.random(1);
    await client.principals.revoke('ci', tokenId);
    await assert.rejects(ci.random(1), { status: 401 });
    assert.match((await client.principals.createAccessKey('ci')).accessKeyId, /^AKIA/);
    assert.equal((await client.principals.credentials('ci')).length, 1);
    assert.equal((await client.principals.list()).length, 2);
    assert.equal((await client.status()).root.kind, 'file');
  });
});

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

describe('transit keys that leave', () => {
  let vault: VaultServer;
  let token = '';
  const take = async (path: string) => vault.call('GET', `transit/${path}`, undefined, token);
  before(async () => {
    vault = await startVault();
    token = await vault.tokenFor('courier', ['exporter', 'user', 'auditor']);
    for (const [name, type] of Object.entries({
      aes: 'aes256-gcm96',
      ec: 'ecdsa-p384',
      ed: 'ed25519',
      rsa: 'rsa-2048',
      mac: 'hmac',
    }))
      await vault.done('POST', `transit/keys/${name}`, { type, exportable: true });
    await vault.done('POST', 'transit/keys/stays', {});
    await vault.done('POST', 'transit/keys/stays-ec', { type: 'ecdsa-p256' });
  });
  after(() => vault.close());

  it('gives a secret key whose ciphertexts open with it', async () => {
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/aes', { plaintext: b64('hello') });
    const { data } = await take('export/encryption-key/aes/latest');
    assert.equal(data['type'], 'aes256-gcm96');
    const key = Buffer.from(data['keys']['1'], 'base64');
    const bytes = Buffer.from(ciphertext.split(':')[2], 'base64');
    const open = crypto.createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    open.setAuthTag(bytes.subarray(-16));
    assert.equal(`${open.update(bytes.subarray(12, -16))}${open.final()}`, 'hello');
  });

  it('gives pairs in the forms that Vault has', async () => {
    const rsa = (await take('export/signing-key/rsa')).data['keys']['1'] as string;
    assert.match(rsa, /^-----BEGIN RSA PRIVATE KEY-----\n/);
    const ec = (await take('export/signing-key/ec/v1')).data['keys']['1'] as string;
    assert.match(ec, /^-----BEGIN EC PRIVATE KEY-----\n/);
    const ed = Buffer.from((await take('export/signing-key/ed')).data['keys']['1'], 'base64');
    assert.equal(ed.length, 64);
    for (const [name, pem] of [
      ['rsa', rsa],
      ['ec', ec],
    ] as const) {
      const published = (await take(`export/public-key/${name}/1`)).data['keys']['1'] as string;
      const own = crypto.createPublicKey(pem);
      assert.ok(own.equals(crypto.createPublicKey(published)), name);
    }
    const edPublic = (await take('export/public-key/ed')).data['keys']['1'] as string;
    assert.deepEqual(ed.subarray(32), Buffer.from(edPublic, 'base64'));
  });

  it('gives the key of HMACs, also of those beside another purpose', async () => {
    for (const name of ['mac', 'aes', 'ec']) {
      const { data } = await take(`export/hmac-key/${name}`);
      const { hmac } = await vault.done('POST', `transit/hmac/${name}`, { input: b64('x') });
      const own = crypto.createHmac('sha256', Buffer.from(data['keys']['1'], 'base64')).update('x');
      assert.equal(hmac, `vault:v1:${own.digest('base64')}`, name);
    }
  });

  it('registers every copy, and says that it is in plain text', async () => {
    const key = await vault.done('GET', 'transit/keys/aes');
    const { operations } = await import('#operations');
    const { copies } = await vault.asAdministrator(operations.listKeyCopies, {
      key: { kind: 'id', id: key['claviger_id'] },
    });
    assert.ok(copies.length > 0);
    for (const copy of copies) {
      assert.match(copy.place, /in plain text$/);
      assert.equal(copy.detail['wrap'], 'none');
      assert.equal(copy.holder, 'courier');
    }
  });

  it('is for exporters alone', async () => {
    const denied = await vault.call('GET', 'transit/export/encryption-key/aes');
    assert.equal(denied.status, 403);
    assert.equal((await vault.call('GET', 'transit/export/public-key/ec')).status, 200);
  });

  it('wraps for another key, so that its holder can open it', async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    assert.ok(publicKey && privateKey);
    await vault.done('POST', 'transit/keys/under', { type: 'rsa-4096', exportable: true });
    const { data } = await take('byok-export/under/aes');
    assert.deepEqual(Object.keys(data['keys']), ['1']);
    const wrapped = Buffer.from(data['keys']['1'], 'base64');
    const pem = (await take('export/encryption-key/under')).data['keys']['1'] as string;
    const oaep = { key: pem, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const aes = crypto.privateDecrypt(oaep, wrapped.subarray(0, 512));
    const kwp = crypto.createDecipheriv('id-aes256-wrap-pad', aes, Buffer.from('a65959a6', 'hex'));
    const opened = Buffer.concat([kwp.update(wrapped.subarray(512)), kwp.final()]);
    assert.equal(b64(opened), (await take('export/encryption-key/aes')).data['keys']['1']);
  });

  const refusals: readonly [string, number, RegExp | null][] = [
    ['export/encryption-key/stays', 400, /^private key material is not exportable$/],
    ['export/signing-key/stays-ec', 400, /^private key material is not exportable$/],
    ['export/secret-key/aes', 400, /^invalid export type: secret-key$/],
    ['export/encryption-key/nobody', 404, null],
    ['export/public-key/nobody', 404, null],
    ['export/encryption-key/ec', 400, /^encryption not supported for the key$/],
    ['export/signing-key/aes', 400, /^signing not supported for the key$/],
    ['export/encryption-key/aes/9', 400, /^version does not exist or cannot be found$/],
    ['export/encryption-key/aes/x', 400, /^invalid key version$/],
    ['export/public-key/aes', 400, /^unknown key type aes256-gcm96 for export type public-key$/],
    ['export/certificate-chain/ec', 400, /certificate chain/],
    ['byok-export/nobody/aes', 400, /^no such destination key to export$/],
    ['byok-export/under/nobody', 400, /^no such source key to export$/],
    ['byok-export/under/stays', 400, /^private key material is not exportable$/],
  ];
  for (const [path, status, text] of refusals)
    it(`refuses ${path}`, async () => {
      const answer = await take(path);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      if (text) assert.match(answer.body['errors'][0], text);
    });
});

describe('trimming', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.close());

  it('destroys what neither protects nor processes any more, and nothing else', async () => {
    await vault.done('POST', 'transit/keys/k', {});
    const first = await vault.done('POST', 'transit/encrypt/k', { plaintext: b64('one') });
    await vault.done('POST', 'transit/keys/k/rotate');
    await vault.done('POST', 'transit/keys/k/rotate');
    const third = await vault.done('POST', 'transit/encrypt/k', { plaintext: b64('three') });
    const trim = (body: object) => vault.call('POST', 'transit/keys/k/trim', body);
    const refused = async (body: object, text: RegExp) => {
      const answer = await trim(body);
      assert.equal(answer.status, 400);
      assert.match(answer.body['errors'][0], text);
    };
    await refused({}, /^missing min_available_version$/);
    await refused(
      { min_available_version: 2 },
      /^minimum available version cannot be set when minimum encryption/,
    );
    await vault.done('POST', 'transit/keys/k/config', {
      min_encryption_version: 3,
      min_decryption_version: 2,
    });
    await refused({ min_available_version: 3 }, /cannot be greater than minimum decryption version$/);
    await refused({ min_available_version: 0 }, /should be positive$/);
    await refused({ min_available_version: -1 }, /cannot be negative$/);
    await refused({ min_available_version: 9 }, /cannot be greater than the latest version$/);
    const trimmed = await trim({ min_available_version: '2' });
    assert.equal(trimmed.data['min_available_version'], 2);
    assert.deepEqual(Object.keys(trimmed.data['keys']), ['2', '3']);
    await refused({ min_available_version: 1 }, /cannot be decremented$/);
    // asked again it changes nothing
    assert.equal((await trim({ min_available_version: 2 })).status, 200);
    for (const [field, what] of [
      ['min_decryption_version', 'decryption'],
      ['min_encryption_version', 'encryption'],
    ] as const) {
      const lower = await vault.call('POST', 'transit/keys/k/config', { [field]: 1 });
      assert.equal(lower.status, 400);
      assert.match(lower.body['errors'][0], new RegExp(`^min ${what} version should not be less than`));
    }
    const gone = await vault.call('POST', 'transit/decrypt/k', { ciphertext: first['ciphertext'] });
    assert.equal(gone.status, 400);
    assert.match(gone.body['errors'][0], /is destroyed/);
    const kept = await vault.done('POST', 'transit/decrypt/k', { ciphertext: third['ciphertext'] });
    assert.equal(kept['plaintext'], b64('three'));
    // the key goes on
    await vault.done('POST', 'transit/keys/k/rotate');
    assert.match(
      (await vault.done('POST', 'transit/encrypt/k', { plaintext: '' }))['ciphertext'],
      /^vault:v4:/,
    );
  });

  it('answers for a key that is not there', async () => {
    const answer = await vault.call('POST', 'transit/keys/nobody/trim', { min_available_version: 1 });
    assert.deepEqual([answer.status, answer.body['errors']], [400, ['invalid key name']]);
  });
});

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

// made by Vault 1.11.4 (type 0) with its ciphertext of `test`, and by an older Vault (type 2, ed25519)
const entry = (members: object) => ({
  key: null,
  hmac_key: null,
  time: '0001-01-01T00:00:00Z',
  ec_x: null,
  ec_y: null,
  ec_d: null,
  rsa_key: null,
  public_key: '',
  convergent_version: 0,
  creation_time: 0,
  ...members,
});
const policyOf = (members: object) => ({
  name: 'test-key',
  derived: false,
  kdf: 0,
  convergent_encryption: false,
  exportable: true,
  min_decryption_version: 1,
  min_encryption_version: 0,
  latest_version: 1,
  archive_version: 1,
  archive_min_version: 0,
  min_available_version: 0,
  deletion_allowed: false,
  convergent_version: 0,
  type: 0,
  backup_info: { time: '2023-02-13T15:50:27.760814872Z', version: 1 },
  restore_info: null,
  allow_plaintext_backup: true,
  version_template: '',
  storage_prefix: '',
  auto_rotate_period: 0,
  Imported: false,
  AllowImportedKeyRotation: false,
  ...members,
});
const aesEntry = entry({
  key: 'q2EOkkBai1ibCmHMQGthpd8LBhuk5gvVeThG64eo8bA=',
  hmac_key: 'kBOfi9d69v/T/n6/0h5YOaRTTUFmz18CvB0X4RRbChI=',
  time: '2023-02-13T15:42:46.974589361Z',
  creation_time: 1676302966,
});
const backupOf = (policy: object, archive: readonly object[] = []) =>
  b64(JSON.stringify({ policy, archived_keys: { keys: archive } }));
const vaultBackup = backupOf(policyOf({ keys: { '1': aesEntry } }), [entry({}), aesEntry]);

describe('backups of transit', () => {
  let vault: VaultServer;
  let token = '';
  const take = (path: string) => vault.call('GET', `transit/${path}`, undefined, token);
  const restore = (path: string, backup: string, body: object = {}) =>
    vault.call('POST', `transit/${path}`, { backup, ...body });
  before(async () => {
    vault = await startVault();
    token = await vault.tokenFor('courier', ['exporter', 'user', 'auditor']);
  });
  after(() => vault.close());

  it('opens what a real Vault encrypted, with the backup that it made', async () => {
    const restored = await restore('restore/test-topic', vaultBackup);
    assert.equal(restored.status, 204, JSON.stringify(restored.body));
    const ciphertext = 'vault:v1:QPRzx8HS54xZB2v/7KpBnIojMOulGuudYz12Z2x08rg=';
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/test-topic', { ciphertext }), {
      plaintext: b64('test'),
    });
    const view = await vault.done('GET', 'transit/keys/test-topic');
    assert.deepEqual(view['keys'], { '1': 1676302966 });
    // its crypto-period began where it was made: it opens, and protects again once it is rotated
    const late = await vault.call('POST', 'transit/encrypt/test-topic', { plaintext: '' });
    assert.match(late.body['errors'][0], /originator-usage period/);
    await vault.done('POST', 'transit/keys/test-topic/rotate');
    await vault.done('POST', 'transit/encrypt/test-topic', { plaintext: '' });
  });

  it('knows the ed25519 key of a real Vault by its public half', async () => {
    const key = '3BYq07yqfzZyDIq1MVPFTyu/wz9s9h9QqIhUhKui3fGWkfIqxe7AYFlzL0hzG5xDM2fMJYexcEHIjixSCRDJSw==';
    const policy = policyOf({ type: 2, name: 'ahmed', keys: { '1': entry({ key }) } });
    assert.equal((await restore('restore', backupOf(policy))).status, 204);
    const view = await vault.done('GET', 'transit/keys/ahmed');
    assert.equal(view['keys']['1'].public_key, 'lpHyKsXuwGBZcy9IcxucQzNnzCWHsXBByI4sUgkQyUs=');
    // a public half that is not that of the seed would give the seed away with the next signature
    const [seed, other] = [Buffer.from(key, 'base64').subarray(0, 32), crypto.randomBytes(32)];
    const mixed = policyOf({
      type: 2,
      name: 'mixed',
      keys: { '1': entry({ key: b64(Buffer.concat([seed, other])) }) },
    });
    assert.equal((await restore('restore', backupOf(mixed))).status, 400);
  });

  const kinds: readonly [string, object][] = [
    ['aes256-gcm96', {}],
    ['aes128-gcm96', { derived: true }],
    ['chacha20-poly1305', { derived: true, convergent_encryption: true }],
    ['ed25519', {}],
    ['ecdsa-p256', {}],
    ['ecdsa-p521', {}],
    ['rsa-2048', {}],
    ['hmac', { key_size: 64 }],
    ['hmac', { key_size: 200 }],
  ];
  for (const [at, [type, more]] of kinds.entries())
    it(`brings a key of type ${type} ${JSON.stringify(more)} back as it was, every version`, async () => {
      const name = `${type}-${at}`;
      const made = { type, exportable: true, allow_plaintext_backup: true, ...more };
      await vault.done('POST', `transit/keys/${name}`, made);
      await vault.done('POST', `transit/keys/${name}/rotate`);
      const { data } = await take(`backup/${name}`);
      assert.ok(data['backup'], type);
      const read = JSON.parse(Buffer.from(data['backup'], 'base64').toString());
      assert.deepEqual(Object.keys(read.policy.keys), ['1', '2']);
      assert.equal(read.archived_keys.keys.length, 3);
      const back = await restore(`restore/${name}-back`, data['backup']);
      assert.equal(back.status, 204, JSON.stringify(back.body));
      const [one, two] = [
        await vault.done('GET', `transit/keys/${name}`),
        await vault.done('GET', `transit/keys/${name}-back`),
      ];
      assert.equal(two['latest_version'], 2);
      assert.deepEqual([two['derived'], two['key_size']], [one['derived'], one['key_size']]);
      assert.deepEqual(JSON.stringify(two['keys']), JSON.stringify(one['keys']));
      const context = { context: b64('c'), input: b64('x'), plaintext: b64('x') };
      if (one['supports_encryption']) {
        const { ciphertext } = await vault.done('POST', `transit/encrypt/${name}`, context);
        const opened = await vault.done('POST', `transit/decrypt/${name}-back`, {
          ciphertext,
          context: b64('c'),
        });
        assert.equal(opened['plaintext'], b64('x'));
      }
      if (one['supports_signing']) {
        const { signature } = await vault.done('POST', `transit/sign/${name}-back`, context);
        const check = { input: b64('x'), signature };
        assert.deepEqual(await vault.done('POST', `transit/verify/${name}`, check), { valid: true });
      }
      const { hmac } = await vault.done('POST', `transit/hmac/${name}`, context);
      assert.deepEqual(await vault.done('POST', `transit/verify/${name}-back`, { input: b64('x'), hmac }), {
        valid: true,
      });
      const again = await restore(`restore/${name}`, data['backup']);
      assert.deepEqual(again.body, { errors: [`key "${name}" already exists`] });
      assert.equal((await restore(`restore/${name}`, data['backup'], { force: true })).status, 204);
    });

  it('writes the HMAC key with which Vault makes the same codes', async () => {
    await vault.done('POST', 'transit/keys/coded', { exportable: true, allow_plaintext_backup: true });
    const { data } = await take('backup/coded');
    const { policy } = JSON.parse(Buffer.from(data['backup'], 'base64').toString());
    const { hmac } = await vault.done('POST', 'transit/hmac/coded', { input: b64('x') });
    const key = Buffer.from(policy.keys['1'].hmac_key, 'base64');
    assert.equal(hmac, `vault:v1:${crypto.createHmac('sha256', key).update('x').digest('base64')}`);
  });

  it('brings a soft-deleted key back as one', async () => {
    const policy = policyOf({
      name: 'gone',
      soft_deleted: true,
      keys: { '1': { ...aesEntry, key: b64('a key of exactly 32 bytes, truly') } },
    });
    assert.equal((await restore('restore', backupOf(policy))).status, 204);
    assert.equal((await vault.done('GET', 'transit/keys/gone'))['soft_deleted'], true);
    const used = await vault.call('POST', 'transit/encrypt/gone', { plaintext: '' });
    assert.equal(used.status, 400);
    await vault.done('POST', 'transit/keys/gone/soft-delete-restore');
    assert.equal((await vault.done('GET', 'transit/keys/gone'))['soft_deleted'], false);
  });

  it('keeps lowest versions and archived ones, and tells apart what was trimmed', async () => {
    await vault.done('POST', 'transit/keys/long', { exportable: true, allow_plaintext_backup: true });
    const old = await vault.done('POST', 'transit/encrypt/long', { plaintext: b64('1') });
    for (let count = 0; count < 3; count += 1) await vault.done('POST', 'transit/keys/long/rotate');
    await vault.done('POST', 'transit/keys/long/config', {
      min_encryption_version: 4,
      min_decryption_version: 3,
    });
    const { data } = await take('backup/long');
    await restore('restore/long-back', data['backup']);
    const view = await vault.done('GET', 'transit/keys/long-back');
    assert.deepEqual([view['min_decryption_version'], view['min_encryption_version']], [3, 4]);
    await vault.done('POST', 'transit/keys/long-back/config', { min_decryption_version: 1 });
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/long-back', old), { plaintext: b64('1') });
    await vault.done('POST', 'transit/keys/long/trim', { min_available_version: 3 });
    const trimmed = (await take('backup/long')).data['backup'] as string;
    const read = JSON.parse(Buffer.from(trimmed, 'base64').toString());
    assert.equal(read.archived_keys.keys.length, 2);
    assert.equal((await restore('restore/long-short', trimmed)).status, 204);
    assert.deepEqual(Object.keys((await vault.done('GET', 'transit/keys/long-short'))['keys']), ['3', '4']);
    assert.equal((await vault.call('POST', 'transit/decrypt/long-short', old)).status, 400);
    await vault.done('POST', 'transit/keys/long-short/rotate');
  });

  it('is for exporters, of keys that allow it', async () => {
    await vault.done('POST', 'transit/keys/open', { exportable: true, allow_plaintext_backup: true });
    assert.equal((await vault.call('GET', 'transit/backup/open')).status, 403);
    await vault.done('POST', 'transit/keys/shut', {});
    await vault.done('POST', 'transit/keys/half', { exportable: true });
    assert.deepEqual((await take('backup/shut')).body, { errors: ['exporting is disallowed on the policy'] });
    assert.deepEqual((await take('backup/half')).body, {
      errors: ['plaintext backup is disallowed on the policy'],
    });
    assert.equal((await take('backup/nobody')).status, 400);
  });

  const one = (members: object) => backupOf(policyOf({ keys: { '1': aesEntry }, ...members }));
  const bad: readonly [string, string, RegExp][] = [
    ['no backup', '', /^'backup' must be supplied$/],
    ['no JSON', b64('{'), /no JSON/],
    ['no object', b64('7'), /not what a backup has there/],
    ['an empty object', b64('{}'), /policy is not/],
    ['another type', one({ type: 77 }), /type number 77/],
    ['XChaCha20', one({ type: 11 }), /xchacha20/],
    ['a missing version', one({ latest_version: 2 }), /version 2 is missing/],
    ['an old derivation', one({ derived: true, kdf: 0 }), /not by HKDF/],
    [
      'an old convergence',
      one({ derived: true, kdf: 1, convergent_encryption: true, convergent_version: 1 }),
      /version 1/,
    ],
    ['a template', one({ version_template: 'mine:{{version}}:' }), /words of their own/],
    ['a short key', one({ keys: { '1': entry({ key: b64('short') }) } }), /can not be taken/],
    ['a curve without numbers', one({ type: 1 }), /no private key of a curve/],
    ['RSA without numbers', one({ type: 3 }), /no RSA key/],
    ['too many versions', one({ latest_version: 10_000_000 }), /latest_version/],
    ['an endless number', b64(`{"policy":{"ec_x":${'9'.repeat(5000)}}}`), /a number that is none of a key/],
    ['wrong floors', one({ min_encryption_version: 5 }), /lowest versions/],
    ['a name of a path', one({ name: '../x' }), /invalid key name/],
  ];
  for (const [what, backup, text] of bad)
    it(`refuses ${what}`, async () => {
      const answer = await restore('restore', backup);
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.match(answer.body['errors'][0], text);
    });
});

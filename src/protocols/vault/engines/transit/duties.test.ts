import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { assertNotKept } from '../../planted.fixture.ts';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

describe('who may do what in transit, and what is kept of it', () => {
  let vault: VaultServer;
  const tokens: Record<string, string> = {};
  before(async () => {
    vault = await startVault();
    for (const role of ['operator', 'user', 'auditor', 'exporter'])
      tokens[role] = await vault.tokenFor(`the-${role}`, [role]);
    await vault.done('POST', 'transit/keys/k', {
      type: 'rsa-2048',
      exportable: true,
      allow_plaintext_backup: true,
    });
    await vault.done('GET', 'transit/wrapping_key');
  });
  after(() => vault.close());

  const input = b64('planted message of a signature');
  const duties: readonly [string, string, object | undefined, readonly string[]][] = [
    ['POST', 'transit/sign/k', { input }, ['user']],
    ['POST', 'transit/verify/k', { input, signature: 'vault:v1:AAAA' }, ['user']],
    ['POST', 'transit/hmac/k', { input }, ['user']],
    ['POST', 'transit/verify/k', { input, hmac: 'vault:v1:AAAA' }, ['user']],
    ['POST', 'transit/hash', { input }, ['user']],
    ['POST', 'transit/random', {}, ['user']],
    ['GET', 'transit/wrapping_key', undefined, ['operator']],
    ['POST', 'transit/keys/k/rotate', {}, ['operator']],
    ['GET', 'transit/export/encryption-key/k', undefined, ['exporter']],
    ['GET', 'transit/export/hmac-key/k', undefined, ['exporter']],
    ['GET', 'transit/backup/k', undefined, ['exporter']],
    ['GET', 'transit/export/public-key/k', undefined, ['operator', 'user', 'auditor']],
  ];
  for (const [method, path, body, allowed] of duties)
    it(`lets ${allowed.join(', ')} alone ${method} ${path} ${Object.keys(body ?? {}).join(' ')}`, async () => {
      for (const role of Object.keys(tokens)) {
        const { status } = await vault.call(method, path, body, tokens[role]);
        assert.equal(status, allowed.includes(role) ? 200 : 403, role);
      }
    });

  it('lets only those who manage keys trim, import and restore', async () => {
    const { body } = await vault.call('GET', 'transit/backup/k', undefined, tokens['exporter']);
    const { backup } = body['data'];
    for (const role of ['user', 'auditor', 'exporter']) {
      const trim = await vault.call(
        'POST',
        'transit/keys/k/trim',
        { min_available_version: 1 },
        tokens[role],
      );
      assert.equal(trim.status, 403, role);
      const restore = await vault.call('POST', 'transit/restore/again', { backup }, tokens[role]);
      assert.equal(restore.status, 403, role);
      const ciphertext = b64(crypto.randomBytes(560));
      const brought = await vault.call('POST', 'transit/keys/new/import', { ciphertext }, tokens[role]);
      assert.equal(brought.status, 403, role);
    }
    const restored = await vault.call('POST', 'transit/restore/again', { backup }, tokens['operator']);
    assert.equal(restored.status, 204, JSON.stringify(restored.body));
  });

  it('keeps nothing of what was signed, hashed, taken out or brought', async () => {
    const key = crypto.randomBytes(32);
    const entry = { key: b64(key), time: '2026-01-01T00:00:00Z' };
    const policy = { name: 'planted', type: 0, latest_version: 1, keys: { '1': entry }, exportable: true };
    const backup = b64(JSON.stringify({ policy }));
    assert.equal((await vault.call('POST', 'transit/restore', { backup })).status, 204);
    const message = `planted ${crypto.randomUUID()}`;
    for (const path of ['hmac/planted', 'hash', 'sign/k', 'encrypt/planted'])
      await vault.done('POST', `transit/${path}`, { input: b64(message), plaintext: b64(message) });
    const taken = await vault.call(
      'GET',
      'transit/export/encryption-key/planted',
      undefined,
      tokens['exporter'],
    );
    assert.equal(taken.data['keys']['1'], b64(key));
    const codes = await vault.call('GET', 'transit/export/hmac-key/planted', undefined, tokens['exporter']);
    const { random_bytes: random } = await vault.done('POST', 'transit/random');
    assertNotKept(vault.home, [
      message,
      b64(message),
      b64(key),
      key.toString('hex'),
      codes.data['keys']['1'],
      backup.slice(0, 60),
      random,
    ]);
  });
});

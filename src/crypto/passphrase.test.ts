import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { test } from 'node:test';
import { hasCode } from '#domain';
import { passphraseBounds, passphraseDefaults, passphraseKey, SecretBytes } from '#crypto';

const least = {
  memoryKiB: passphraseBounds.memoryKiB.min,
  passes: 1,
  parallelism: 1,
  salt: Buffer.alloc(16, 1),
};
const passphrase = (): SecretBytes => SecretBytes.copyOf(Buffer.from('correct horse'));

test('Argon2id, version 1.3: the vector of RFC 9106, 5.3, from the same function', () => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  });
  assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

test('the key depends on the passphrase, the salt and the costs', async () => {
  using secret = passphrase();
  using key = await passphraseKey(secret, least);
  using again = await passphraseKey(secret, least);
  assert.equal(key.length, 32);
  assert.equal(key.equals(again), true);
  using salted = await passphraseKey(secret, { ...least, salt: Buffer.alloc(16, 2) });
  using slower = await passphraseKey(secret, { ...least, passes: 2 });
  using other = SecretBytes.copyOf(Buffer.from('correct horsf'));
  using wrong = await passphraseKey(other, least);
  for (const different of [salted, slower, wrong]) assert.equal(key.equals(different), false);
});

test('costs out of bounds and an empty passphrase are refused before any work', async () => {
  using secret = passphrase();
  using empty = SecretBytes.copyOf(new Uint8Array());
  const isInvalid = (error: unknown): boolean => hasCode(error, 'input-invalid');
  for (const cost of ['memoryKiB', 'passes', 'parallelism'] as const) {
    const { min, max } = passphraseBounds[cost];
    for (const value of [min - 1, max + 1, Number.NaN, min + 0.5]) {
      await assert.rejects(passphraseKey(secret, { ...least, [cost]: value }), isInvalid, `${cost} ${value}`);
    }
    const chosen = passphraseDefaults[cost];
    assert.ok(chosen >= min && chosen <= max);
  }
  await assert.rejects(passphraseKey(secret, { ...least, salt: Buffer.alloc(15) }), isInvalid);
  await assert.rejects(passphraseKey(empty, least), isInvalid);
});

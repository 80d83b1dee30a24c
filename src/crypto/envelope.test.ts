import assert from 'node:assert/strict';
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { type EnvelopeKey, keyedFingerprint, openSecret, SecretBytes, sealSecret } from '#crypto';

const envelope: EnvelopeKey = {
  kek: SecretBytes.copyOf(Buffer.alloc(32, 1)),
  salt: Buffer.alloc(32, 2),
  info: 'key 4711 version 1',
};

const isBroken = (error: unknown): boolean => hasCode(error, 'integrity-failed');

test('what is sealed opens, whatever its length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 60 }), (content, info) => {
      using secret = SecretBytes.copyOf(content);
      const sealed = sealSecret({ ...envelope, info }, secret);
      assert.equal(sealed.length, 1 + 12 + content.length + 16);
      assert.equal(sealed[0], 1);
      using opened = openSecret({ ...envelope, info }, sealed);
      assert.equal(opened.equals(secret), true);
    }),
  );
});

test('the format is the documented one, rebuilt from its parts', () => {
  using secret = SecretBytes.copyOf(Buffer.from('the secret'));
  const sealed = Buffer.from(sealSecret(envelope, secret));
  const key = new Uint8Array(hkdfSync('sha256', Buffer.alloc(32, 1), envelope.salt, envelope.info, 32));
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13));
  decipher.setAAD(Buffer.concat([Buffer.from([1]), Buffer.from(envelope.info)]));
  decipher.setAuthTag(sealed.subarray(-16));
  const opened = Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]);
  assert.equal(opened.toString(), 'the secret');
});

test('no changed byte, missing byte or added byte opens', () => {
  using secret = SecretBytes.copyOf(Buffer.from('short'));
  const sealed = sealSecret(envelope, secret);
  for (let at = 0; at < sealed.length; at++) {
    for (const flip of [1, 0x80]) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] as number) ^ flip;
      assert.throws(() => openSecret(envelope, changed), isBroken);
    }
    assert.throws(() => openSecret(envelope, sealed.subarray(0, at)), isBroken);
  }
  assert.throws(() => openSecret(envelope, Buffer.concat([sealed, Buffer.alloc(1)])), isBroken);
});

test('every part of the envelope key is needed', () => {
  using secret = SecretBytes.random(32);
  using otherKek = SecretBytes.random(32);
  const sealed = sealSecret(envelope, secret);
  assert.throws(() => openSecret({ ...envelope, kek: otherKek }, sealed), isBroken);
  assert.throws(() => openSecret({ ...envelope, salt: Buffer.alloc(32, 3) }, sealed), isBroken);
  assert.throws(() => openSecret({ ...envelope, info: 'key 4711 version 2' }, sealed), isBroken);
});

test('a key of a wrong length and an info that is too long are refused', () => {
  using secret = SecretBytes.random(32);
  using short = SecretBytes.random(16);
  assert.throws(() => sealSecret({ ...envelope, kek: short }, secret), isBroken);
  const info = 'x'.repeat(1001);
  assert.throws(
    () => sealSecret({ ...envelope, info }, secret),
    (error) => hasCode(error, 'input-invalid'),
  );
});

test('sealing twice gives different bytes', () => {
  using secret = SecretBytes.random(32);
  assert.notDeepEqual(sealSecret(envelope, secret), sealSecret(envelope, secret));
});

test('a fingerprint is a function of key, context and material, and of where one ends', () => {
  using material = SecretBytes.copyOf(Buffer.from('material'));
  using shifted = SecretBytes.copyOf(Buffer.from('bmaterial'));
  const first = keyedFingerprint(envelope.kek, 'ab', material);
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(keyedFingerprint(envelope.kek, 'ab', material), first);
  assert.notEqual(keyedFingerprint(envelope.kek, 'a', shifted), first);
  using otherKey = SecretBytes.random(32);
  assert.notEqual(keyedFingerprint(otherKey, 'ab', material), first);
});

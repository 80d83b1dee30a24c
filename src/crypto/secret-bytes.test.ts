import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { constantTimeEqual, SecretBytes } from '#crypto';

const bytes = fc.uint8Array({ maxLength: 80 });

test('a secret never prints its bytes', () => {
  using secret = SecretBytes.copyOf(Buffer.from('hunter2'));
  const renderings = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret),
    String(secret),
  ];
  for (const text of renderings) {
    assert.match(text, /\[secret\]/);
    assert.doesNotMatch(text, /hunter2|68 75|104|6875/);
  }
  assert.deepEqual(Object.keys(secret), []);
});

test('copyOf and copy are independent of what they were made from', () => {
  fc.assert(
    fc.property(bytes, (content) => {
      const given = Uint8Array.from(content);
      using secret = SecretBytes.copyOf(given);
      using copy = secret.copy();
      given.fill(1);
      secret[Symbol.dispose]();
      assert.deepEqual(
        copy.use((inner) => Uint8Array.from(inner)),
        content,
      );
      assert.equal(copy.length, content.length);
    }),
  );
});

test('the memory of a secret is its own', () => {
  using secret = SecretBytes.copyOf(new Uint8Array(8));
  assert.equal(
    secret.use((inner) => inner.buffer.byteLength),
    8,
  );
  using random = SecretBytes.random(16);
  assert.equal(
    random.use((inner) => inner.buffer.byteLength),
    16,
  );
});

test('using wipes: the bytes are zero and the secret does not open again', () => {
  const owned = Buffer.from('owned bytes');
  let escaped: SecretBytes;
  {
    using secret = SecretBytes.take(owned);
    escaped = secret;
  }
  assert.ok(owned.every((byte) => byte === 0));
  assert.equal(escaped.length, 11);
  for (const work of [
    () => escaped.use(() => 1),
    () => escaped.copy(),
    () => escaped.equals(owned),
    () => SecretBytes.random(11).equals(escaped),
  ]) {
    assert.throws(work, (error) => hasCode(error, 'internal'));
  }
});

test('equality is that of the bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const same = Buffer.from(a).equals(b);
      using secret = SecretBytes.copyOf(a);
      using other = SecretBytes.copyOf(b);
      assert.equal(secret.equals(other), same);
      assert.equal(secret.equals(b), same);
      assert.equal(constantTimeEqual(a, b), same);
      assert.equal(secret.equals(Uint8Array.from(a)), true);
    }),
  );
});

test('random secrets differ', () => {
  using a = SecretBytes.random(32);
  using b = SecretBytes.random(32);
  assert.equal(a.length, 32);
  assert.equal(a.equals(b), false);
});

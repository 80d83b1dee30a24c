import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { openSecret, sealGeneration, SecretBytes, sealSecret } from '#crypto';

const isBroken = (error: unknown): boolean => hasCode(error, 'integrity-failed');

it('a sealed secret says which generation sealed it, and opens as that one only', () => {
  using kek = SecretBytes.random(32);
  using secret = SecretBytes.random(32);
  const place = { kek, salt: Buffer.alloc(8, 1), info: 'x' };
  const generations = fc.integer({ min: 1, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(generations, generations, (generation, other) => {
      const sealed = sealSecret({ ...place, generation }, secret);
      assert.equal(sealGeneration(sealed), generation);
      using opened = openSecret({ ...place, generation }, sealed);
      assert.ok(opened.equals(secret));
      if (other !== generation)
        assert.throws(() => openSecret({ ...place, generation: other }, sealed), isBroken);
    }),
  );
});

it('the first generation is the format that there was before there were others', () => {
  using kek = SecretBytes.random(32);
  using secret = SecretBytes.random(32);
  const place = { kek, salt: Buffer.alloc(8, 1), info: 'x' };
  const sealed = sealSecret(place, secret);
  assert.deepEqual([sealed[0], sealed.length], [1, 1 + 12 + 32 + 16]);
  openSecret({ ...place, generation: 1 }, sealed)[Symbol.dispose]();
});

it('no byte of the head can be changed, and no other head is read', () => {
  using kek = SecretBytes.random(32);
  using secret = SecretBytes.random(32);
  const place = { kek, salt: Buffer.alloc(8, 1), info: 'x', generation: 7 };
  const sealed = sealSecret(place, secret);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => openSecret(place, changed), isBroken);
  }
  for (const head of [[], [0], [3], [2, 0, 0], [2, 0, 0, 0, 0], [2, 0, 0, 0, 1]])
    assert.throws(() => sealGeneration(Uint8Array.from(head)), isBroken);
  for (const generation of [0, -1, 1.5, 2 ** 32, Number.NaN])
    assert.throws(() => sealSecret({ ...place, generation }, secret), isBroken);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AlgorithmName, hasCode, type KeySpec } from '#domain';
import { open, SecretBytes, seal, sealOverhead, unwrapKey, wrapKey } from '#crypto';
import { openBytes } from './vector-files.test.ts';

const aeads: readonly (readonly [AlgorithmName, KeySpec, number])[] = [
  ['XAES_256_GCM', 'AES_256', 32],
  ['AES_GCM', 'AES_128', 16],
  ['AES_GCM', 'AES_256', 32],
  ['AES_GCM_SIV', 'AES_256', 32],
  ['CHACHA20_POLY1305', 'CHACHA20', 32],
];

const isInvalid = (error: unknown): boolean => hasCode(error, 'ciphertext-invalid');
const bytes = fc.uint8Array({ maxLength: 200 });

for (const [algorithm, spec, keyLength] of aeads) {
  const material = openBytes(spec, Buffer.alloc(keyLength, 1));
  const other = openBytes(spec, Buffer.alloc(keyLength, 2));

  test(`${algorithm} ${spec}: what is sealed opens, and only with its own context and key`, () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (plaintext, aad, wrongAad) => {
        const sealed = seal(algorithm, material, plaintext, aad);
        assert.equal(sealed.length, plaintext.length + sealOverhead(algorithm, material));
        assert.deepEqual(Uint8Array.from(open(algorithm, material, sealed, aad)), plaintext);
        assert.throws(() => open(algorithm, other, sealed, aad), isInvalid);
        if (Buffer.from(aad).equals(wrongAad)) return;
        assert.throws(() => open(algorithm, material, sealed, wrongAad), isInvalid);
      }),
    );
  });

  test(`${algorithm} ${spec}: no changed byte, missing byte or added byte opens`, () => {
    const aad = Buffer.from('context');
    const sealed = seal(algorithm, material, Buffer.from('plaintext'), aad);
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Uint8Array.from(sealed);
        changed[at] = (changed[at] as number) ^ (1 << bit);
        assert.throws(() => open(algorithm, material, changed, aad), isInvalid);
      }
      assert.throws(() => open(algorithm, material, sealed.subarray(0, at), aad), isInvalid);
    }
    assert.throws(() => open(algorithm, material, Buffer.concat([sealed, Buffer.alloc(1)]), aad), isInvalid);
  });

  test(`${algorithm} ${spec}: the input is left alone and the nonces differ`, () => {
    const plaintext = Buffer.alloc(100, 7);
    const aad = Buffer.alloc(10, 8);
    const first = seal(algorithm, material, plaintext, aad);
    const second = seal(algorithm, material, plaintext, aad);
    assert.notDeepEqual(first, second);
    assert.ok(plaintext.every((byte) => byte === 7));
    const before = Uint8Array.from(first);
    open(algorithm, material, first, aad).fill(0);
    assert.deepEqual(Uint8Array.from(first), before);
  });
}

test('the algorithms of one key do not open each other', () => {
  const material = openBytes('AES_256', Buffer.alloc(32, 1));
  const empty = Buffer.alloc(0);
  const names: AlgorithmName[] = ['XAES_256_GCM', 'AES_GCM', 'AES_GCM_SIV'];
  for (const made of names) {
    const sealed = seal(made, material, Buffer.alloc(40), empty);
    for (const name of names) {
      if (name !== made) assert.throws(() => open(name, material, sealed, empty), isInvalid);
    }
  }
});

for (const algorithm of ['AES_KW', 'AES_KWP'] as const) {
  const material = openBytes('AES_256', Buffer.alloc(32, 1));

  test(`${algorithm}: what is wrapped unwraps; lengths that it does not have are refused`, () => {
    for (let length = 0; length <= 72; length++) {
      using secret = SecretBytes.random(length);
      const isTaken = algorithm === 'AES_KW' ? length >= 16 && length % 8 === 0 : length >= 1;
      if (isTaken) {
        using back = unwrapKey(algorithm, material, wrapKey(algorithm, material, secret));
        assert.equal(back.equals(secret), true);
      } else {
        assert.throws(
          () => wrapKey(algorithm, material, secret),
          (error) => hasCode(error, 'input-invalid'),
        );
      }
    }
  });

  test(`${algorithm}: nothing short, changed or foreign unwraps`, () => {
    using secret = SecretBytes.random(32);
    const wrapped = wrapKey(algorithm, material, secret);
    for (let at = 0; at < wrapped.length; at++) {
      const changed = Uint8Array.from(wrapped);
      changed[at] = (changed[at] as number) ^ 1;
      assert.throws(() => unwrapKey(algorithm, material, changed), isInvalid);
      assert.throws(() => unwrapKey(algorithm, material, wrapped.subarray(0, at)), isInvalid, `${at}`);
    }
    const other = openBytes('AES_256', Buffer.alloc(32, 2));
    assert.throws(() => unwrapKey(algorithm, other, wrapped), isInvalid);
    const foreign = algorithm === 'AES_KW' ? 'AES_KWP' : 'AES_KW';
    assert.throws(() => unwrapKey(foreign, material, wrapped), isInvalid);
  });
}

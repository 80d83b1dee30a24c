import assert from 'node:assert/strict';
import { createHash, hash } from 'node:crypto';
import { test } from 'node:test';
import { open, seal } from '#crypto';
import { cipherRun, encryptInto, xaes256Gcm } from './aead-ciphers.ts';
import { handleOf } from './key-handle.ts';
import { openBytes } from './vector-files.test.ts';
import { deriveXaesKey } from './xaes.ts';

/** XAES-256-GCM with a nonce that is given: nonce, ciphertext, tag. */
function sealWithNonce(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const handle = handleOf(openBytes('AES_256', key));
  const sealed = Buffer.alloc(24 + plaintext.length + 16);
  sealed.set(nonce);
  const run = cipherRun(xaes256Gcm, handle, deriveXaesKey(handle.key, nonce.subarray(0, 12)), sealed);
  encryptInto(sealed.subarray(24), run, plaintext, aad);
  return sealed;
}

const published = [
  [0x01, '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
  [0x03, 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
] as const;

for (const [byte, context, expected] of published) {
  test(`the published vector with key ${byte}`, () => {
    const key = Buffer.alloc(32, byte);
    const aad = Buffer.from(context);
    const sealed = sealWithNonce(
      key,
      Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX'),
      Buffer.from('XAES-256-GCM'),
      aad,
    );
    assert.equal(sealed.subarray(24).toString('hex'), expected);
    const opened = open('XAES_256_GCM', openBytes('AES_256', key), sealed, aad);
    assert.equal(Buffer.from(opened).toString(), 'XAES-256-GCM');
  });
}

test('the published accumulated vector of 10,000 random inputs', () => {
  const iterations = 10_000;
  const stream = hash('shake128', '', { outputEncoding: 'buffer', outputLength: iterations * 570 });
  let read = 0;
  const take = (length: number): Buffer => {
    read += length;
    return stream.subarray(read - length, read);
  };
  const all = createHash('shake128', { outputLength: 32 });
  for (let count = 0; count < iterations; count++) {
    const key = take(32);
    const nonce = take(24);
    const plaintext = take(take(1)[0] as number);
    const aad = take(take(1)[0] as number);
    all.update(sealWithNonce(key, nonce, plaintext, aad).subarray(24));
  }
  assert.equal(all.digest('hex'), 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939');
});

test('one prefix serves 65,536 messages and is then replaced; every nonce is new', () => {
  const material = openBytes('AES_256', Buffer.alloc(32, 9));
  const empty = Buffer.alloc(0);
  const prefixes = new Map<string, number>();
  const nonces = new Set<string>();
  const firsts: Uint8Array[] = [];
  for (let count = 0; count < 2 ** 16 + 2; count++) {
    const sealed = seal('XAES_256_GCM', material, empty, empty);
    const nonce = Buffer.from(sealed.subarray(0, 24)).toString('latin1');
    nonces.add(nonce);
    const prefix = nonce.slice(0, 12);
    if (!prefixes.has(prefix)) firsts.push(sealed);
    prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1);
  }
  assert.equal(nonces.size, 2 ** 16 + 2);
  assert.deepEqual([...prefixes.values()], [2 ** 16, 2]);
  for (const sealed of firsts) assert.equal(open('XAES_256_GCM', material, sealed, empty).length, 0);
});

test('messages of many more prefixes than are remembered open in any order', () => {
  const key = Buffer.alloc(32, 5);
  const material = openBytes('AES_256', key);
  const empty = Buffer.alloc(0);
  const sealed = Array.from({ length: 200 }, (_, index) =>
    sealWithNonce(
      key,
      createHash('sha256').update(`${index}`).digest().subarray(0, 24),
      Buffer.from(`${index}`),
      empty,
    ),
  );
  for (const order of [sealed, sealed.toReversed()]) {
    const texts = order.map((bytes) => Buffer.from(open('XAES_256_GCM', material, bytes, empty)).toString());
    assert.equal(new Set(texts).size, 200);
  }
});

test('two openings of one key choose different prefixes', () => {
  const empty = Buffer.alloc(0);
  const prefixes = [1, 2].map(() => {
    const sealed = seal('XAES_256_GCM', openBytes('AES_256', Buffer.alloc(32, 4)), empty, empty);
    return Buffer.from(sealed.subarray(0, 12)).toString('hex');
  });
  assert.notEqual(prefixes[0], prefixes[1]);
});

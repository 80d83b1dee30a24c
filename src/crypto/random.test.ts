import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillNonce, newId, randomBytes, randomNonce, sha256, sha256Hex } from '#crypto';

test('nonces never repeat across many refills of the pool', () => {
  const seen = new Set<string>();
  for (let count = 0; count < 20_000; count++) seen.add(Buffer.from(randomNonce(12)).toString('latin1'));
  assert.equal(seen.size, 20_000);
});

test('a nonce fills exactly the part that was asked for', () => {
  const target = new Uint8Array(40);
  fillNonce(target, 8, 24);
  assert.ok(target.subarray(0, 8).every((byte) => byte === 0));
  assert.ok(target.subarray(32).every((byte) => byte === 0));
  assert.ok(target.subarray(8, 32).some((byte) => byte !== 0));
});

test('more than the pool holds is drawn at once', () => {
  for (const length of [8191, 8192, 8193, 20_000]) {
    const bytes = randomNonce(length);
    assert.ok(bytes.subarray(-64).some((byte) => byte !== 0));
    assert.ok(new Set(bytes).size > 200);
  }
});

test('all values of a byte occur, none of them too often', () => {
  const counts = Array.from({ length: 256 }, () => 0);
  for (const byte of randomNonce(8000)) counts[byte] = (counts[byte] ?? 0) + 1;
  assert.ok(counts.every((count) => count > 0 && count < 90));
});

test('random bytes have memory of their own', () => {
  assert.equal(randomBytes(7).buffer.byteLength, 7);
  assert.notDeepEqual(randomBytes(32), randomBytes(32));
});

test('identifiers are UUIDs of version 4', () => {
  assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(newId(), newId());
});

test('SHA-256: FIPS 180-4, "abc"', () => {
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(sha256Hex('abc'), expected);
  assert.equal(Buffer.from(sha256(Buffer.from('abc'))).toString('hex'), expected);
  assert.equal(sha256Hex('é'), sha256Hex(Buffer.from('é', 'utf8')));
});

import assert from 'node:assert/strict';
import { createHmac, hash as opensslHash } from 'node:crypto';
import { test } from 'node:test';
import { hasCode } from '#domain';
import { digestOf, type HashName, hashNames, hmacWith, verifyHmacWith } from '#crypto';
import { opensslMakes, opensslMissing } from './openssl-command.fixture.ts';
import { anySecret, hex, openBytes, testVectors } from './vector-files.test.ts';

// FIPS 180-4 and FIPS 202, examples: the message "abc"
const ofAbc: Readonly<Record<HashName, string>> = {
  SHA1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  SHA2_224: '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  SHA2_256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  SHA2_384:
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  SHA2_512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  SHA3_224: 'e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf',
  SHA3_256: '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
  SHA3_384:
    'ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25',
  SHA3_512:
    'b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0',
};

test('digests of "abc" are those of the standards', () => {
  for (const name of hashNames)
    assert.equal(Buffer.from(digestOf(name, Buffer.from('abc'))).toString('hex'), ofAbc[name], name);
});

//= rfc4231 4.2, 4.3, 4.7: and the examples of NIST for SHA-3 with the same keys
test('RFC 4231, test cases 1, 2 and 6', () => {
  const cases: readonly (readonly [HashName, string, string, string])[] = [
    ['SHA2_224', '0b'.repeat(20), 'Hi There', '896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22'],
    [
      'SHA2_256',
      '0b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      'SHA2_384',
      Buffer.from('Jefe').toString('hex'),
      'what do ya want for nothing?',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    ],
    [
      'SHA2_512',
      'aa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    ],
  ];
  for (const [name, key, message, code] of cases) {
    const material = anySecret('HMAC_256', hex(key));
    assert.equal(Buffer.from(hmacWith(name, material, Buffer.from(message))).toString('hex'), code, name);
  }
});

for (const bits of [224, 256, 384, 512] as const) {
  testVectors({
    file: `hmac_sha${bits}`,
    covers: (group) => group.tagSize === bits,
    run: (_group, vector) => {
      const material = anySecret('HMAC_256', hex(vector.key));
      return verifyHmacWith(`SHA2_${bits}`, material, hex(vector.msg), hex(vector.tag))
        ? 'accepted'
        : 'refused';
    },
  });
}

test('HMAC by every hash: a key of any size does it, and every wrong byte is refused', () => {
  const message = Buffer.from('message');
  for (const name of hashNames) {
    const key = Buffer.alloc(64, 5);
    const material = openBytes('HMAC_512', key);
    const code = hmacWith(name, material, message);
    const openssl = name.replace('SHA2_', 'sha').replace('SHA3_', 'sha3-').toLowerCase();
    assert.deepEqual(Buffer.from(code), createHmac(openssl, key).update(message).digest());
    assert.equal(code.length, opensslHash(openssl, '', 'buffer').length);
    assert.equal(verifyHmacWith(name, material, message, code), true);
    assert.equal(verifyHmacWith(name, material, Buffer.from('massage'), code), false);
    code.forEach((_byte, at) => {
      const wrong = Uint8Array.from(code);
      wrong[at] = (wrong[at] as number) ^ 0x80;
      assert.equal(verifyHmacWith(name, material, message, wrong), false);
      assert.equal(verifyHmacWith(name, material, message, code.subarray(0, at)), false);
    });
  }
});

test('a key of another kind does not do HMAC', () => {
  for (const spec of ['AES_256', 'CHACHA20', 'DERIVE_256'] as const)
    assert.throws(
      () => hmacWith('SHA2_256', openBytes(spec, Buffer.alloc(32, 1)), Buffer.from('m')),
      (error) => hasCode(error, 'algorithm-forbids'),
    );
});

test('openssl mac and dgst compute the same', { skip: opensslMissing() }, () => {
  const [key, message] = [Buffer.alloc(32, 0xc3), Buffer.from('a message')];
  const material = openBytes('HMAC_256', key);
  for (const name of hashNames) {
    const openssl = name.replace('SHA2_', 'SHA').replace('SHA3_', 'SHA3-');
    const options = ['-binary', '-digest', openssl, '-macopt', `hexkey:${key.toString('hex')}`];
    const code = opensslMakes(['mac', ...options, '-in', 'message', 'HMAC'], { message });
    assert.deepEqual(Buffer.from(hmacWith(name, material, message)), code, name);
    const digest = opensslMakes(['dgst', '-binary', `-${openssl}`, 'message'], { message });
    assert.deepEqual(Buffer.from(digestOf(name, message)), digest, name);
  }
});

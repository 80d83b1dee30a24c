import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { describe, it } from 'node:test';
import { hasCode } from '#domain';
import { privateKeyJwk, readKeyNumbers, type KeyNumbers } from './key-numbers.ts';
import { SecretBytes } from './secret-bytes.ts';

const big = (text: string | undefined): bigint =>
  BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`);

function rsaNumbers(key: crypto.KeyObject): KeyNumbers & { kind: 'rsa' } {
  const jwk = key.export({ format: 'jwk' }) as Record<string, string>;
  const [n, e, d, p, q] = ['n', 'e', 'd', 'p', 'q'].map((name) => big(jwk[name]));
  return { kind: 'rsa', n: n ?? 0n, e: e ?? 0n, d: d ?? 0n, p: p ?? 0n, q: q ?? 0n };
}

function ecNumbers(key: crypto.KeyObject, curve: 'P-256' | 'P-384' | 'P-521'): KeyNumbers {
  const jwk = key.export({ format: 'jwk' }) as Record<string, string>;
  return { kind: 'ec', curve, x: big(jwk['x']), y: big(jwk['y']), d: big(jwk['d']) };
}

const derOf = (key: crypto.KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' });
const unsuitable = (error: unknown): boolean => hasCode(error, 'material-unsuitable');

describe('private keys as numbers', () => {
  const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  it('reads RSA, in either order of the primes', () => {
    const numbers = rsaNumbers(rsa);
    const read = readKeyNumbers(numbers);
    assert.equal(read.spec, 'RSA_2048');
    assert.ok(read.encoded.equals(derOf(rsa)));
    const turned = readKeyNumbers({ ...numbers, p: numbers.q, q: numbers.p });
    const key = turned.encoded.use((der) =>
      crypto.createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
    );
    const signature = crypto.sign('sha256', Buffer.from('x'), key);
    assert.ok(crypto.verify('sha256', Buffer.from('x'), crypto.createPublicKey(rsa), signature));
  });

  it('reads the curves, also where numbers are short', () => {
    for (const curve of ['P-256', 'P-384', 'P-521'] as const) {
      for (let count = 0; count < 8; count += 1) {
        const key = crypto.generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
        assert.ok(readKeyNumbers(ecNumbers(key, curve)).encoded.equals(derOf(key)), curve);
      }
    }
  });

  it('refuses numbers that do not belong together', () => {
    const numbers = rsaNumbers(rsa);
    for (const wrong of [
      { ...numbers, p: numbers.p + 2n },
      { ...numbers, n: 0n },
      { ...numbers, d: -1n },
      { ...numbers, q: 1n, p: numbers.n },
      { ...numbers, d: 1n << 9000n },
    ])
      assert.throws(() => readKeyNumbers(wrong), unsuitable);
    const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const own = ecNumbers(ec, 'P-256') as KeyNumbers & { kind: 'ec' };
    for (const wrong of [
      { ...own, x: own.x ^ 1n },
      { ...own, d: own.d + 1n },
      { ...own, d: 1n << 300n },
      { ...own, y: -1n },
    ])
      assert.throws(() => readKeyNumbers(wrong), unsuitable);
  });

  it('writes a pair as a JSON Web Key', () => {
    using encoded = SecretBytes.take(derOf(rsa));
    using jwk = privateKeyJwk(encoded);
    const text = jwk.use((bytes) => Buffer.from(bytes).toString());
    assert.deepEqual(JSON.parse(text), rsa.export({ format: 'jwk' }));
  });
});

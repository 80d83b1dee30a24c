import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  checkPrimeSync,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generatePrimeSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { describe, it } from 'node:test';
import type { KeySpec } from '#domain';
import { KeyHandle, materialOf } from './key-handle.ts';
import { generateMaterial, openMaterial } from './material.ts';
import { specShapes } from './spec-shapes.ts';
import { weaknessOf } from './weak-keys.ts';

const of = (spec: KeySpec, key: KeyObject) => weaknessOf(spec, materialOf(new KeyHandle(spec, key)));

async function fresh(spec: KeySpec): Promise<string | null> {
  const made = await generateMaterial(spec);
  using encoded = made.encoded;
  return await weaknessOf(spec, openMaterial(spec, encoded));
}

const isSlow = (spec: KeySpec) => spec.startsWith('RSA_') || spec.startsWith('SLH_');

describe('fresh keys', () => {
  const quick = (Object.keys(specShapes) as KeySpec[]).filter((spec) => !isSlow(spec));
  for (const spec of quick)
    it(`of ${spec} are never refused, 300 times`, async () => {
      for (let turn = 0; turn < 300; turn += 1) assert.equal(await fresh(spec), null);
    });

  it('of RSA_2048 are never refused, 20 times', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => fresh('RSA_2048')));
    assert.deepEqual(new Set(found), new Set([null]));
  });

  it('of SLH-DSA have no seed to look at', async () => {
    assert.equal(await fresh('SLH_DSA_SHA2_128F'), null);
  });
});

describe('weak secrets', () => {
  const weak: readonly (readonly [RegExp, (length: number) => Uint8Array])[] = [
    [/one byte, repeated/, (length) => new Uint8Array(length)],
    [/one byte, repeated/, (length) => new Uint8Array(length).fill(0xff)],
    [/too few different/, (length) => Uint8Array.from({ length }, (_, at) => (at % 2 ? 0xca : 0xfe))],
    [/half of it/, (length) => Buffer.concat([randomBytes(length / 2), Buffer.alloc(length / 2)])],
    [/half of it/, (length) => Buffer.concat([Buffer.alloc(length / 2), randomBytes(length / 2)])],
    [
      /too few different/,
      (length) =>
        Uint8Array.from({ length }, (_, at) =>
          at === 3 ? 77 : ([3, 90, 200][(at + (at >> 2) * (at >> 3)) % 3] as number),
        ),
    ],
  ];
  for (const spec of ['AES_128', 'AES_256', 'CHACHA20', 'HMAC_224', 'HMAC_384', 'DERIVE_256'] as const)
    it(`of ${spec} are refused, and why is said`, async () => {
      const { length } = specShapes[spec] as { readonly length: number };
      for (const [why, make] of weak)
        assert.match((await of(spec, createSecretKey(make(length)))) ?? 'not refused', why);
    });

  it('that are text or a vector of a standard are let in', async () => {
    const vector = Uint8Array.from({ length: 32 }, (_, at) => at);
    for (const bytes of [vector, Buffer.from('correct horse battery staple, yes')])
      assert.equal(await of('HMAC_256', createSecretKey(bytes.subarray(0, 32))), null);
  });

  it('that are seeds of a pair are refused as well', async () => {
    for (const type of ['ed25519', 'x25519'] as const) {
      const key = (seed: Uint8Array) =>
        createPrivateKey({ key: seed, format: 'raw-private', asymmetricKeyType: type } as never);
      const spec = type === 'ed25519' ? 'ED25519' : 'X25519';
      assert.match((await of(spec, key(new Uint8Array(32).fill(9)))) ?? '', /one byte/);
      assert.equal(await of(spec, createPublicKey(key(new Uint8Array(32).fill(9)))), null);
    }
  });
});

describe('weak scalars', () => {
  const curves: readonly (readonly [KeySpec, string, number, bigint])[] = [
    ['EC_P256', 'prime256v1', 32, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
    ['EC_SECP256K1', 'secp256k1', 32, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n],
  ];
  for (const [spec, namedCurve, length, order] of curves) {
    const key = (scalar: bigint) =>
      createPrivateKey({
        key: Buffer.from(scalar.toString(16).padStart(length * 2, '0'), 'hex'),
        format: 'raw-private',
        asymmetricKeyType: 'ec',
        namedCurve,
      } as never);
    it(`of ${spec} are refused near either end`, async () => {
      for (const scalar of [1n, 2n, 2n ** 63n, order - 1n, order - 2n ** 40n])
        assert.match((await of(spec, key(scalar))) ?? 'not refused', /by trying/);
      assert.equal(await of(spec, key(2n ** 200n + 0x1234567890abcdef1234567890abcdefn)), null);
    });
    it(`of ${spec} are refused for their pattern`, async () => {
      assert.match((await of(spec, key(BigInt(`0x${'5a'.repeat(length)}`)))) ?? '', /one byte/);
    });
  }
});

function derOf(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return derOf(0x02, (bytes[0] as number) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]));
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current, s, t] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n];
  while (current > 0n) {
    const quotient = previous / current;
    [previous, current, s, t] = [current, previous - quotient * current, t, s - quotient * t];
  }
  return ((s % modulus) + modulus) % modulus;
}

type Numbers = Partial<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi', bigint>>;

/** The key of two factors, whatever they are, with some of its numbers replaced. */
function rsa(p: bigint, q: bigint, change: Numbers = {}): KeyObject {
  const e = change.e ?? 65_537n;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const own = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const { n, d: exponent, dp, dq, qi } = { ...own, ...change };
  const numbers = [0n, n, e, exponent, p, q, dp, dq, qi].map(integer);
  return createPrivateKey({ key: derOf(0x30, Buffer.concat(numbers)), format: 'der', type: 'pkcs1' });
}

const suits = (candidate: bigint) => candidate % 65_537n !== 1n && checkPrimeSync(candidate);
const prime = (bits: number) => {
  for (;;) {
    const found = generatePrimeSync(bits, { bigint: true });
    if (suits(found)) return found;
  }
};
const primeFrom = (start: bigint, step = 2n) => {
  let candidate = start;
  while (!suits(candidate)) candidate += step;
  return candidate;
};

const refusedRsa = async (key: KeyObject, why: RegExp) =>
  assert.match((await of('RSA_2048', key)) ?? 'not refused', why);

describe('weak RSA keys', () => {
  const p = prime(1024);
  const q = prime(1024);
  const product = ([a, b]: readonly [bigint, bigint]) => a * b;
  /** Of a number in the place of q, so large that the modulus has all of its bits. */
  const twoFactors = (): readonly [bigint, bigint] => {
    for (;;) {
      const pair = [prime(512), prime(512)] as const;
      if (p * product(pair) >= 2n ** 2047n) return pair;
    }
  };
  const d = inverse(65_537n, (p - 1n) * (q - 1n));

  it('are told from sound ones', async () => {
    assert.equal(await of('RSA_2048', rsa(p, q)), null);
    assert.equal(await of('RSA_2048', rsa(q, p)), null);
    assert.equal(await of('RSA_2048', createPublicKey(rsa(p, q))), null);
    // d below lcm(p - 1, q - 1) or below (p - 1)(q - 1): both are in use
    const shared = ((p - 1n) * (q - 1n)) / 2n;
    assert.equal(await of('RSA_2048', rsa(p, q, { d: inverse(65_537n, shared) })), null);
  });

  it('have a public exponent of no standard', async () => {
    for (const e of [3n, 17n, 65_535n, 2n ** 256n + 297n])
      await refusedRsa(rsa(p, q, { e, d }), /public exponent/);
  });

  it('have a modulus with a small factor', async () => {
    await refusedRsa(
      createPublicKey(rsa(p, q, { n: 1999n * (prime(1024) * prime(1013)) })),
      /small factor 1999/,
    );
  });

  it('have the form of CVE-2017-15361, in the public half already', async () => {
    const [first, second] = [rocaPrime(), rocaPrime()];
    await refusedRsa(rsa(first, second), /ROCA/);
    await refusedRsa(createPublicKey(rsa(first, second)), /ROCA/);
    assert.equal(await of('RSA_2048', rsa(first, q)), null);
  });

  it('have primes that Fermat would find', async () => {
    await refusedRsa(rsa(p, primeFrom(p + 2n)), /too close/);
    await refusedRsa(rsa(p, primeFrom(p + 2n ** 900n)), /too close/);
    const lower = primeFrom(
      2n ** 1023n + 2n ** 1021n + BigInt(`0x${randomBytes(100).toString('hex')}`) * 2n + 1n,
    );
    await refusedRsa(rsa(lower, primeFrom(((lower * 4n) / 3n) | 1n)), /ratio of/);
    await refusedRsa(rsa(p, p, { qi: 1n }), /too close/);
  });

  it('have factors of other sizes, or that are no primes', async () => {
    await refusedRsa(rsa(prime(1008), prime(1040)), /half the bits/);
    await refusedRsa(rsa(p, product(twoFactors())), /not a prime|exponents do not belong/);
    const [a, b] = twoFactors();
    const order = (p - 1n) * (a - 1n) * (b - 1n);
    const composite = rsa(p, a * b, { d: inverse(65_537n, order) });
    await refusedRsa(composite, /not a prime|exponents do not belong/);
  });

  it('pass with all numbers right only where the factors are primes', async () => {
    // exponents and remainders computed as if q were one: only the test of primality can tell
    let fake = product(twoFactors());
    while ((fake - 1n) % 65_537n === 0n) fake = product(twoFactors());
    await refusedRsa(rsa(p, fake), /not a prime/);
  });

  it('have primes that share a factor when one is taken off', async () => {
    const shared = prime(700) * 2n;
    const near = (top: bigint) => {
      let multiple = top / shared;
      while (!suits(multiple * shared + 1n)) multiple += 1n;
      return multiple * shared + 1n;
    };
    const [first, second] = [near(3n * 2n ** 1022n), near(3n * 2n ** 1022n + 2n ** 1021n + 2n ** 1000n)];
    const order = ((first - 1n) * (second - 1n)) / shared;
    await refusedRsa(rsa(first, second, { d: inverse(65_537n, order) }), /share a large factor/);
  });

  it('have numbers that do not belong together', async () => {
    await refusedRsa(rsa(p, q, { n: prime(1024) * prime(1024) }), /do not make its modulus/);
    await refusedRsa(rsa(p, q, { d: d + 2n }), /exponents do not belong/);
    await refusedRsa(rsa(p, q, { dp: (d % (p - 1n)) + 2n }), /remainder parts/);
    await refusedRsa(rsa(p, q, { dq: 5n }), /remainder parts/);
    await refusedRsa(rsa(p, q, { qi: 2n }), /remainder parts/);
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  it('have more than two primes', { skip: hasOpenssl ? false : 'openssl is not installed' }, async () => {
    const pem = execFileSync('openssl', ['genrsa', '-primes', '3', '2048'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await refusedRsa(createPrivateKey(pem), /more than two primes/);
  });
});

/** A prime as the flawed generator made them for RSA of 2048 bits: k*M + (65537^a mod M). */
function rocaPrime(): bigint {
  let primorial = 1n;
  for (let found = 0, candidate = 2n; found < 126; candidate += 1n)
    if (checkPrimeSync(candidate)) {
      primorial *= candidate;
      found += 1;
    }
  for (;;) {
    let residue = 1n;
    let power = 65_537n;
    for (let a = BigInt(`0x${randomBytes(8).toString('hex')}`); a > 0n; a >>= 1n) {
      if (a & 1n) residue = (residue * power) % primorial;
      power = (power * power) % primorial;
    }
    const most = 2n ** 1024n / primorial;
    const k = most - 1n - (BigInt(`0x${randomBytes(8).toString('hex')}`) % (most / 4n));
    const candidate = k * primorial + residue;
    if (suits(candidate)) return candidate;
  }
}

import { checkPrime, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** The integers of an RSA key. BigInts can not be wiped: they stay in the heap until it is collected. */
type RsaNumbers = {
  readonly n: bigint;
  readonly e: bigint;
  readonly pair: RsaSecrets | null;
};

type RsaSecrets = {
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
  readonly dp: bigint;
  readonly dq: bigint;
  readonly qInverse: bigint;
};

/**
 * What is wrong with an RSA key, in words that follow "it is refused: "; null where nothing was found. The
 * size of the modulus is for the spec to say.
 */
export async function weaknessOfRsa(key: KeyObject): Promise<string | null> {
  const numbers = numbersOf(key);
  if (numbers === null) return 'it has more than two primes';
  const { pair } = numbers;
  return (
    weaknessOfPublic(numbers) ?? (pair && (weaknessOfPair(numbers, pair) ?? (await weaknessOfFactors(pair))))
  );
}

function numbersOf(key: KeyObject): RsaNumbers | null {
  const der = key.export({ format: 'der', type: 'pkcs1' });
  try {
    const integers = readIntegers(der);
    if (key.type === 'public') return { n: integers[0] as bigint, e: integers[1] as bigint, pair: null };
    const [version, n, e, d, p, q, dp, dq, qInverse] = integers as [bigint, ...bigint[]];
    if (version !== 0n) return null;
    return { n, e, pair: { d, p, q, dp, dq, qInverse } } as RsaNumbers;
  } finally {
    der.fill(0);
  }
}

//= rfc8017 a.1: RSAPrivateKey and RSAPublicKey are one sequence of integers; OpenSSL wrote it
function readIntegers(der: Buffer): bigint[] {
  const found: bigint[] = [];
  let at = lengthAt(der, 1).start;
  while (at < der.length && der[at] === 0x02) {
    const { start, length } = lengthAt(der, at + 1);
    found.push(toBigInt(der.subarray(start, start + length)));
    at = start + length;
  }
  return found;
}

function lengthAt(der: Buffer, at: number): { start: number; length: number } {
  const first = der[at] as number;
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first - 0x80;
  return { start: at + 1 + count, length: der.readUIntBE(at + 1, count) };
}

/** Without a string in between, which nobody could wipe. */
export function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function bitsOf(value: bigint): number {
  let bits = 0;
  let rest = value;
  for (; rest >= 2n ** 64n; rest >>= 64n) bits += 64;
  for (; rest > 0n; rest >>= 1n) bits += 1;
  return bits;
}

const smallPrimes: readonly bigint[] = primesBelow(2000);

function primesBelow(limit: number): bigint[] {
  const found: number[] = [];
  for (let candidate = 2; candidate < limit; candidate += 1)
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  return found.map(BigInt);
}

function weaknessOfPublic({ n, e }: RsaNumbers): string | null {
  //= fips186-5 a.1.1: the public exponent is odd, above 2^16 and below 2^256
  if (e % 2n === 0n || e <= 2n ** 16n || e >= 2n ** 256n)
    return 'its public exponent is not an odd number between 2^16 and 2^256';
  const factor = smallPrimes.find((prime) => n % prime === 0n);
  if (factor !== undefined) return `its modulus has the small factor ${factor}`;
  return isRoca(n) ? 'its primes have the form of CVE-2017-15361 (ROCA), which can be factored' : null;
}

/** The residues that powers of 65537 have modulo each prime of the flawed generator. */
const rocaResidues: readonly (readonly [bigint, ReadonlySet<bigint>])[] = smallPrimes
  .filter((prime) => prime > 2n && prime <= 167n)
  .map((prime) => [prime, powersOf(65_537n, prime)] as const)
  .filter(([prime, powers]) => BigInt(powers.size) < prime - 1n);

function powersOf(base: bigint, modulus: bigint): Set<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1n; !powers.has(power); power = (power * base) % modulus) powers.add(power);
  return powers;
}

/**
 * Whether both primes may be of the form k*M + (65537^a mod M), M a product of the first primes: then so is
 * the modulus, modulo each of them. About one sound modulus in 2^28 looks so, too.
 */
function isRoca(n: bigint): boolean {
  return rocaResidues.every(([prime, powers]) => powers.has(n % prime));
}

function weaknessOfPair({ n, e }: RsaNumbers, secrets: RsaSecrets): string | null {
  const { d, p, q, dp, dq, qInverse } = secrets;
  const half = bitsOf(n) / 2;
  if (p * q !== n) return 'its primes do not make its modulus';
  if (bitsOf(p) !== half || bitsOf(q) !== half)
    return 'its primes have not half the bits of the modulus each';
  const close = closeness(p, q, BigInt(half));
  if (close !== null) return close;
  const shared = greatestCommonDivisor(p - 1n, q - 1n);
  if (bitsOf(shared) > sharedBitsMax) return 'its primes, less one, share a large factor';
  if ((e * d) % (((p - 1n) * (q - 1n)) / shared) !== 1n) return 'its exponents do not belong together';
  //= fips186-5 a.1.1: d is above 2^(nlen/2), and no remainder of it is small: both follow from e < 2^256 and the above
  if (dp !== d % (p - 1n) || dq !== d % (q - 1n) || (qInverse * q) % p !== 1n)
    return 'its Chinese remainder parts do not belong to it';
  return null;
}

/** Of random primes, about one pair in 2^128 shares so much. */
const sharedBitsMax = 128;

const ratioMax = 16n;

//= fips186-5 a.1.1: the primes differ by more than 2^(nlen/2 - 100)
/** Fermat's method finds primes that are close, or nearly in the ratio of two small numbers. */
function closeness(p: bigint, q: bigint, half: bigint): string | null {
  const apart = 2n ** (half - 100n);
  if (magnitude(p - q) <= apart) return 'its primes are too close to each other';
  for (let a = 1n; a <= ratioMax; a += 1n)
    for (let b = 1n; b <= ratioMax; b += 1n)
      if (magnitude(a * p - b * q) <= apart) return `its primes are nearly in the ratio of ${b} to ${a}`;
  return null;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

const testPrime = promisify(checkPrime) as (candidate: Uint8Array) => Promise<boolean>;

/** Whether the factors are primes; off the main thread, since the largest take a fifth of a second each. */
async function weaknessOfFactors({ p, q }: RsaSecrets): Promise<string | null> {
  const arePrimes = await Promise.all([isPrime(p), isPrime(q)]);
  return arePrimes.every(Boolean) ? null : 'one of its factors is not a prime';
}

/** OpenSSL chooses the rounds as for a number that somebody chose: 64 and more. */
async function isPrime(candidate: bigint): Promise<boolean> {
  const bytes = toBytes(candidate);
  try {
    return await testPrime(bytes);
  } finally {
    bytes.fill(0);
  }
}

function toBytes(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Math.ceil(bitsOf(value) / 8));
  let rest = value;
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

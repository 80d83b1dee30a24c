import { createPrivateKey } from 'node:crypto';
import { ClavigerError } from '#domain';
import { type ReadPrivateKey, readPrivateKey } from './key-encodings.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * The numbers of a private key, as some programs keep them. What JavaScript can't promise: numbers are not wiped, they are gone when
 * they are collected.
 */
export type KeyNumbers =
  | {
      readonly kind: 'rsa';
      readonly n: bigint;
      readonly e: bigint;
      readonly d: bigint;
      readonly p: bigint;
      readonly q: bigint;
    }
  | {
      readonly kind: 'ec';
      readonly curve: 'P-256' | 'P-384' | 'P-521';
      readonly x: bigint;
      readonly y: bigint;
      readonly d: bigint;
    };

const coordinateBytes = Object.freeze({ 'P-256': 32, 'P-384': 48, 'P-521': 66 });
const numberBitsMax = 8192n;

function unsuitable(): ClavigerError {
  return new ClavigerError('material-unsuitable', 'The numbers are not those of a private key.');
}

function base64url(value: bigint, length?: number): string {
  const hex = value.toString(16);
  const bytes = length ?? Math.ceil(hex.length / 2);
  return Buffer.from(hex.padStart(bytes * 2, '0'), 'hex').toString('base64url');
}

/** The inverse of a number modulo another one, by the extended algorithm of Euclid; null: it has none. */
function inverse(value: bigint, modulus: bigint): bigint | null {
  let [r, nextR] = [modulus, value % modulus];
  let [t, nextT] = [0n, 1n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  if (r !== 1n) return null;
  return t < 0n ? t + modulus : t;
}

type Jwk = Readonly<Record<string, string>>;

function jwkOf(numbers: KeyNumbers): Jwk {
  if (numbers.kind === 'ec') {
    const { curve: crv, x, y, d } = numbers;
    const length = coordinateBytes[crv];
    if ([x, y, d].some((value) => value < 0n || value >> BigInt(length * 8) !== 0n)) throw unsuitable();
    const [px, py, pd] = [x, y, d].map((value) => base64url(value, length));
    return { kty: 'EC', crv, x: px ?? '', y: py ?? '', d: pd ?? '' };
  }
  const { n, e, d, p, q } = numbers;
  if ([n, e, d, p, q].some((value) => value <= 2n || value >> numberBitsMax !== 0n) || p * q !== n)
    throw unsuitable();
  const qi = inverse(q, p);
  if (qi === null) throw unsuitable();
  const parts = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
  const entries = Object.entries(parts).map(([name, value]) => [name, base64url(value)] as const);
  return { kty: 'RSA', ...Object.fromEntries(entries) };
}

/** The key of some numbers. The caller disposes it. Throws `material-unsuitable`; whether it is a good key is for `weaknessOf` to say. */
export function readKeyNumbers(numbers: KeyNumbers): ReadPrivateKey {
  const key = jwkOf(numbers);
  let der: Buffer;
  try {
    der = createPrivateKey({ format: 'jwk', key }).export({ format: 'der', type: 'pkcs8' });
  } catch {
    throw unsuitable();
  }
  using content = SecretBytes.take(der);
  return readPrivateKey(content);
}

/** A pair as a JSON Web Key (RFC 7517), in UTF-8. The caller disposes both. */
export function privateKeyJwk(encoded: SecretBytes): SecretBytes {
  const jwk = encoded.use((der) =>
    createPrivateKey({
      key: Buffer.from(der.buffer, der.byteOffset, der.length),
      format: 'der',
      type: 'pkcs8',
    }).export({ format: 'jwk' }),
  );
  return SecretBytes.take(Buffer.from(JSON.stringify(jwk)));
}

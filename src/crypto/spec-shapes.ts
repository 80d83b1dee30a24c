import type { AsymmetricKeyDetails } from 'node:crypto';
import { factsOf, type KeySpec, type KeySpecFacts } from '#domain';

/** A secret key: raw bytes of exactly this length, or, where the key says how many, up to `lengthMax`. */
type SecretShape = { readonly kind: 'secret'; readonly length: number; readonly lengthMax: number };

/** A pair: OpenSSL's name of the key type and what distinguishes keys of the type. */
export type PairShape = {
  readonly kind: 'pair';
  readonly type: string;
  /** Options of generateKeyPair. */
  readonly options: Readonly<Record<string, string | number>>;
  /**
   * The AlgorithmIdentifier that a public key must carry, DER; empty where OpenSSL knows no other spelling.
   */
  readonly algorithmIdentifier: Uint8Array;
  /** Whether what OpenSSL says of an opened key fits the spec. */
  fits(details: AsymmetricKeyDetails, isPublic: boolean): boolean;
};

export type SpecShape = SecretShape | PairShape;

const secret = (length: number, lengthMax = length): SpecShape =>
  Object.freeze({ kind: 'secret', length, lengthMax });

const sized = ({ sizes }: KeySpecFacts): SpecShape => secret(sizes?.min ?? 0, sizes?.max ?? 0);

const oneSpelling = new Uint8Array();

const pair = (type: string): SpecShape =>
  Object.freeze({ kind: 'pair', type, options: {}, algorithmIdentifier: oneSpelling, fits: () => true });

//= fips186-5 5.1: the public exponent of a key of ours is odd, above 2^16 and below 2^256
// (public keys of others may have 3 as theirs: verification and OAEP are sound with it)
const rsa = (modulusLength: number): SpecShape =>
  Object.freeze({
    kind: 'pair',
    type: 'rsa',
    options: { modulusLength, publicExponent: 65_537 },
    algorithmIdentifier: oneSpelling,
    fits: (details: AsymmetricKeyDetails, isPublic: boolean) =>
      details.modulusLength === modulusLength && isExponent(details.publicExponent ?? 0n, isPublic),
  });

function isExponent(exponent: bigint, isPublic: boolean): boolean {
  const least = isPublic ? 3n : 65_537n;
  return exponent >= least && exponent < 2n ** 256n && exponent % 2n === 1n;
}

/** The public key of somebody else to whom something is encrypted: RSA of 2048 to 8192 bits, in whole bytes. */
export const rsaRecipient: PairShape = Object.freeze({
  kind: 'pair',
  type: 'rsa',
  options: {},
  algorithmIdentifier: oneSpelling,
  fits: (details: AsymmetricKeyDetails) => {
    const bits = details.modulusLength ?? 0;
    return bits >= 2048 && bits <= 8192 && bits % 8 === 0 && isExponent(details.publicExponent ?? 0n, true);
  },
});

//= rfc5480 2.1.1: the curve is named by its identifier, never spelt out
const ec = (namedCurve: string, algorithmIdentifier: string): SpecShape =>
  Object.freeze({
    kind: 'pair',
    type: 'ec',
    options: { namedCurve, paramEncoding: 'named' },
    algorithmIdentifier: new Uint8Array(Buffer.from(algorithmIdentifier, 'hex')),
    fits: (details: AsymmetricKeyDetails) => details.namedCurve === namedCurve,
  });

/** The form of key material of every spec. */
export const specShapes: Readonly<Record<KeySpec, SpecShape>> = Object.freeze({
  __proto__: null as never,
  AES_128: secret(16),
  AES_192: secret(24),
  AES_256: secret(32),
  CHACHA20: secret(32),
  HMAC_224: secret(28),
  HMAC_256: secret(32),
  HMAC_384: secret(48),
  HMAC_512: secret(64),
  HMAC: sized(factsOf('HMAC')),
  DERIVE_256: secret(32),
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  EC_P256: ec('prime256v1', '301306072a8648ce3d020106082a8648ce3d030107'),
  EC_P384: ec('secp384r1', '301006072a8648ce3d020106052b81040022'),
  EC_P521: ec('secp521r1', '301006072a8648ce3d020106052b81040023'),
  EC_SECP256K1: ec('secp256k1', '301006072a8648ce3d020106052b8104000a'),
  ED25519: pair('ed25519'),
  ED448: pair('ed448'),
  X25519: pair('x25519'),
  ML_DSA_44: pair('ml-dsa-44'),
  ML_DSA_65: pair('ml-dsa-65'),
  ML_DSA_87: pair('ml-dsa-87'),
  SLH_DSA_SHA2_128S: pair('slh-dsa-sha2-128s'),
  SLH_DSA_SHA2_128F: pair('slh-dsa-sha2-128f'),
  SLH_DSA_SHA2_192S: pair('slh-dsa-sha2-192s'),
  SLH_DSA_SHA2_192F: pair('slh-dsa-sha2-192f'),
  SLH_DSA_SHA2_256S: pair('slh-dsa-sha2-256s'),
  SLH_DSA_SHA2_256F: pair('slh-dsa-sha2-256f'),
  SLH_DSA_SHAKE_128S: pair('slh-dsa-shake-128s'),
  SLH_DSA_SHAKE_128F: pair('slh-dsa-shake-128f'),
  SLH_DSA_SHAKE_192S: pair('slh-dsa-shake-192s'),
  SLH_DSA_SHAKE_192F: pair('slh-dsa-shake-192f'),
  SLH_DSA_SHAKE_256S: pair('slh-dsa-shake-256s'),
  SLH_DSA_SHAKE_256F: pair('slh-dsa-shake-256f'),
  ML_KEM_512: pair('ml-kem-512'),
  ML_KEM_768: pair('ml-kem-768'),
  ML_KEM_1024: pair('ml-kem-1024'),
});

/** Whether a SubjectPublicKeyInfo starts with the AlgorithmIdentifier of the shape. */
export function namesAlgorithm(shape: PairShape, spki: Uint8Array): boolean {
  const start = (spki[1] ?? 0) < 0x80 ? 2 : (spki[1] as number) - 0x80 + 2;
  return shape.algorithmIdentifier.every((byte, index) => spki[start + index] === byte);
}

/** Whether DER bytes are one SEQUENCE that ends where the bytes end, with a minimal length (X.690, 10.1). */
export function isOneDerSequence(der: Uint8Array): boolean {
  const first = der[1];
  if (der[0] !== 0x30 || first === undefined) return false;
  if (first < 0x80) return der.length === 2 + first;
  const lengthBytes = first - 0x80;
  if (lengthBytes < 1 || lengthBytes > 3 || der.length < 2 + lengthBytes) return false;
  let length = 0;
  for (const byte of der.subarray(2, 2 + lengthBytes)) length = length * 256 + byte;
  const isMinimal = lengthBytes === 1 ? length >= 0x80 : length >= 256 ** (lengthBytes - 1);
  return isMinimal && der.length === 2 + lengthBytes + length;
}

import { type AlgorithmName, ClavigerError, factsOf, type KeySpec } from '#domain';
import { type AeadAlgorithm, aesGcm, aesGcmSiv, chacha20Poly1305, xaes256Gcm } from './aead-ciphers.ts';
import { type Hash, sha1, sha224, sha256, sha384, sha512 } from './hashes.ts';
import { hkdf, type KdfAlgorithm, kbkdf } from './key-derivation.ts';
import { aesKw, aesKwp, type WrapAlgorithm } from './key-wraps.ts';
import { aesCmac, hmac, type MacAlgorithm } from './mac-codes.ts';
import { ecdsa } from './signature-ec.ts';
import { edwards, edwardsPrehashed } from './signature-edwards.ts';
import { mlDsa, slhDsa } from './signature-lattice.ts';
import { rsaPkcs1, rsaPss } from './signature-rsa.ts';
import type { SignatureAlgorithm } from './signature-shape.ts';

type RsaEncryption = { readonly kind: 'rsa-encryption'; readonly hash: Hash };
type Agreement = {
  readonly kind: 'agreement';
  /**
   * Whether an all-zero secret tells a peer of low order; on a curve of prime order it is a value like
   * others.
   */
  readonly refusesZero: boolean;
};
type Kem = {
  readonly kind: 'kem';
  readonly ciphertextLengths: Readonly<Record<string, number>>;
};

export type Algorithm =
  | AeadAlgorithm
  | RsaEncryption
  | SignatureAlgorithm
  | MacAlgorithm
  | Agreement
  | Kem
  | KdfAlgorithm
  | WrapAlgorithm;

const oaep = (hash: Hash): RsaEncryption => Object.freeze({ kind: 'rsa-encryption', hash });
const ecdh: Agreement = Object.freeze({ kind: 'agreement', refusesZero: false });
//= rfc7748 6.1: the check for the all-zero value
const x25519: Agreement = Object.freeze({ kind: 'agreement', refusesZero: true });
//= fips203 8, Table 3
const mlKem: Kem = Object.freeze({
  kind: 'kem',
  ciphertextLengths: { ML_KEM_512: 768, ML_KEM_768: 1088, ML_KEM_1024: 1568 },
});

/** The implementation of every algorithm: the one place where a name becomes code. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = Object.freeze({
  __proto__: null as never,
  AES_GCM: aesGcm,
  XAES_256_GCM: xaes256Gcm,
  AES_GCM_SIV: aesGcmSiv,
  CHACHA20_POLY1305: chacha20Poly1305,
  AES_KW: aesKw,
  AES_KWP: aesKwp,
  AES_CMAC: aesCmac,
  HMAC_SHA_224: hmac(sha224),
  HMAC_SHA_256: hmac(sha256),
  HMAC_SHA_384: hmac(sha384),
  HMAC_SHA_512: hmac(sha512),
  RSA_OAEP_SHA_1: oaep(sha1),
  RSA_OAEP_SHA_256: oaep(sha256),
  RSA_PSS_SHA_256: rsaPss(sha256),
  RSA_PSS_SHA_384: rsaPss(sha384),
  RSA_PSS_SHA_512: rsaPss(sha512),
  RSA_PKCS1_SHA_256: rsaPkcs1(sha256),
  RSA_PKCS1_SHA_384: rsaPkcs1(sha384),
  RSA_PKCS1_SHA_512: rsaPkcs1(sha512),
  ECDSA_SHA_256: ecdsa(sha256),
  ECDSA_SHA_384: ecdsa(sha384),
  ECDSA_SHA_512: ecdsa(sha512),
  ECDH: ecdh,
  ED25519: edwards,
  ED25519_PH: edwardsPrehashed,
  ED448: edwards,
  X25519: x25519,
  ML_DSA: mlDsa,
  SLH_DSA: slhDsa,
  ML_KEM: mlKem,
  HKDF_SHA_256: hkdf(sha256),
  HKDF_SHA_384: hkdf(sha384),
  HKDF_SHA_512: hkdf(sha512),
  KBKDF_HMAC_SHA_256: kbkdf(sha256),
  KBKDF_HMAC_SHA_384: kbkdf(sha384),
  KBKDF_HMAC_SHA_512: kbkdf(sha512),
});

/**
 * The entry of an algorithm for keys of a spec. Throws `algorithm-forbids` where the spec does not offer the
 * algorithm, or where it is of another kind than the one that was asked for.
 */
export function algorithmOf<K extends Algorithm['kind']>(
  kind: K,
  name: AlgorithmName,
  spec: KeySpec,
): Extract<Algorithm, { kind: K }> {
  const entry = algorithms[name];
  if (entry?.kind === kind && factsOf(spec).algorithms.includes(name)) {
    return entry as Extract<Algorithm, { kind: K }>;
  }
  throw new ClavigerError('algorithm-forbids', `A key of spec ${spec} does not do ${name} here.`);
}

import type { KeyObject } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { KeySpec } from '#domain';
import type { Hash } from './hashes.ts';
import { type KeyHandle, privateKeyOf } from './key-handle.ts';
import {
  nativeForm,
  type SignatureAlgorithm,
  type SignatureForm,
  signatureAlgorithm,
} from './signature-shape.ts';

type Curve = typeof p256;

/** The curves outside OpenSSL: Node's sign always hashes, so that a digest can't be signed with it. */
const curves: Readonly<Partial<Record<KeySpec, Curve>>> = Object.freeze({
  __proto__: null as never,
  EC_P256: p256,
  EC_P384: p384,
  EC_P521: p521,
  EC_SECP256K1: secp256k1,
});

/** ECDSA with signatures in DER (FIPS 186-5, 6; SEC 1, C.5). */
export function ecdsa(hash: Hash): SignatureAlgorithm {
  return signatureAlgorithm({ raw: ecdsaMessage(hash, 'DER'), digest: ecdsaDigest(hash.length, 'DER') });
}

/** DER (SEC 1, C.5), or r and s, each as long as the order of the curve (IEEE P1363; RFC 7518, 3.4). */
export type EcdsaEncoding = 'DER' | 'RAW';

/** ECDSA of a message. */
export function ecdsaMessage(hash: Hash, encoding: EcdsaEncoding): SignatureForm {
  return nativeForm(hash, { dsaEncoding: encoding === 'DER' ? 'der' : 'ieee-p1363' });
}

//= fips186-5 6.4.1: of a digest that is longer than the order only the leftmost bits are signed
/** ECDSA of a digest of this length; null: of any. */
export function ecdsaDigest(messageLength: number | null, encoding: EcdsaEncoding): SignatureForm {
  const options = {
    prehash: false,
    lowS: false,
    format: encoding === 'DER' ? ('der' as const) : ('compact' as const),
  };
  return Object.freeze({
    messageLength,
    sign: async (handle: KeyHandle, digest: Uint8Array) =>
      withRawPrivateKey(privateKeyOf(handle), (scalar) => curveOf(handle).sign(digest, scalar, options)),
    verify: async (handle: KeyHandle, digest: Uint8Array, signature: Uint8Array) => {
      try {
        return curveOf(handle).verify(signature, digest, rawPublicKey(handle.publicKey), options);
      } catch {
        // what is malformed throws where what is wrong returns false
        return false;
      }
    },
  });
}

function curveOf(handle: KeyHandle): Curve {
  return curves[handle.spec] as Curve;
}

/** Opens a private key in its raw form for the time of `work`, and wipes it. */
export function withRawPrivateKey<T>(key: KeyObject, work: (raw: Uint8Array) => T): T {
  const raw = key.export({ format: 'raw-private' });
  try {
    return work(raw);
  } finally {
    raw.fill(0);
  }
}

/** A public key in its raw form; a point of a curve uncompressed. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return key.export({ format: 'raw-public' });
}

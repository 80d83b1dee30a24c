import { constants, privateEncrypt, publicDecrypt } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ClavigerError } from '#domain';
import { constantTimeEqual } from './digest.ts';
import { encodePss, isPssOf, type PssHash } from './emsa-pss.ts';
import { type KeyMaterial, publicOf, secretOf } from './material.ts';

/** A digest and the signature that is said to be its. */
export type SignedDigest = { readonly digest: Uint8Array; readonly signature: Uint8Array };

//= rfc8017 9.2 note 1: DigestInfo of each hash
const digestInfoHeads: Readonly<Record<string, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

function digestInfo(digest: Uint8Array, hashName: string): Buffer {
  return Buffer.concat([digestInfoHeads[hashName] ?? Buffer.alloc(0), digest]);
}

export function signRsaDigest(material: KeyMaterial, digest: Uint8Array, hashName: string): Buffer {
  const options = { key: secretOf(material), padding: constants.RSA_PKCS1_PADDING };
  return privateEncrypt(options, digestInfo(digest, hashName));
}

export function verifyRsaDigest(material: KeyMaterial, signed: SignedDigest, hashName: string): boolean {
  const options = { key: publicOf(material), padding: constants.RSA_PKCS1_PADDING };
  return constantTimeEqual(publicDecrypt(options, signed.signature), digestInfo(signed.digest, hashName));
}

function modulusBits(material: KeyMaterial): number {
  return publicOf(material).asymmetricKeyDetails?.modulusLength ?? 0;
}

export function signRsaPssDigest(material: KeyMaterial, digest: Uint8Array, use: PssHash): Buffer {
  const options = { key: secretOf(material), padding: constants.RSA_NO_PADDING };
  return privateEncrypt(options, encodePss(digest, modulusBits(material), use));
}

export function verifyRsaPssDigest(material: KeyMaterial, signed: SignedDigest, use: PssHash): boolean {
  const bits = modulusBits(material);
  if (signed.signature.length !== bits / 8) return false;
  const options = { key: publicOf(material), padding: constants.RSA_NO_PADDING };
  return isPssOf(publicDecrypt(options, signed.signature), signed.digest, bits, use);
}

// OpenSSL, as node:crypto offers it, hashes whatever it signs with ECDSA
const curves: Readonly<Record<string, typeof p256>> = {
  EC_P256: p256,
  EC_P384: p384,
  EC_P521: p521,
  EC_SECP256K1: secp256k1,
};

function curveOf(material: KeyMaterial): typeof p256 {
  const curve = curves[material.spec];
  if (curve) return curve;
  throw new ClavigerError('algorithm-forbids', `${material.spec} is not a curve for ECDSA.`);
}

const ecdsaOptions = { prehash: false, lowS: false, format: 'der' } as const;

//= rfc5915 3: ECPrivateKey ::= SEQUENCE { version INTEGER, privateKey OCTET STRING, ... }
function scalarOf(material: KeyMaterial): Uint8Array {
  const der = secretOf(material).export({ format: 'der', type: 'sec1' });
  const afterSequence = (der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f);
  const octets = afterSequence + 3;
  const length = der[octets + 1] ?? 0;
  const scalar = Uint8Array.from(der.subarray(octets + 2, octets + 2 + length));
  der.fill(0);
  return scalar;
}

/** The uncompressed point stands at the end of the SubjectPublicKeyInfo. */
function pointOf(material: KeyMaterial): Uint8Array {
  const length = 1 + 2 * (curveOf(material).lengths.secretKey ?? 0);
  const der = publicOf(material).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(der.subarray(der.length - length));
}

export function signEcdsaDigest(material: KeyMaterial, digest: Uint8Array): Uint8Array {
  const scalar = scalarOf(material);
  try {
    return curveOf(material).sign(Uint8Array.from(digest), scalar, ecdsaOptions);
  } finally {
    scalar.fill(0);
  }
}

export function verifyEcdsaDigest(material: KeyMaterial, digest: Uint8Array, signature: Uint8Array): boolean {
  return curveOf(material).verify(
    Uint8Array.from(signature),
    Uint8Array.from(digest),
    pointOf(material),
    ecdsaOptions,
  );
}

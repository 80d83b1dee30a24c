import {
  constants,
  createHash,
  type KeyObject,
  hash as hashOnce,
  privateEncrypt,
  publicDecrypt,
  randomFillSync,
  type SigningOptions,
  timingSafeEqual,
} from 'node:crypto';
import type { Hash } from './hashes.ts';
import { type KeyHandle, privateKeyOf } from './key-handle.ts';
import {
  nativeForm,
  type SignatureAlgorithm,
  type SignatureForm,
  signatureAlgorithm,
} from './signature-shape.ts';

/** RSASSA-PKCS1-v1_5 (RFC 8017, 8.2). */
export function rsaPkcs1(hash: Hash): SignatureAlgorithm {
  return signatureAlgorithm({ raw: pkcs1Message(hash), digest: pkcs1Digest(hash) });
}

/** RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash (RFC 8017, 8.1; FIPS 186-5, 5.4). */
export function rsaPss(hash: Hash): SignatureAlgorithm {
  return signatureAlgorithm({ raw: pssMessage(hash, hash.length), digest: pssDigest(hash, hash.length) });
}

/** RSASSA-PKCS1-v1_5 of a message. */
export function pkcs1Message(hash: Hash): SignatureForm {
  return wholeForm(hash, { padding: constants.RSA_PKCS1_PADDING });
}

/** RSASSA-PKCS1-v1_5 of a digest. */
export function pkcs1Digest(hash: Hash): SignatureForm {
  return pkcs1Block(hash.length, (digest) => Buffer.concat([hash.digestInfoPrefix, digest]));
}

/** Bytes of a salt; `auto`: the most that fit when signing, whatever is found when verifying. */
export type SaltLength = number | 'auto';

/** RSASSA-PSS of a message, with MGF1 of the same hash. */
export function pssMessage(hash: Hash, saltLength: SaltLength): SignatureForm {
  return wholeForm(hash, {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: saltLength === 'auto' ? constants.RSA_PSS_SALTLEN_AUTO : saltLength,
  });
}

/** RSASSA-PSS of a digest, with MGF1 of the same hash. */
export function pssDigest(hash: Hash, saltLength: SaltLength): SignatureForm {
  return encodedForm(hash.length, {
    encode: (digest, length) => {
      const bytes = saltLength === 'auto' ? pssSaltMax(hash, length) : saltLength;
      return encodePss(hash, digest, randomFillSync(new Uint8Array(bytes)), length);
    },
    signPadding: constants.RSA_NO_PADDING,
    matches: (encoded, digest) => matchesPss(hash, encoded, digest, saltLength),
  });
}

//= rfc8017 9.1.1 step 3: emLen is at least hLen + sLen + 2
/** The longest salt under a modulus of `length` bytes. */
export function pssSaltMax(hash: Hash, length: number): number {
  return length - hash.length - 2;
}

//= rfc8017 8.1.2 step 1, 8.2.2 step 1: a signature is as long as the modulus
/** The form of OpenSSL, which by itself accepts a PSS signature whose leading zero bytes were cut off. */
function wholeForm(hash: Hash, options: SigningOptions): SignatureForm {
  const native = nativeForm(hash, options);
  return Object.freeze({
    ...native,
    verify: async (handle: KeyHandle, message: Uint8Array, signature: Uint8Array) =>
      signature.length === modulusLengthOf(handle.publicKey) && native.verify(handle, message, signature),
  });
}

/** An encoding of a digest for the RSA primitive; OpenSSL has none of them for digests through Node. */
type DigestEncoding = {
  /** What goes into the private operation of a modulus of `length` bytes. */
  encode(digest: Uint8Array, length: number): Uint8Array;
  readonly signPadding: number;
  /** Whether what the public operation gave is an encoding of the digest. */
  matches(encoded: Uint8Array, digest: Uint8Array): boolean;
};

function encodedForm(messageLength: number | null, encoding: DigestEncoding): SignatureForm {
  return Object.freeze({
    messageLength,
    sign: async (handle: KeyHandle, digest: Uint8Array) => {
      const key = privateKeyOf(handle);
      return privateEncrypt(
        { key, padding: encoding.signPadding },
        encoding.encode(digest, modulusLengthOf(key)),
      );
    },
    verify: async (handle: KeyHandle, digest: Uint8Array, signature: Uint8Array) => {
      const key = handle.publicKey;
      if (signature.length !== modulusLengthOf(key)) return false;
      const encoded = publicOperation(key, signature);
      return encoded !== null && encoding.matches(encoded, digest);
    },
  });
}

/** RSAVP1; null for a signature that is not below the modulus (RFC 8017, 5.2.2). */
function publicOperation(key: KeyObject, signature: Uint8Array): Uint8Array | null {
  try {
    return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return null;
  }
}

/** Bytes of the modulus; every spec's modulus has a whole number of them. */
export function modulusLengthOf(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
}

/** The bare block of type 1 around what `infoOf` makes of the digest. */
export function pkcs1Block(
  messageLength: number | null,
  infoOf: (digest: Uint8Array) => Uint8Array,
): SignatureForm {
  return encodedForm(messageLength, {
    encode: infoOf,
    signPadding: constants.RSA_PKCS1_PADDING,
    matches: (encoded, digest) => sameBytes(encoded, blockAround(infoOf(digest), encoded.length)),
  });
}

//= rfc8017 9.2: EM = 00 01 FF.. 00 T, compared whole, so that nothing is parsed
function blockAround(digestInfo: Uint8Array, length: number): Uint8Array {
  const block = Buffer.alloc(length, 0xff);
  const start = length - digestInfo.length;
  block[0] = 0;
  block[1] = 1;
  block[start - 1] = 0;
  block.set(digestInfo, start);
  return block;
}

//= rfc8017 9.1.1: EMSA-PSS-ENCODE with emBits = 8 * length - 1
function encodePss(hash: Hash, digest: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  const seed = saltedHash(hash, digest, salt);
  const block = Buffer.alloc(length);
  const maskedLength = length - hash.length - 1;
  block[maskedLength - salt.length - 1] = 1;
  block.set(salt, maskedLength - salt.length);
  xorInto(block.subarray(0, maskedLength), maskOf(hash, seed, maskedLength));
  block[0] = (block[0] as number) & 0x7f;
  block.set(seed, maskedLength);
  block[length - 1] = 0xbc;
  return block;
}

//= rfc8017 9.1.2: EMSA-PSS-VERIFY, step by step; all of `encoded` is public
function matchesPss(hash: Hash, encoded: Uint8Array, digest: Uint8Array, saltLength: SaltLength): boolean {
  const maskedLength = encoded.length - hash.length - 1;
  if (encoded[encoded.length - 1] !== 0xbc || (encoded[0] as number) & 0x80) return false;
  const seed = encoded.subarray(maskedLength, maskedLength + hash.length);
  const block = Buffer.from(encoded.subarray(0, maskedLength));
  xorInto(block, maskOf(hash, seed, maskedLength));
  block[0] = (block[0] as number) & 0x7f;
  // after the zeros comes the 1 that ends them, and the rest is the salt
  const end = block.findIndex((byte) => byte !== 0);
  const salt = block.subarray(end + 1);
  if (block[end] !== 1 || (saltLength !== 'auto' && salt.length !== saltLength)) return false;
  return sameBytes(seed, saltedHash(hash, digest, salt));
}

/** H = Hash(eight zero bytes, digest, salt). */
function saltedHash(hash: Hash, digest: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash(hash.name).update(new Uint8Array(8)).update(digest).update(salt).digest();
}

//= rfc8017 B.2.1: MGF1
function maskOf(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const mask = Buffer.alloc(Math.ceil(length / hash.length) * hash.length);
  const input = Buffer.alloc(seed.length + 4);
  input.set(seed);
  for (let counter = 0; counter * hash.length < length; counter++) {
    input.writeUInt32BE(counter, seed.length);
    mask.set(hashOnce(hash.name, input, 'buffer'), counter * hash.length);
  }
  return mask.subarray(0, length);
}

function xorInto(target: Uint8Array, mask: Uint8Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] as number) ^ (mask[index] as number);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

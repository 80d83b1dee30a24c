import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';
import { type AlgorithmName, ClavigerError, factsOf, type KeySpec } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { type Hash, type HashName, hashOf } from './hashes.ts';
import { handleOf, type KeyHandle, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import { modulusLengthOf } from './signature-rsa.ts';
import { type PairShape, specShapes } from './spec-shapes.ts';

/** The longest message that RSA-OAEP takes under a key of this spec, in bytes (RFC 8017, 7.1.1). */
export function oaepPlaintextMax(spec: KeySpec, algorithm: AlgorithmName): number {
  const { hash } = algorithmOf('rsa-encryption', algorithm, spec);
  const shape = specShapes[spec] as PairShape;
  return oaepLongest(hash, Number(shape.options.modulusLength) / 8);
}

/**
 * Encrypts with RSA-OAEP, MGF1 of the same hash, empty label. Throws `input-invalid` for what is too long.
 */
export function encryptRsa(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  plaintext: Uint8Array,
): Uint8Array {
  const handle = handleOf(material);
  const { hash } = algorithmOf('rsa-encryption', algorithm, handle.spec);
  const longest = oaepPlaintextMax(handle.spec, algorithm);
  if (plaintext.length > longest) {
    throw new ClavigerError('input-invalid', `${algorithm} takes at most ${longest} bytes under this key.`, {
      details: { bytesMax: longest, algorithm, spec: handle.spec },
    });
  }
  return publicEncrypt({ key: handle.publicKey, ...oaep(hash) }, plaintext);
}

/** Decrypts RSA-OAEP; the caller wipes the result. Throws `ciphertext-invalid`, never saying why. */
export function decryptRsa(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  ciphertext: Uint8Array,
): Uint8Array {
  const handle = handleOf(material);
  const { hash } = algorithmOf('rsa-encryption', algorithm, handle.spec);
  return decryptPadded(privateKeyOf(handle), oaep(hash), ciphertext);
}

/**
 * How RSA encrypts where the caller chooses: OAEP with MGF1 of the same hash and an empty label, or the
 * padding of PKCS #1 v1.5. Whether a choice is permitted is the caller's rule.
 */
export type RsaEncryptionChoice =
  | { readonly padding: 'OAEP'; readonly hash: HashName }
  | { readonly padding: 'PKCS1' };

/** Encrypts as chosen. Throws `input-invalid` for what is too long, `algorithm-forbids` for a key that is not RSA. */
export function encryptRsaWith(
  material: KeyMaterial,
  choice: RsaEncryptionChoice,
  plaintext: Uint8Array,
): Uint8Array {
  return encryptPadded(rsaOf(material).publicKey, choice, plaintext);
}

/** The same under a public key that need not be of one of the specs. */
export function encryptPadded(
  key: KeyObject,
  choice: RsaEncryptionChoice,
  plaintext: Uint8Array,
): Uint8Array {
  const longest = plaintextMax(choice, modulusLengthOf(key));
  if (plaintext.length <= longest) return publicEncrypt({ key, ...paddingOf(choice) }, plaintext);
  throw new ClavigerError(
    'input-invalid',
    longest < 0
      ? 'The modulus of the key is too short for the hash.'
      : `With this padding, a key of this size encrypts at most ${longest} bytes.`,
    { details: { bytesMax: Math.max(longest, 0) } },
  );
}

/**
 * Decrypts as chosen; the caller wipes the result. With OAEP, throws `ciphertext-invalid` for everything that
 * was not encrypted so, never saying why. PKCS #1 v1.5 authenticates nothing: what was not encrypted so
 * decrypts to bytes that depend on key and ciphertext alone and look random (implicit rejection of OpenSSL),
 * so that no answer is an oracle; only a wrong length, or a number that is not below the modulus, is
 * `ciphertext-invalid`. Throws `algorithm-forbids` for a key that is not RSA.
 */
export function decryptRsaWith(
  material: KeyMaterial,
  choice: RsaEncryptionChoice,
  ciphertext: Uint8Array,
): Uint8Array {
  return decryptPadded(privateKeyOf(rsaOf(material)), paddingOf(choice), ciphertext);
}

function rsaOf(material: KeyMaterial): KeyHandle {
  const handle = handleOf(material);
  if (factsOf(handle.spec).family === 'rsa') return handle;
  throw new ClavigerError('algorithm-forbids', `A key of spec ${handle.spec} does not encrypt with RSA.`);
}

type Padding = { readonly padding: number; readonly oaepHash?: string };

function decryptPadded(key: KeyObject, padding: Padding, ciphertext: Uint8Array): Uint8Array {
  try {
    if (ciphertext.length === modulusLengthOf(key)) return privateDecrypt({ key, ...padding }, ciphertext);
  } catch {
    // all failures are one, below: a difference would be an oracle (RFC 8017, 7.1.2 note)
  }
  throw new ClavigerError('ciphertext-invalid', 'The ciphertext does not decrypt under this key.');
}

function plaintextMax(choice: RsaEncryptionChoice, modulusLength: number): number {
  //= rfc8017 7.2.1 step 1: at least eight bytes of padding
  if (choice.padding === 'PKCS1') return modulusLength - 11;
  return oaepLongest(hashOf(choice.hash), modulusLength);
}

//= rfc8017 7.1.1 step 1
function oaepLongest(hash: Hash, modulusLength: number): number {
  return modulusLength - 2 * hash.length - 2;
}

function paddingOf(choice: RsaEncryptionChoice): Padding {
  if (choice.padding === 'PKCS1') return { padding: constants.RSA_PKCS1_PADDING };
  return oaep(hashOf(choice.hash));
}

function oaep(hash: Hash): Padding {
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name };
}

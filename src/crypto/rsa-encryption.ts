import { constants, privateDecrypt, publicEncrypt } from 'node:crypto';
import { type AlgorithmName, ClavigerError, type KeySpec } from '#domain';
import { algorithmOf } from './algorithms.ts';
import type { Hash } from './hashes.ts';
import { handleOf, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import { modulusLengthOf } from './signature-rsa.ts';
import { type PairShape, specShapes } from './spec-shapes.ts';

/** The longest message that RSA-OAEP takes under a key of this spec, in bytes (RFC 8017, 7.1.1). */
export function oaepPlaintextMax(spec: KeySpec, algorithm: AlgorithmName): number {
  const { hash } = algorithmOf('rsa-encryption', algorithm, spec);
  const shape = specShapes[spec] as PairShape;
  return Number(shape.options.modulusLength) / 8 - 2 * hash.length - 2;
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
  const key = privateKeyOf(handle);
  try {
    if (ciphertext.length === modulusLengthOf(key)) return privateDecrypt({ key, ...oaep(hash) }, ciphertext);
  } catch {
    // all failures are one, below: a difference would be an oracle (RFC 8017, 7.1.2 note)
  }
  throw new ClavigerError('ciphertext-invalid', 'The ciphertext does not decrypt under this key.');
}

function oaep(hash: Hash): { padding: number; oaepHash: string } {
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name };
}

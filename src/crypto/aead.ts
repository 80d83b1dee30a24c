import { type AlgorithmName, ClavigerError } from '#domain';
import { type AeadAlgorithm, cipherRun, decrypt, encryptInto, tagLength } from './aead-ciphers.ts';
import { algorithmOf } from './algorithms.ts';
import { handleOf, type KeyHandle, type KeyMaterial } from './key-handle.ts';
import { fillNonce } from './random.ts';

/**
 * Seals a message with associated data: nonce (12 bytes; 24 for XAES-256-GCM), ciphertext, tag (16), in one
 * new array. Nonces are random. Throws `algorithm-forbids` where the key's spec does not offer the algorithm.
 */
export function seal(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const handle = handleOf(material);
  const entry = algorithmOf('aead', algorithm, handle.spec);
  const sealed = Buffer.allocUnsafe(entry.nonceLength + plaintext.length + tagLength);
  const key = entry.sealKey(handle, sealed);
  fillNonce(sealed, entry.nonceLength - 12, 12);
  encryptInto(sealed.subarray(entry.nonceLength), cipherRun(entry, handle, key, sealed), plaintext, aad);
  return sealed;
}

/**
 * Opens what `seal` made; the caller wipes the result. Throws `ciphertext-invalid` for everything that does
 * not authenticate: the error does not tell whether the bytes, the associated data or the key were wrong.
 */
export function open(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const handle = handleOf(material);
  return openWith(algorithmOf('aead', algorithm, handle.spec), handle, sealed, aad);
}

function openWith(entry: AeadAlgorithm, handle: KeyHandle, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  if (sealed.length < entry.nonceLength + tagLength) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext is shorter than a nonce and a tag.');
  }
  const key = entry.openKey(handle, sealed);
  return decrypt(cipherRun(entry, handle, key, sealed), sealed.subarray(entry.nonceLength), aad);
}

/** Bytes that sealing adds to a message. */
export function sealOverhead(algorithm: AlgorithmName, material: KeyMaterial): number {
  return algorithmOf('aead', algorithm, handleOf(material).spec).nonceLength + tagLength;
}

import { decapsulate as decapsulateNative, encapsulate as encapsulateNative } from 'node:crypto';
import { ClavigerError } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { handleOf, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import { SecretBytes } from './secret-bytes.ts';

export type Encapsulated = { readonly ciphertext: Uint8Array; readonly secret: SecretBytes };

/**
 * Makes a fresh 32-byte secret and encapsulates it to the key's public half (ML-KEM, FIPS 203, algorithm 20).
 */
export function encapsulate(material: KeyMaterial): Encapsulated {
  const handle = handleOf(material);
  algorithmOf('kem', 'ML_KEM', handle.spec);
  const { ciphertext, sharedKey } = encapsulateNative(handle.publicKey);
  return { ciphertext, secret: SecretBytes.take(sharedKey) };
}

/**
 * The encapsulated secret (FIPS 203, algorithm 21). Throws `ciphertext-invalid` for a ciphertext of a wrong
 * length. A ciphertext of the right length that was made for another key gives an unrelated secret and no
 * error: that is how ML-KEM rejects.
 */
export function decapsulate(material: KeyMaterial, ciphertext: Uint8Array): SecretBytes {
  const handle = handleOf(material);
  const { ciphertextLengths } = algorithmOf('kem', 'ML_KEM', handle.spec);
  const privateKey = privateKeyOf(handle);
  if (ciphertext.length !== ciphertextLengths[handle.spec]) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext has not the length of an encapsulation.');
  }
  return SecretBytes.take(decapsulateNative(privateKey, ciphertext));
}

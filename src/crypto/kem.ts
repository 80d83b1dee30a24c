import { decapsulate as openSecretOf, encapsulate as newSecretFor } from 'node:crypto';
import { ClavigerError } from '#domain';
import { type KeyMaterial, publicOf, secretOf } from './material.ts';
import { SecretBytes } from './secret-bytes.ts';

const ciphertextBytes: Readonly<Record<string, number>> = {
  ML_KEM_512: 768,
  ML_KEM_768: 1088,
  ML_KEM_1024: 1568,
};

/** A fresh shared secret (32 bytes) and the ciphertext from which the key's holder learns it (FIPS 203). */
export function encapsulate(material: KeyMaterial): { ciphertext: Uint8Array; secret: SecretBytes } {
  const { ciphertext, sharedKey } = newSecretFor(publicOf(material));
  return { ciphertext, secret: SecretBytes.take(sharedKey) };
}

/** The shared secret of a ciphertext. One of a wrong length is `ciphertext-invalid`; a forged one gives another secret. */
export function decapsulate(material: KeyMaterial, ciphertext: Uint8Array): SecretBytes {
  if (ciphertext.length !== ciphertextBytes[material.spec]) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext has a wrong length for this key.');
  }
  return SecretBytes.take(openSecretOf(secretOf(material), Buffer.from(ciphertext)));
}

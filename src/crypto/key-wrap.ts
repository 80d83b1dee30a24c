import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type AlgorithmName, ClavigerError } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { handleOf, type KeyHandle, type KeyMaterial } from './key-handle.ts';
import type { WrapAlgorithm } from './key-wraps.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * Wraps a secret: AES-KW (RFC 3394; secrets of 16 bytes and more, a multiple of 8) or AES-KWP (RFC 5649; 1
 * byte and more). Throws `input-invalid` for another length.
 */
export function wrapKey(algorithm: AlgorithmName, material: KeyMaterial, secret: SecretBytes): Uint8Array {
  const handle = handleOf(material);
  const entry = algorithmOf('wrap', algorithm, handle.spec);
  if (!entry.takes(secret.length)) {
    throw new ClavigerError(
      'input-invalid',
      `${algorithm} does not take a secret of ${secret.length} bytes.`,
    );
  }
  const cipher = createCipheriv(cipherName(entry, handle), handle.key, entry.initialValue);
  return secret.use((bytes) => cipher.update(bytes));
}

/** Unwraps what `wrapKey` made. Throws `ciphertext-invalid` for everything that does not authenticate. */
export function unwrapKey(algorithm: AlgorithmName, material: KeyMaterial, wrapped: Uint8Array): SecretBytes {
  const handle = handleOf(material);
  const entry = algorithmOf('wrap', algorithm, handle.spec);
  // OpenSSL accepts an empty input as an empty key: lengths are refused first
  if (wrapped.length < entry.wrappedLengthMin || wrapped.length % 8 !== 0) throw notWrapped();
  const decipher = createDecipheriv(cipherName(entry, handle), handle.key, entry.initialValue);
  let secret: Uint8Array;
  try {
    secret = decipher.update(wrapped);
  } catch (cause) {
    throw notWrapped(cause);
  }
  if (entry.takes(secret.length)) return SecretBytes.take(secret);
  secret.fill(0);
  throw notWrapped();
}

function notWrapped(cause?: unknown): ClavigerError {
  return new ClavigerError('ciphertext-invalid', 'The wrapped key does not unwrap under this key.', {
    cause,
  });
}

function cipherName(entry: WrapAlgorithm, handle: KeyHandle): string {
  return entry.cipherOf[handle.spec] as string;
}

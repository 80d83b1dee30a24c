import { createHmac } from 'node:crypto';
import { SecretBytes } from './secret-bytes.ts';

/**
 * Names material without giving it away: HMAC-SHA-256 under `key` over the length of the context (32 bits,
 * big endian), the context (UTF-8) and the material; 64 lower-case hexadecimal characters. Equal exactly when
 * key, context and material are.
 */
export function keyedFingerprint(key: SecretBytes, context: string, material: SecretBytes): string {
  const words = Buffer.from(context, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(words.length);
  return key.use((keyBytes) =>
    material.use((bytes) =>
      createHmac('sha256', keyBytes).update(length).update(words).update(bytes).digest('hex'),
    ),
  );
}

/** A key for fingerprints, 32 bytes, that is a function of another key and of words: HMAC-SHA-256 under the key over the words. */
export function fingerprintKey(key: SecretBytes, words: string): SecretBytes {
  return SecretBytes.take(key.use((bytes) => createHmac('sha256', bytes).update(words, 'utf8').digest()));
}

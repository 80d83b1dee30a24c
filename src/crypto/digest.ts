import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { SecretBytes } from './secret-bytes.ts';

export function sha256(data: Uint8Array | string): Buffer {
  return hash('sha256', data, 'buffer');
}

export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/** Compares in constant time; only the lengths may be told apart. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Identifies material without telling it: HMAC-SHA-256 of context and material under a key of the house; 64 hexadecimal characters. */
export function keyedFingerprint(key: SecretBytes, context: string, material: SecretBytes): string {
  return key.use((keyBytes) =>
    material.use((bytes) =>
      createHmac('sha256', keyBytes).update(context, 'utf8').update(Buffer.of(0)).update(bytes).digest('hex'),
    ),
  );
}

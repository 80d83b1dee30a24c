import { hash, timingSafeEqual } from 'node:crypto';
import { type HashName, hashOf } from './hashes.ts';

/** SHA-256 of bytes, or of a string's UTF-8 form: 32 bytes. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return hash('sha256', data, 'buffer');
}

/** SHA-256 as 64 lower-case hexadecimal characters. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/** The digest of bytes under a hash function that the caller chose; 20 to 64 bytes. */
export function digestOf(name: HashName, data: Uint8Array): Uint8Array {
  return hash(hashOf(name).name, data, 'buffer');
}

/** Whether both hold the same bytes; the time tells the lengths and nothing else. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

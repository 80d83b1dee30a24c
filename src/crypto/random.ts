import { randomFillSync, randomUUID } from 'node:crypto';

const poolBytes = 16_384;
const pool = { bytes: Buffer.alloc(0), at: 0 };

/** Fresh random bytes from OpenSSL's generator. */
export function randomBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  return randomFillSync(bytes);
}

/** Writes a nonce into `target`: random bytes from a pool, each handed out once. For nonces, never for keys. */
export function fillNonce(target: Buffer, offset: number, length: number): void {
  if (pool.at + length > pool.bytes.length) {
    if (pool.bytes.length === 0) pool.bytes = Buffer.allocUnsafeSlow(poolBytes);
    randomFillSync(pool.bytes);
    pool.at = 0;
  }
  pool.bytes.copy(target, offset, pool.at, pool.at + length);
  pool.bytes.fill(0, pool.at, pool.at + length);
  pool.at += length;
}

/** A random UUID (version 4). */
export function newId(): string {
  return randomUUID();
}

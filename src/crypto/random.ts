import { randomFillSync, randomUUID } from 'node:crypto';

const poolLength = 8192;
const pool = Buffer.allocUnsafeSlow(poolLength);
let next = poolLength;

/** Fresh random bytes in memory of their own. */
export function randomBytes(length: number): Uint8Array {
  return randomFillSync(Buffer.allocUnsafeSlow(length));
}

/**
 * Fills a part of `target` with random bytes from a pool that is drawn ahead: a call to the system's
 * generator for each nonce would cost more than the sealing. Each byte is handed out once and overwritten in
 * the pool at once. For nonces and identifiers; keys are drawn with `SecretBytes.random`.
 */
export function fillNonce(target: Uint8Array, start: number, length: number): void {
  if (length > poolLength - next) {
    if (length > poolLength) {
      randomFillSync(target, start, length);
      return;
    }
    randomFillSync(pool);
    next = 0;
  }
  for (let index = 0; index < length; index++) {
    target[start + index] = pool[next] as number;
    pool[next] = 0;
    next += 1;
  }
}

/** A random nonce from the pool, in memory of its own. */
export function randomNonce(length: number): Uint8Array {
  const nonce = new Uint8Array(length);
  fillNonce(nonce, 0, length);
  return nonce;
}

/** A new random identifier: UUID version 4, lower case (RFC 9562, 5.4). */
export function newId(): string {
  return randomUUID();
}

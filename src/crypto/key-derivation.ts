import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { ClavigerError } from '#domain';
import type { Hash } from './hashes.ts';

/** What is derived, and for what. */
export type DerivationInput = {
  /** HKDF: the salt. KBKDF: the Label, as in OpenSSL. */
  readonly salt: Uint8Array;
  /** HKDF: the info. KBKDF: the Context, as in OpenSSL. At most 1024 bytes. */
  readonly info: Uint8Array;
  /** Bytes to derive: 1 to 255 times the hash. */
  readonly length: number;
};

export type KdfAlgorithm = {
  readonly kind: 'kdf';
  readonly lengthMax: number;
  derive(key: KeyObject, input: DerivationInput): Uint8Array;
};

/** HKDF, extract and expand (RFC 5869). */
export function hkdf(hash: Hash): KdfAlgorithm {
  return Object.freeze({
    kind: 'kdf',
    lengthMax: 255 * hash.length,
    derive: (key: KeyObject, input: DerivationInput) =>
      new Uint8Array(hkdfSync(hash.name, key, input.salt, input.info, input.length)),
  });
}

/** KDF in counter mode over HMAC (SP 800-108r1, 4.1), a 32-bit counter before the fixed input, a 32-bit L. */
export function kbkdf(hash: Hash): KdfAlgorithm {
  return Object.freeze({
    kind: 'kdf',
    lengthMax: 255 * hash.length,
    derive: (key: KeyObject, input: DerivationInput) =>
      counterMode(hash, key, fixedInput(input), input.length),
  });
}

//= sp800-108r1 4: Label || 00 || Context || [L]2
function fixedInput(input: DerivationInput): Uint8Array {
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(input.length * 8);
  return Buffer.concat([input.salt, Buffer.alloc(1), input.info, bits]);
}

//= sp800-108r1 4.1: K(i) = PRF(KIN, [i]2 || fixed input)
/** The counter mode itself, over any fixed input; `length` in bytes. */
export function counterMode(hash: Hash, key: KeyObject, fixed: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil(length / hash.length);
  const counter = Buffer.alloc(4);
  const output = Buffer.allocUnsafeSlow(length);
  for (let index = 0; index < blocks; index++) {
    counter.writeUInt32BE(index + 1);
    const block = createHmac(hash.name, key).update(counter).update(fixed).digest();
    output.set(block.subarray(0, length - index * hash.length), index * hash.length);
    block.fill(0);
  }
  return output;
}

/** Refuses lengths that the algorithms do not have, before any work. */
export function requireDerivable(algorithm: KdfAlgorithm, input: DerivationInput): void {
  if (!Number.isSafeInteger(input.length) || input.length < 1 || input.length > algorithm.lengthMax) {
    throw new ClavigerError('input-invalid', `A derived key has 1 to ${algorithm.lengthMax} bytes here.`);
  }
  if (input.info.length <= 1024) return;
  throw new ClavigerError('input-invalid', 'The info of a derivation has at most 1024 bytes.');
}

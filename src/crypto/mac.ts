import { createHmac } from 'node:crypto';
import { type AlgorithmName, ClavigerError, factsOf } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { constantTimeEqual } from './digest.ts';
import { type HashName, hashOf } from './hashes.ts';
import { handleOf, type KeyMaterial } from './key-handle.ts';

/** The authentication code of a message, never truncated. */
export function mac(algorithm: AlgorithmName, material: KeyMaterial, message: Uint8Array): Uint8Array {
  const handle = handleOf(material);
  return algorithmOf('mac', algorithm, handle.spec).compute(handle, message);
}

/** Whether a code is that of the message: whole, and compared in constant time. */
export function verifyMac(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  code: Uint8Array,
): boolean {
  return constantTimeEqual(mac(algorithm, material, message), code);
}

/**
 * HMAC (FIPS 198-1) with a hash function that the caller chose, whole. Throws `algorithm-forbids` where the
 * key is not one for HMAC; `companionMacMaterial` makes one of any other.
 */
export function hmacWith(name: HashName, material: KeyMaterial, message: Uint8Array): Uint8Array {
  const { spec, key } = handleOf(material);
  if (factsOf(spec).family !== 'hmac')
    throw new ClavigerError('algorithm-forbids', `A key of spec ${spec} does not do HMAC.`);
  return createHmac(hashOf(name).name, key).update(message).digest();
}

/** Whether a code is the HMAC of the message: whole, and compared in constant time. Throws like `hmacWith`. */
export function verifyHmacWith(
  name: HashName,
  material: KeyMaterial,
  message: Uint8Array,
  code: Uint8Array,
): boolean {
  return constantTimeEqual(hmacWith(name, material, message), code);
}

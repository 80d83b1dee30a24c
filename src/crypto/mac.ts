import type { AlgorithmName } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { constantTimeEqual } from './digest.ts';
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

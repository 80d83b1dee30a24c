import type { AlgorithmName } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { type DerivationInput, requireDerivable } from './key-derivation.ts';
import { handleOf, type KeyMaterial } from './key-handle.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * Derives a secret from a derivation key. Throws `input-invalid` for a length that the algorithm does not
 * have.
 */
export function deriveKey(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  input: DerivationInput,
): SecretBytes {
  const handle = handleOf(material);
  const entry = algorithmOf('kdf', algorithm, handle.spec);
  requireDerivable(entry, input);
  return SecretBytes.take(entry.derive(handle.key, input));
}

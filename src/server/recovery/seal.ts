import { constantTimeEqual, keyedFingerprint, SecretBytes } from '#crypto';
import { StopError } from '#domain';
import type { Manifest, SealedManifest } from './content.ts';

/**
 * What only this house can say of a backup, 64 hexadecimal characters: everybody can encrypt to the holders' public keys, and a forged
 * backup would bring principals and policies of its own.
 */
export function sealOf(houseKey: SecretBytes, id: string, manifest: Manifest): string {
  const { rows, keys, sha256, sequence, heads } = manifest;
  using said = SecretBytes.copyOf(
    Buffer.from(JSON.stringify({ rows, keys, sha256, sequence, heads }), 'utf8'),
  );
  return keyedFingerprint(houseKey, `claviger backup ${id}`, said);
}

/** Throws a StopError unless the house that this key belongs to made the backup. */
export function requireSealed(houseKey: SecretBytes, id: string, manifest: SealedManifest): void {
  const wanted = Buffer.from(sealOf(houseKey, id, manifest), 'latin1');
  if (constantTimeEqual(wanted, Buffer.from(manifest.seal, 'latin1'))) return;
  throw new StopError('integrity-failed', 'The backup was not made by this house, or was changed since.');
}

import type { KeyObject } from 'node:crypto';
import { checkContent, type Manifest } from './content.ts';
import { readEscrow } from './escrow.ts';
import type { FileHead } from './head.ts';
import { openFileKey, openSealedFile } from './sealed-file.ts';

export type VerifiedFile = {
  readonly head: FileHead;
  readonly bytes: number;
  /** Whether every part was opened and found as it was written; false: only the frame was looked at. */
  readonly opened: boolean;
  readonly manifest: Manifest | null;
  readonly escrow: { readonly secrets: number; readonly destroyed: number } | null;
};

/**
 * Looks at a backup or escrow. Without holders' keys it reads the head and the lengths, which proves that the file is of the right form
 * and not that nobody changed it; with enough of them it reads and authenticates everything.
 */
export async function verifyFile(file: string, keys: readonly KeyObject[]): Promise<VerifiedFile> {
  const sealed = await openSealedFile(file, null);
  const seen = { head: sealed.head, bytes: sealed.headBytes.length + sealed.contentBytes };
  if (keys.length === 0) return { ...seen, opened: false, manifest: null, escrow: null };
  using key = await openFileKey(sealed, keys);
  if (sealed.head.kind === 'backup')
    return { ...seen, opened: true, manifest: await checkContent(sealed, key), escrow: null };
  const { secrets, destroyed } = await readEscrow(sealed, key);
  return {
    ...seen,
    opened: true,
    manifest: null,
    escrow: { secrets: secrets.size, destroyed: destroyed.size },
  };
}

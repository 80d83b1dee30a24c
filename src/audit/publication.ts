import fs from 'node:fs';
import path from 'node:path';
import { type Checkpoint, type Signer, signedNote } from './checkpoint.ts';
import { replaceDurably } from './files.ts';
import { hashBytes } from './merkle-hash.ts';
import { bundlePath, type GrowingBundle, type TileFile, type TileFolder, tilePath } from './tile-files.ts';
import { type GrowingTree, tileWidth } from './tree.ts';

/** What one checkpoint is made of. */
export type Publication = Checkpoint & {
  /** Tiles and bundles that became full since the last one. */
  readonly full: readonly TileFile[];
  readonly partial: readonly TileFile[];
};

/** The unfinished tiles and the unfinished bundle, as they stand now. */
export function partialFiles(tree: GrowingTree, bundle: GrowingBundle): TileFile[] {
  const partial: TileFile[] = [];
  let count = tree.size;
  for (const [level, hashes] of tree.partialTiles().entries()) {
    if (hashes.length > 0) {
      const name = tilePath(level, Math.floor(count / tileWidth), hashes.length / hashBytes);
      partial.push({ name, content: () => hashes });
    }
    count = Math.floor(count / tileWidth);
  }
  if (bundle.count > 0) {
    const name = bundlePath(Math.floor(tree.size / tileWidth), bundle.count);
    const pieces = [...bundle.pieces];
    partial.push({ name, content: () => Buffer.concat(pieces) });
  }
  return partial;
}

/** Writes the tiles, then the signed checkpoint, then removes the partial tiles that nobody needs any more. */
export async function publish(
  folder: string,
  tiles: TileFolder,
  { full, partial, ...checkpoint }: Publication,
  signers: readonly Signer[],
): Promise<void> {
  for (const { name, content } of [...full, ...partial]) await tiles.put(name, content());
  await replaceDurably(path.join(folder, 'checkpoint'), await signedNote(checkpoint, signers));
  await tiles.keepOnlyPartial(partial.map(({ name }) => name));
}

/**
 * Partial tiles that stand between two sizes of the tree: those of the last checkpoint, and those of a publication
 * that a crash cut short.
 */
export function partialsBetween(folder: string, published: number, size: number): string[] {
  const found: string[] = [];
  const look = (place: string): void => {
    const partials = `${place}.p`;
    if (!fs.existsSync(path.join(folder, partials))) return;
    for (const width of fs.readdirSync(path.join(folder, partials))) found.push(`${partials}/${width}`);
  };
  for (let [level, first, last] = [0, published, size]; ; level += 1) {
    [first, last] = [Math.floor(first / tileWidth), Math.floor(last / tileWidth)];
    for (let index = first; index <= last; index += 1) {
      look(tilePath(level, index, tileWidth));
      if (level === 0) look(bundlePath(index, tileWidth));
    }
    if (last === 0) return found;
  }
}

import fs from 'node:fs/promises';
import path from 'node:path';
import { ClavigerError } from '#domain';
import { type FullTile, tileWidth } from './tree.ts';

//= c2sp.org/tlog-tiles: an index is written in groups of three digits, all but the last with an x before
function indexPath(index: number): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
}

/** Where a tile of hashes stands; `width` below 256 for a partial one. */
export function tilePath(level: number, index: number, width: number): string {
  const full = path.join('tile', String(level), indexPath(index));
  return width === 256 ? full : `${full}.p/${width}`;
}

/** Where a bundle of entries stands. */
export function bundlePath(index: number, width: number): string {
  const full = path.join('tile', 'entries', indexPath(index));
  return width === 256 ? full : `${full}.p/${width}`;
}

/** A bundle: each entry after its length, two bytes, big-endian. */
export function bundleBytes(entries: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
  }
  return Buffer.concat(parts);
}

/** The entries of a bundle. Throws `integrity-failed` for bytes that are none. */
export function readBundle(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + (at + 2 <= bytes.length ? bytes.readUInt16BE(at) : bytes.length);
    if (end > bytes.length) throw new ClavigerError('integrity-failed', 'A bundle of the log is cut off.');
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** A file of the tile tree and what it holds. */
export type TileFile = { readonly name: string; readonly content: () => Uint8Array };

export function tileFile({ level, index, hashes }: FullTile): TileFile {
  return { name: tilePath(level, index, tileWidth), content: () => hashes };
}

export function bundleFile(index: number, pieces: readonly Buffer[]): TileFile {
  return { name: bundlePath(index, tileWidth), content: () => Buffer.concat(pieces) };
}

/**
 * The unfinished bundle. Entries stand in it as they stand in frames, so it is made of pieces of frames: no entry is a buffer of its
 * own.
 */
export class GrowingBundle {
  #pieces: Buffer[] = [];
  #count = 0;

  /** Goes on from the entries that are there. */
  constructor(entries: readonly Buffer[] = []) {
    this.add(bundleBytes(entries), entries, []);
  }

  /** How many entries are in it. */
  get count(): number {
    return this.#count;
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  /** Adds entries, which stand in `framed` each after its length; pieces of bundles that became full are pushed to `finished`. */
  add(framed: Buffer, entries: readonly { readonly length: number }[], finished: Buffer[][]): void {
    let [from, at] = [0, 0];
    for (const { length } of entries) {
      at += 2 + length;
      this.#count += 1;
      if (this.#count < tileWidth) continue;
      this.#pieces.push(framed.subarray(from, at));
      finished.push(this.#pieces);
      this.#pieces = [];
      this.#count = 0;
      from = at;
    }
    if (at > from) this.#pieces.push(framed.subarray(from, at));
  }
}

/** Writes tiles below a folder. They can be made again from the journal, so they need not be durable. */
export class TileFolder {
  readonly #folder: string;
  readonly #made = new Set<string>();
  readonly #partial: Set<string>;

  /** `partial`: the partial tiles that stand there from before. */
  constructor(folder: string, partial: readonly string[]) {
    this.#folder = folder;
    this.#partial = new Set(partial);
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    const file = path.join(this.#folder, name);
    const place = path.dirname(file);
    if (!this.#made.has(place)) {
      await fs.mkdir(place, { recursive: true, mode: 0o700 });
      if (this.#made.size > 10_000) this.#made.clear();
      this.#made.add(place);
    }
    if (name.includes('.p/')) this.#partial.add(name);
    // a crash must leave no half of a file under the name of a whole one
    await fs.writeFile(`${file}.new`, content, { mode: 0o600 });
    await fs.rename(`${file}.new`, file);
  }

  /** Removes the partial tiles of earlier checkpoints. */
  async keepOnlyPartial(names: readonly string[]): Promise<void> {
    for (const old of [...this.#partial].filter((name) => !names.includes(name))) {
      this.#partial.delete(old);
      const file = path.join(this.#folder, old);
      await fs.rm(file, { force: true });
      // empty once the tile is full
      const place = path.dirname(file);
      await fs.rmdir(place).then(
        () => this.#made.delete(place),
        () => undefined,
      );
    }
  }
}

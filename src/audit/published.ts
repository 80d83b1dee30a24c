import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ClavigerError } from '#domain';
import type { LogEntry, PublishedLog } from '#ports';
import { readNote } from './checkpoint.ts';
import { emptyRoot, hashBytes, leafHash, nodeHash } from './merkle-hash.ts';
import { bundlePath, readBundle, tilePath } from './tile-files.ts';
import { tileWidth } from './tree.ts';

/** The files of a log as one checkpoint has them; each is read once. */
export class Published {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly #folder: string;
  readonly #bundles = new Map<number, readonly Buffer[]>();
  #lastBundle: readonly Buffer[] | null = null;
  readonly #tiles = new Map<string, Buffer>();

  constructor(folder: string, note: string) {
    const { origin, size, root } = readNote(note);
    this.#folder = folder;
    this.note = note;
    this.origin = origin;
    this.size = size;
    this.root = root;
  }

  get bundles(): number {
    return Math.ceil(this.size / tileWidth);
  }

  async bundle(index: number): Promise<readonly Buffer[]> {
    const isLast = index === this.bundles - 1;
    const known = (isLast ? this.#lastBundle : null) ?? this.#bundles.get(index);
    if (known) return known;
    const width = Math.min(tileWidth, this.size - index * tileWidth);
    const entries = readBundle(await readFile(path.join(this.#folder, bundlePath(index, width))));
    if (entries.length !== width) throw damaged(bundlePath(index, width));
    if (this.#bundles.size > 64) this.#bundles.clear();
    this.#bundles.set(index, entries);
    return entries;
  }

  /**
   * Reads now what is unfinished: its files go when the next checkpoint comes. Rejects with ENOENT where that has happened already.
   */
  async pin(): Promise<void> {
    const last = this.bundles - 1;
    if (this.size % tileWidth !== 0) this.#lastBundle = await this.bundle(last);
    for (let [level, count] = [0, this.size]; count > 0; level += 1) {
      const whole = Math.floor(count / tileWidth);
      if (count % tileWidth !== 0) await this.tile(level, whole, count % tileWidth);
      count = whole;
    }
  }

  /** The root of `count` leaves (a power of two) from `begin`, a multiple of it. */
  async perfect(begin: number, count: number): Promise<Buffer> {
    let [level, unit] = [0, 1];
    for (; unit * tileWidth <= count; unit *= tileWidth) level += 1;
    const first = begin / unit;
    const tile = Math.floor(first / tileWidth);
    const hashes = await this.tile(level, tile, Math.floor(this.size / unit) - tile * tileWidth);
    const at = first - tile * tileWidth;
    let row = Array.from({ length: count / unit }, (_, offset) =>
      hashes.subarray((at + offset) * hashBytes, (at + offset + 1) * hashBytes),
    );
    while (row.length > 1)
      row = row.flatMap((hash, index) => (index % 2 === 0 ? [nodeHash(hash, row[index + 1] as Buffer)] : []));
    return row[0] as Buffer;
  }

  /** The hashes of a tile, of which `left` at most are there. */
  async tile(level: number, index: number, left: number): Promise<Buffer> {
    const name = tilePath(level, index, Math.min(tileWidth, left));
    const known = this.#tiles.get(name);
    if (known) return known;
    const bytes = await readFile(path.join(this.#folder, name));
    if (bytes.length !== Math.min(tileWidth, left) * hashBytes) throw damaged(name);
    // tiles of the lowest level are walked through once
    if (level > 0 || left < tileWidth || this.#tiles.size < 256) this.#tiles.set(name, bytes);
    return bytes;
  }
}

/** A file is not what the checkpoint says. */
export function damaged(name: string): ClavigerError {
  return new ClavigerError('integrity-failed', `The file ${name} of the audit log is damaged.`);
}

//= rfc6962 2.1: a range that is not perfect is split at the largest power of two below its length
export async function rangeRoot(log: Published, begin: number, end: number): Promise<Buffer> {
  const length = end - begin;
  let split = 1;
  while (split * 2 < length) split *= 2;
  if (length === 1 || split * 2 === length) return await log.perfect(begin, length);
  const left = await rangeRoot(log, begin, begin + split);
  return nodeHash(left, await rangeRoot(log, begin + split, end));
}

async function* entriesOf(log: Published, from: number): AsyncGenerator<readonly LogEntry[]> {
  for (let at = Math.floor(from / tileWidth); at < log.bundles; at += 1) {
    const entries = (await log.bundle(at)).map((entry, offset) => ({
      index: at * tileWidth + offset,
      entry,
    }));
    yield entries.filter(({ index }) => index >= from);
  }
}

/** The hashes as the tiles have them; each must be that of its entry. */
async function* leafHashesOf(log: Published): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < log.bundles; at += 1) {
    const hashes = await log.tile(0, at, log.size - at * tileWidth);
    for (const [offset, entry] of (await log.bundle(at)).entries()) {
      const hash = hashes.subarray(offset * hashBytes, (offset + 1) * hashBytes);
      if (!leafHash(entry).equals(hash)) throw damaged(bundlePath(at, tileWidth));
    }
    yield hashes;
  }
}

/** How often the log may publish while its unfinished files are read. */
const attemptsMax = 5;

/** What a log has published by its last checkpoint. Null: there is no log in the folder. */
export async function publishedLog(folder: string): Promise<PublishedLog | null> {
  for (let attempt = 1; ; attempt += 1) {
    const note = await readFile(path.join(folder, 'checkpoint'), 'utf8').catch(absent);
    if (note === null) return null;
    const log = new Published(folder, note);
    try {
      await log.pin();
      const root = (size: number) => (size === 0 ? Promise.resolve(emptyRoot()) : rangeRoot(log, 0, size));
      if (!(await root(log.size)).equals(log.root)) throw damaged('checkpoint');
      return {
        node: path.basename(folder),
        origin: log.origin,
        size: log.size,
        checkpoint: note,
        keys: await readFile(path.join(folder, 'keys.json'), 'utf8'),
        root,
        entries: (from = 0) => entriesOf(log, from),
        leafHashes: () => leafHashesOf(log),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attemptsMax) throw error;
    }
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

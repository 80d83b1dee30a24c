import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ClavigerError, type AuditEvent, type LogEvidence } from '#domain';
import { readNote } from './checkpoint.ts';
import { eventId, readEvent } from './event-text.ts';
import { hashBytes, leafHash, nodeHash } from './merkle-hash.ts';
import { inclusionProof, isIncluded } from './proofs.ts';
import { bundlePath, readBundle, tilePath } from './tile-files.ts';
import { tileWidth } from './tree.ts';

type Sought = Pick<AuditEvent, 'id' | 'at'>;

/** Bundles of 256 events that are looked through on either side of where the time of an event says that it is. */
const bundlesAside = 4096;
/** How often the log may publish while it is read. */
const attemptsMax = 5;

/** The files of a log as one checkpoint has them; each is read once. */
class Published {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly #folder: string;
  readonly #bundles = new Map<number, readonly Buffer[]>();
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
    const known = this.#bundles.get(index);
    if (known) return known;
    const width = Math.min(tileWidth, this.size - index * tileWidth);
    const entries = readBundle(await readFile(path.join(this.#folder, bundlePath(index, width))));
    if (entries.length !== width) throw damaged(bundlePath(index, width));
    if (this.#bundles.size > 64) this.#bundles.clear();
    this.#bundles.set(index, entries);
    return entries;
  }

  /** The root of `count` leaves (a power of two) from `begin`, a multiple of it. */
  async perfect(begin: number, count: number): Promise<Buffer> {
    let [level, unit] = [0, 1];
    for (; unit * tileWidth <= count; unit *= tileWidth) level += 1;
    const first = begin / unit;
    const tile = Math.floor(first / tileWidth);
    const hashes = await this.#tile(level, tile, Math.floor(this.size / unit) - tile * tileWidth);
    const at = first - tile * tileWidth;
    let row = Array.from({ length: count / unit }, (_, offset) =>
      hashes.subarray((at + offset) * hashBytes, (at + offset + 1) * hashBytes),
    );
    while (row.length > 1)
      row = row.flatMap((hash, index) => (index % 2 === 0 ? [nodeHash(hash, row[index + 1] as Buffer)] : []));
    return row[0] as Buffer;
  }

  async #tile(level: number, index: number, left: number): Promise<Buffer> {
    const name = tilePath(level, index, Math.min(tileWidth, left));
    const known = this.#tiles.get(name);
    if (known) return known;
    const bytes = await readFile(path.join(this.#folder, name));
    if (bytes.length !== Math.min(tileWidth, left) * hashBytes) throw damaged(name);
    this.#tiles.set(name, bytes);
    return bytes;
  }
}

function damaged(name: string): ClavigerError {
  return new ClavigerError('integrity-failed', `The file ${name} of the audit log is damaged.`);
}

async function timeOf(log: Published, index: number): Promise<number> {
  const [first] = await log.bundle(index);
  if (!first) throw damaged(bundlePath(index, tileWidth));
  return readEvent(first).at;
}

/** The last bundle that begins before a time; events stand nearly in the order of their times. */
async function bundleAt(log: Published, at: number): Promise<number> {
  let [low, high] = [0, log.bundles - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await timeOf(log, middle)) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function find(log: Published, { id, at }: Sought): Promise<number | null> {
  if (log.size === 0) return null;
  const start = await bundleAt(log, at);
  for (let aside = 0; aside <= bundlesAside; aside += 1) {
    const places = aside === 0 ? [start] : [start - aside, start + aside];
    for (const place of places.filter((index) => index >= 0 && index < log.bundles)) {
      const offset = (await log.bundle(place)).findIndex((entry) => eventId(entry) === id);
      if (offset >= 0) return place * tileWidth + offset;
    }
  }
  return null;
}

/** The roots that a proof asks for, which are looked up beforehand. */
async function proofOf(log: Published, index: number): Promise<Buffer[]> {
  const roots = new Map<string, Buffer>();
  const ranges: (readonly [number, number])[] = [];
  inclusionProof(index, log.size, (begin, end) => {
    ranges.push([begin, end]);
    return log.root;
  });
  for (const [begin, end] of ranges) roots.set(`${begin}-${end}`, await rangeRoot(log, begin, end));
  return inclusionProof(index, log.size, (begin, end) => roots.get(`${begin}-${end}`) as Buffer);
}

//= rfc6962 2.1: a range that is not perfect is split at the largest power of two below its length
async function rangeRoot(log: Published, begin: number, end: number): Promise<Buffer> {
  const length = end - begin;
  let split = 1;
  while (split * 2 < length) split *= 2;
  if (length === 1 || split * 2 === length) return await log.perfect(begin, length);
  const left = await rangeRoot(log, begin, begin + split);
  return nodeHash(left, await rangeRoot(log, begin + split, end));
}

async function evidenceNow(folder: string, sought: Sought): Promise<LogEvidence | null> {
  const log = new Published(folder, await readFile(path.join(folder, 'checkpoint'), 'utf8'));
  const index = await find(log, sought);
  if (index === null) return null;
  const entry = (await log.bundle(Math.floor(index / tileWidth)))[index % tileWidth] as Buffer;
  const proof = await proofOf(log, index);
  if (!isIncluded({ hash: leafHash(entry), index }, log, proof)) throw damaged(bundlePath(index, tileWidth));
  return {
    origin: log.origin,
    index,
    entry: entry.toString('base64'),
    proof: proof.map((hash) => hash.toString('base64')),
    checkpoint: log.note,
  };
}

/**
 * Finds an event in what a log has published, by its time and id, and proves it to be there. Null: there is no log in the folder, or no such event in
 * it. Rejects with `integrity-failed` for a damaged log.
 */
export async function logEvidence(folder: string, sought: Sought): Promise<LogEvidence | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await evidenceNow(folder, sought);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // a partial tile went when the next checkpoint came; or there is no log at all
      const exists = await readFile(path.join(folder, 'checkpoint')).then(
        () => true,
        () => false,
      );
      if (!exists) return null;
      if (attempt === attemptsMax) throw error;
    }
  }
}

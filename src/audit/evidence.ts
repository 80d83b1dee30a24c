import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AuditEvent, LogEvidence } from '#domain';
import { eventId, readEvent } from './event-text.ts';
import { leafHash } from './merkle-hash.ts';
import { inclusionProof, isIncluded } from './proofs.ts';
import { damaged, Published, rangeRoot } from './published.ts';
import { bundlePath } from './tile-files.ts';
import { tileWidth } from './tree.ts';

type Sought = Pick<AuditEvent, 'id' | 'at'>;

/** Bundles of 256 events that are looked through on either side of where the time of an event says that it is. */
const bundlesAside = 4096;
/** How often the log may publish while it is read. */
const attemptsMax = 5;

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

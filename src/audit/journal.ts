import fs from 'node:fs';
import path from 'node:path';
import { verify } from 'node:crypto';
import { StopError } from '#domain';
import { checkpointText, openNote, originOf } from './checkpoint.ts';
import { type LogFiles, realFiles, syncFolder } from './files.ts';
import type { LogKeys } from './keys.ts';
import { leafHash } from './merkle-hash.ts';
import { readSegment, segmentName, segmentStartBytes } from './segment.ts';
import { bundleFile, type TileFile, tileFile } from './tile-files.ts';
import { type FullTile, GrowingTree, tileWidth } from './tree.ts';

export type LogHeadReport = { readonly size: number; readonly root: string };

export type LogOptions = {
  readonly folder: string;
  readonly node: string;
  readonly keys: LogKeys;
  /** Told how far the log has come, once a checkpoint of it is published. */
  readonly onHead?: (head: LogHeadReport) => Promise<void>;
  /** How often a checkpoint is published. */
  readonly publishMillis?: number;
  readonly recoverMillis?: number;
  readonly files?: LogFiles;
  /** Told of what fails in the background. */
  readonly onProblem?: (what: string, error: unknown) => void;
};

/** What the log knows of the place where it writes. */
export type Position = { segment: number; fd: number; length: number };

/** A journal as it was found: the log goes on from here. */
export type Opened = {
  readonly tree: GrowingTree;
  readonly bundle: Buffer[];
  readonly position: Position;
  /** Tiles and bundles that the journal gives and the folder lacks. */
  readonly behind: readonly TileFile[];
};

/** Begins a segment, durably. */
export function createSegment(
  folder: string,
  number: number,
  start: Parameters<typeof segmentStartBytes>[0],
): { fd: number; length: number } {
  const file = path.join(folder, 'journal', segmentName(number));
  const bytes = segmentStartBytes(start);
  const fd = fs.openSync(file, 'w+', 0o600);
  realFiles.write(fd, bytes, 0);
  fs.fsyncSync(fd);
  syncFolder(path.dirname(file));
  return { fd, length: bytes.length };
}

/** Names of the journal's segments, in order. */
export function segmentNumbers(folder: string): number[] {
  return fs
    .readdirSync(path.join(folder, 'journal'))
    .filter((name) => /^[0-9]{6}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

const emptyStart = (node: string) => ({ node, tree: { size: 0, peaks: [], levels: [] }, bundle: [] });

/** Continues the last segment, checking every frame of it; a torn end is set aside. */
export function openJournal(options: LogOptions): Opened {
  const { folder, node } = options;
  const numbers = segmentNumbers(folder);
  const last = numbers.at(-1);
  const behind: TileFile[] = [];
  const tiles: FullTile[] = [];
  if (last === undefined) {
    if (fs.existsSync(path.join(folder, 'checkpoint'))) {
      throw new StopError(
        'integrity-failed',
        `The audit journal in ${folder} is gone, but its checkpoint is there.`,
      );
    }
    const created = createSegment(folder, 1, emptyStart(node));
    return { tree: new GrowingTree(), bundle: [], position: { segment: 1, ...created }, behind };
  }
  const file = path.join(folder, 'journal', segmentName(last));
  const bytes = fs.readFileSync(file);
  const segment = readSegment(bytes, file);
  if (!segment) {
    // the head of a new segment was not finished: the one before it goes on
    fs.renameSync(file, `${file}.torn-${Date.now()}`);
    syncFolder(path.dirname(file));
    return openJournal(options);
  }
  if (segment.start.node !== node) {
    throw new StopError(
      'integrity-failed',
      `The audit journal ${file} belongs to ${segment.start.node}, not ${node}.`,
    );
  }
  const tree = new GrowingTree(segment.start.tree);
  let bundle: Buffer[] = segment.start.bundle.map((text) => Buffer.from(text, 'base64'));
  for (const frame of segment.frames) {
    if (frame.firstIndex !== tree.size)
      throw new StopError('integrity-failed', `The audit journal ${file} has a gap.`);
    for (const entry of frame.entries) {
      bundle.push(entry);
      if (bundle.length === tileWidth) {
        behind.push(bundleFile(Math.floor(tree.size / tileWidth), bundle));
        bundle = [];
      }
      tree.append(leafHash(entry), tiles);
    }
    const text = checkpointText({ origin: originOf(node), size: frame.size, root: frame.root });
    const { publicKey } = options.keys.ed25519;
    if (!tree.root().equals(frame.root) || !verify(null, Buffer.from(text), publicKey, frame.signature)) {
      throw new StopError(
        'integrity-failed',
        `The audit journal ${file} was changed before byte ${frame.end}.`,
      );
    }
  }
  if (segment.end < bytes.length) {
    fs.writeFileSync(`${file}.torn-${Date.now()}`, bytes.subarray(segment.end), { mode: 0o600 });
    fs.truncateSync(file, segment.end);
  }
  const fd = fs.openSync(file, 'r+');
  fs.fsyncSync(fd);
  // what is full already is written again only where it is missing
  const missing = [...behind, ...tiles.map(tileFile)].filter(
    ({ name }) => !fs.existsSync(path.join(folder, name)),
  );
  return { tree, bundle, position: { segment: last, fd, length: segment.end }, behind: missing };
}

/** Throws a StopError where the published checkpoint knows of more than the journal holds. */
export function requireCheckpointCovered(options: LogOptions, size: number): void {
  const file = path.join(options.folder, 'checkpoint');
  if (!fs.existsSync(file)) return;
  const { ed25519, mlDsa44 } = options.keys;
  const checkpoint = openNote(fs.readFileSync(file, 'utf8'), [ed25519, mlDsa44]);
  if (checkpoint.size > size) {
    throw new StopError(
      'integrity-failed',
      `The audit journal has ${size} events, but ${checkpoint.size} were published: it was shortened.`,
    );
  }
}

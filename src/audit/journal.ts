import fs from 'node:fs';
import path from 'node:path';
import { verify } from 'node:crypto';
import { StopError } from '#domain';
import { type Checkpoint, checkpointText, openNote, originOf, signedNoteNow } from './checkpoint.ts';
import { type LogFiles, realFiles, replaceFile, syncFolder } from './files.ts';
import { type LogKeys, publicKeysText } from './keys.ts';
import { emptyRoot, leafHash } from './merkle-hash.ts';
import { readSegment, segmentName, segmentStartBytes } from './segment.ts';
import { bundleBytes, bundleFile, GrowingBundle, type TileFile, tileFile } from './tile-files.ts';
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
  /** A segment that is larger than this is followed by a new one; tests make it small. */
  readonly segmentBytes?: number;
  /** The event loop waits for a disk that syncs in less than this; 0: for none. */
  readonly quickDiskMillis?: number;
  readonly files?: LogFiles;
  /** Told of what fails in the background. */
  readonly onProblem?: (what: string, error: unknown) => void;
};

/** What the log knows of the place where it writes; the file has zeros from its length to its room. */
export type Position = { segment: number; fd: number; length: number; room: number };

/** A journal as it was found: the log goes on from here. */
export type Opened = {
  readonly tree: GrowingTree;
  readonly bundle: GrowingBundle;
  readonly position: Position;
  /** Tiles and bundles that the journal gives and the folder lacks. */
  readonly behind: readonly TileFile[];
  /** Size of the checkpoint that is published. */
  readonly published: number;
};

/** Begins a segment, durably. */
export function createSegment(
  folder: string,
  number: number,
  start: Parameters<typeof segmentStartBytes>[0],
): Omit<Position, 'segment'> {
  const file = path.join(folder, 'journal', segmentName(number));
  const bytes = segmentStartBytes(start);
  const fd = fs.openSync(file, 'w+', 0o600);
  try {
    realFiles.write(fd, bytes, 0);
    fs.fsyncSync(fd);
    syncFolder(path.dirname(file));
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return { fd, length: bytes.length, room: bytes.length };
}

const roomBytes = 1024 * 1024;

/**
 * Makes room for what is written behind an offset, up to a multiple of 1 MiB: a sync takes half of the time where the file does not
 * grow. Where the disk has no room, what is written next tells.
 */
export function makeRoom(files: LogFiles, fd: number, from: number): number {
  const room = Math.ceil(from / roomBytes + 0.25) * roomBytes;
  try {
    files.truncate(fd, room);
    files.write(fd, Buffer.alloc(room - from), from);
  } catch {
    // the length is right all the same, or the next write fails
  }
  return room;
}

/** Names of the journal's segments, in order. */
export function segmentNumbers(folder: string): number[] {
  const journal = path.join(folder, 'journal');
  if (!fs.existsSync(journal)) return [];
  return fs
    .readdirSync(journal)
    .filter((name) => /^[0-9]{6}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

const emptyStart = (node: string) => ({ node, tree: { size: 0, peaks: [], levels: [] }, bundle: [] });

function publishedCheckpoint({ folder, keys }: LogOptions): Checkpoint | null {
  const file = path.join(folder, 'checkpoint');
  if (!fs.existsSync(file)) return null;
  return openNote(fs.readFileSync(file, 'utf8'), [keys.ed25519, keys.mlDsa44]);
}

/** Begins a log: its keys and its first checkpoint stand before it has a journal. */
function beginJournal(options: LogOptions, published: Checkpoint | null): Opened {
  const { folder, node, keys } = options;
  if (published && published.size > 0) {
    throw new StopError(
      'integrity-failed',
      `The audit journal in ${folder} is gone, but its checkpoint is there.`,
    );
  }
  const first = { origin: originOf(node), size: 0, root: emptyRoot() };
  replaceFile(path.join(folder, 'keys.json'), publicKeysText(keys), true);
  replaceFile(path.join(folder, 'checkpoint'), signedNoteNow(first, [keys.ed25519, keys.mlDsa44]), true);
  fs.mkdirSync(path.join(folder, 'journal'), { recursive: true, mode: 0o700 });
  syncFolder(folder);
  const created = createSegment(folder, 1, emptyStart(node));
  return {
    tree: new GrowingTree(),
    bundle: new GrowingBundle(),
    position: { segment: 1, ...created },
    behind: [],
    published: 0,
  };
}

function requirePublished(published: Checkpoint | null, tree: GrowingTree, folder: string): void {
  if (published?.size !== tree.size || published.root.equals(tree.root())) return;
  throw new StopError(
    'integrity-failed',
    `The audit journal in ${folder} is not the one that was published.`,
  );
}

/** Continues the last segment, checking every frame of it; a torn end is set aside. Begins a log where there is none. */
export function openJournal(options: LogOptions): Opened {
  const { folder, node } = options;
  const published = publishedCheckpoint(options);
  const last = segmentNumbers(folder).at(-1);
  const behind: TileFile[] = [];
  const tiles: FullTile[] = [];
  if (last === undefined) return beginJournal(options, published);
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
  const bundle = new GrowingBundle(segment.start.bundle.map((text) => Buffer.from(text, 'base64')));
  for (const frame of segment.frames) {
    if (frame.firstIndex !== tree.size)
      throw new StopError('integrity-failed', `The audit journal ${file} has a gap.`);
    requirePublished(published, tree, folder);
    const full: Buffer[][] = [];
    bundle.add(bundleBytes(frame.entries), frame.entries, full);
    const first = Math.floor(tree.size / tileWidth);
    for (const [offset, pieces] of full.entries()) behind.push(bundleFile(first + offset, pieces));
    for (const entry of frame.entries) tree.append(leafHash(entry), tiles);
    const text = checkpointText({ origin: originOf(node), size: frame.size, root: frame.root });
    const { publicKey } = options.keys.ed25519;
    if (!tree.root().equals(frame.root) || !verify(null, Buffer.from(text), publicKey, frame.signature)) {
      throw new StopError(
        'integrity-failed',
        `The audit journal ${file} was changed before byte ${frame.end}.`,
      );
    }
  }
  requirePublished(published, tree, folder);
  if (published && published.size > tree.size) {
    throw new StopError(
      'integrity-failed',
      `The audit journal has ${tree.size} events, but ${published.size} were published: it was shortened.`,
    );
  }
  if (segment.isTorn)
    fs.writeFileSync(`${file}.torn-${Date.now()}`, bytes.subarray(segment.end), { mode: 0o600 });
  fs.truncateSync(file, segment.end);
  replaceFile(path.join(folder, 'keys.json'), publicKeysText(options.keys), true);
  const fd = fs.openSync(file, 'r+');
  fs.fsyncSync(fd);
  // what is full already is written again only where it is missing
  const missing = [...behind, ...tiles.map(tileFile)].filter(
    ({ name }) => !fs.existsSync(path.join(folder, name)),
  );
  return {
    tree,
    bundle,
    position: { segment: last, fd, length: segment.end, room: segment.end },
    behind: missing,
    published: published?.size ?? 0,
  };
}

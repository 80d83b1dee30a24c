import fs from 'node:fs';
import path from 'node:path';
import { verify } from 'node:crypto';
import { ClavigerError, StopError, type AuditEvent } from '#domain';
import type { AuditLog } from '#ports';
import { checkpointText, openNote, originOf, signedNote } from './checkpoint.ts';
import { eventBytes } from './event-bytes.ts';
import { type LogFiles, putTile, realFiles, replaceFile, syncFolder } from './files.ts';
import { lockFolder } from './folder-lock.ts';
import { entryBytesMax, frameBytes } from './frame.ts';
import { type LogKeys, publicKeysText } from './keys.ts';
import { leafHash } from './merkle-hash.ts';
import { readSegment, segmentBytesMax, segmentName, segmentStartBytes } from './segment.ts';
import { bundleBytes, bundlePath, tilePath } from './tile-files.ts';
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

type Waiting = {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const batchMax = 4096;

/** What the log knows of the place where it writes. */
type Position = { segment: number; fd: number; length: number };

function unavailable(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'audit-unavailable',
    'The audit log can not be written: nothing is done without its record.',
    {
      cause,
    },
  );
}

/** The node's log. `open` reads the last segment; everything before it stands in tiles. */
class JournalLog implements AuditLog {
  readonly node: string;
  readonly folder: string;
  readonly #options: LogOptions;
  readonly #files: LogFiles;
  readonly #lock: { release: () => void };
  readonly #origin: string;
  readonly #tree: GrowingTree;
  #bundle: Buffer[] = [];
  #position: Position;
  #waiting: Waiting[] = [];
  #writing = false;
  #problem: string | null = null;
  #published = -1;
  #publishDue = false;
  #publishing: Promise<void> = Promise.resolve();
  #tilesBehind: { tiles: FullTile[]; bundles: { index: number; entries: Buffer[] }[] } = {
    tiles: [],
    bundles: [],
  };
  #closed = false;
  readonly #timer: NodeJS.Timeout;
  #recovery: NodeJS.Timeout | null = null;

  constructor(options: LogOptions, lock: { release: () => void }, found: Opened) {
    this.node = options.node;
    this.folder = options.folder;
    this.#options = options;
    this.#files = options.files ?? realFiles;
    this.#lock = lock;
    this.#origin = originOf(options.node);
    this.#tree = found.tree;
    this.#bundle = found.bundle;
    this.#position = found.position;
    this.#tilesBehind = found.behind;
    this.#timer = setInterval(() => this.#publishSoon(), options.publishMillis ?? 1000);
    this.#timer.unref();
  }

  append(event: AuditEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#problem !== null || this.#closed) {
        reject(unavailable());
        return;
      }
      const bytes = eventBytes(event);
      if (bytes.length > entryBytesMax) {
        reject(new ClavigerError('audit-unavailable', 'The record of the operation is too long to be kept.'));
        return;
      }
      this.#waiting.push({ bytes, resolve, reject });
      if (!this.#writing) {
        this.#writing = true;
        setImmediate(() => void this.#drain());
      }
    });
  }

  requireWritable(): void {
    if (this.#problem !== null || this.#closed) throw unavailable();
  }

  health() {
    return {
      writable: this.#problem === null && !this.#closed,
      problem: this.#problem,
      size: this.#tree.size,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    if (this.#recovery) clearTimeout(this.#recovery);
    while (this.#writing) await new Promise((done) => setImmediate(done));
    this.#publish();
    await this.#publishing;
    fs.closeSync(this.#position.fd);
    this.#lock.release();
  }

  /** Writes everything that waits, batch by batch. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && this.#problem === null) {
      const batch = this.#waiting.length > batchMax ? this.#waiting.slice(0, batchMax) : this.#waiting;
      this.#waiting = this.#waiting.length > batchMax ? this.#waiting.slice(batchMax) : [];
      await this.#write(batch);
      if (this.#publishDue) this.#publish();
    }
    this.#writing = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const firstIndex = this.#tree.size;
    const restore = this.#tree.snapshot();
    const finished: FullTile[] = [];
    const entries = batch.map((waiting) => waiting.bytes);
    for (const entry of entries) this.#tree.append(leafHash(entry), finished);
    try {
      const frame = frameBytes({
        origin: this.#origin,
        entries,
        firstIndex,
        root: this.#tree.root(),
        privateKey: this.#options.keys.ed25519.privateKey,
      });
      this.#files.write(this.#position.fd, frame, this.#position.length);
      await this.#files.sync(this.#position.fd);
      this.#position.length += frame.length;
    } catch (cause) {
      restore();
      this.#fail(batch, cause);
      return;
    }
    for (const waiting of batch) waiting.resolve();
    this.#keepForTiles(entries, finished);
  }

  #keepForTiles(entries: readonly Buffer[], finished: readonly FullTile[]): void {
    this.#tilesBehind.tiles.push(...finished);
    let index = Math.floor((this.#tree.size - entries.length) / tileWidth);
    for (const entry of entries) {
      this.#bundle.push(entry);
      if (this.#bundle.length < tileWidth) continue;
      this.#tilesBehind.bundles.push({ index, entries: this.#bundle });
      this.#bundle = [];
      index += 1;
    }
  }

  /** Refuses everything from now on, until the end of the journal was mended and synced. */
  #fail(batch: readonly Waiting[], cause: unknown): void {
    this.#problem = 'a write or sync of the journal failed';
    this.#options.onProblem?.(this.#problem, cause);
    const waiting = [...batch, ...this.#waiting];
    this.#waiting = [];
    for (const { reject } of waiting) reject(unavailable(cause));
    this.#recoverLater();
  }

  #recoverLater(): void {
    this.#recovery = setTimeout(() => void this.#recover(), this.#options.recoverMillis ?? 1000);
    this.#recovery.unref();
  }

  /** Cuts what was never answered, and proves by a synced frame without entries that the journal takes writes again. */
  async #recover(): Promise<void> {
    if (this.#closed) return;
    const { segment, length } = this.#position;
    try {
      fs.closeSync(this.#position.fd);
    } catch {
      // it may be gone with the disk
    }
    try {
      const fd = fs.openSync(path.join(this.folder, 'journal', segmentName(segment)), 'r+');
      this.#position.fd = fd;
      await this.#files.truncate(fd, length);
      await this.#files.sync(fd);
      const probe = frameBytes({
        origin: this.#origin,
        entries: [],
        firstIndex: this.#tree.size,
        root: this.#tree.root(),
        privateKey: this.#options.keys.ed25519.privateKey,
      });
      this.#files.write(fd, probe, length);
      await this.#files.sync(fd);
      this.#position.length += probe.length;
      this.#problem = null;
    } catch (error) {
      this.#options.onProblem?.('the journal is still not writable', error);
      this.#recoverLater();
    }
  }

  /** Publishes now, or between two batches: what is published is durable. */
  #publishSoon(): void {
    if (this.#writing) this.#publishDue = true;
    else this.#publish();
  }

  #publish(): void {
    this.#publishDue = false;
    if (this.#problem !== null || this.#published === this.#tree.size) return;
    const head = { size: this.#tree.size, root: this.#tree.root() };
    let obsolete: string[];
    try {
      obsolete = this.#putTiles();
      if (this.#position.length > segmentBytesMax) this.#nextSegment();
    } catch (error) {
      this.#options.onProblem?.('tiles could not be written; they are tried again', error);
      return;
    }
    this.#published = head.size;
    this.#publishing = this.#publishing
      .then(() => this.#tell(head))
      .then(() => {
        for (const name of obsolete)
          fs.rmSync(path.join(this.folder, name), { recursive: true, force: true });
      })
      .catch((error: unknown) => {
        this.#published = -1;
        this.#options.onProblem?.('a checkpoint could not be published', error);
      });
  }

  async #tell({ size, root }: { size: number; root: Buffer }): Promise<void> {
    const { ed25519, mlDsa44 } = this.#options.keys;
    const note = await signedNote({ origin: this.#origin, size, root }, [ed25519, mlDsa44]);
    replaceFile(path.join(this.folder, 'checkpoint'), note, true);
    await this.#options.onHead?.({ size, root: root.toString('hex') });
  }

  /** Writes full tiles and bundles and the partial ones of the right edge; returns what the next checkpoint makes obsolete. */
  #putTiles(): string[] {
    const { tiles, bundles } = this.#tilesBehind;
    const obsolete: string[] = [];
    const putFull = (name: string, content: Uint8Array) => {
      putTile(this.folder, name, content);
      obsolete.push(`${name}.p`);
    };
    for (const { level, index, hashes } of tiles)
      putFull(tilePath(level, index, tileWidth), Buffer.concat(hashes));
    for (const { index, entries } of bundles) putFull(bundlePath(index, tileWidth), bundleBytes(entries));
    this.#tilesBehind = { tiles: [], bundles: [] };
    let count = this.#tree.size;
    for (const [level, hashes] of this.#tree.partialTiles().entries()) {
      if (hashes.length > 0) {
        const name = tilePath(level, Math.floor(count / tileWidth), hashes.length);
        this.#putPartial(name, Buffer.concat(hashes), obsolete);
      }
      count = Math.floor(count / tileWidth);
    }
    if (this.#bundle.length > 0) {
      const name = bundlePath(Math.floor(this.#tree.size / tileWidth), this.#bundle.length);
      this.#putPartial(name, bundleBytes(this.#bundle), obsolete);
    }
    return obsolete;
  }

  #putPartial(name: string, content: Buffer, obsolete: string[]): void {
    const place = path.dirname(name);
    putTile(this.folder, name, content);
    for (const old of fs.readdirSync(path.join(this.folder, place))) {
      if (old !== path.basename(name)) obsolete.push(path.join(place, old));
    }
  }

  #nextSegment(): void {
    const number = this.#position.segment + 1;
    const fd = createSegment(this.folder, number, {
      node: this.node,
      tree: this.#tree.state(),
      bundle: this.#bundle.map((entry) => entry.toString('base64')),
    });
    fs.closeSync(this.#position.fd);
    this.#position = { segment: number, ...fd };
  }
}

type Opened = {
  readonly tree: GrowingTree;
  readonly bundle: Buffer[];
  readonly position: Position;
  readonly behind: { tiles: FullTile[]; bundles: { index: number; entries: Buffer[] }[] };
};

function createSegment(
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
function openJournal(options: LogOptions): Opened {
  const { folder, node } = options;
  const numbers = segmentNumbers(folder);
  const last = numbers.at(-1);
  const behind: Opened['behind'] = { tiles: [], bundles: [] };
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
        behind.bundles.push({ index: Math.floor(tree.size / tileWidth), entries: bundle });
        bundle = [];
      }
      tree.append(leafHash(entry), behind.tiles);
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
  const missing = (name: string) => !fs.existsSync(path.join(folder, name));
  behind.tiles = behind.tiles.filter(({ level, index }) => missing(tilePath(level, index, tileWidth)));
  behind.bundles = behind.bundles.filter(({ index }) => missing(bundlePath(index, tileWidth)));
  return { tree, bundle, position: { segment: last, fd, length: segment.end }, behind };
}

function requireCheckpointCovered(options: LogOptions, size: number): void {
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

/** Opens or begins the log of a node. Throws a StopError where what is there was changed. */
export function openAuditLog(options: LogOptions): AuditLog & { readonly folder: string } {
  fs.mkdirSync(path.join(options.folder, 'journal'), { recursive: true, mode: 0o700 });
  const lock = lockFolder(options.folder);
  try {
    const found = openJournal(options);
    requireCheckpointCovered(options, found.tree.size);
    replaceFile(path.join(options.folder, 'keys.json'), publicKeysText(options.keys), true);
    return new JournalLog(options, lock, found);
  } catch (error) {
    lock.release();
    throw error;
  }
}

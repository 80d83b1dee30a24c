import fs from 'node:fs';
import path from 'node:path';
import { ClavigerError, type AuditEvent } from '#domain';
import type { AuditLog } from '#ports';
import { originOf, signedNote } from './checkpoint.ts';
import { eventText } from './event-text.ts';
import { type LogFiles, realFiles, replaceDurably, replaceFile } from './files.ts';
import { lockFolder } from './folder-lock.ts';
import { entryBytesMax, frameBytes, type NewEntry } from './frame.ts';
import {
  createSegment,
  type LogOptions,
  openJournal,
  type Opened,
  type Position,
  requireCheckpointCovered,
} from './journal.ts';
import { publicKeysText } from './keys.ts';
import { leafHashOfText } from './merkle-hash.ts';
import { segmentBytesMax, segmentName } from './segment.ts';
import {
  bundleBytes,
  bundleFile,
  bundlePath,
  type TileFile,
  tileFile,
  TileFolder,
  tilePath,
} from './tile-files.ts';
import { type FullTile, type GrowingTree, tileWidth } from './tree.ts';

type Waiting = NewEntry & {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const batchMax = 4096;
const quickMillis = 1.5;
const measureEveryMillis = 2000;

function unavailable(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'audit-unavailable',
    'The audit log can not be written: nothing is done without its record.',
    {
      cause,
    },
  );
}

/** What one checkpoint is made of. */
type Publication = {
  readonly size: number;
  readonly root: Buffer;
  readonly full: readonly TileFile[];
  readonly partial: readonly TileFile[];
};

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
  /** How long a sync takes, on the average of the last ones that were measured. */
  #syncMillis = 0;
  #measureAt = 0;
  #publishing: Promise<void> = Promise.resolve();
  #tilesBehind: TileFile[] = [];
  readonly #tiles: TileFolder;
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
    this.#tilesBehind = [...found.behind];
    this.#tiles = new TileFolder(options.folder);
    this.#timer = setInterval(() => this.#publishSoon(), options.publishMillis ?? 1000);
    this.#timer.unref();
  }

  append(event: AuditEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#problem !== null || this.#closed) {
        reject(unavailable());
        return;
      }
      const text = eventText(event);
      const length = Buffer.byteLength(text);
      if (length > entryBytesMax) {
        reject(new ClavigerError('audit-unavailable', 'The record of the operation is too long to be kept.'));
        return;
      }
      this.#waiting.push({ text, length, resolve, reject });
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
    let entries: Buffer[];
    for (const { text } of batch) this.#tree.append(leafHashOfText(text), finished);
    try {
      const frame = this.#frame(batch, firstIndex);
      entries = frame.entries;
      this.#files.write(this.#position.fd, frame.bytes, this.#position.length);
      await this.#sync();
      this.#position.length += frame.bytes.length;
    } catch (cause) {
      restore();
      this.#fail(batch, cause);
      return;
    }
    for (const waiting of batch) waiting.resolve();
    this.#keepForTiles(entries, finished);
  }

  /** A frame that brings the log to the tree as it stands. */
  #frame(entries: readonly NewEntry[], firstIndex: number): ReturnType<typeof frameBytes> {
    const { privateKey } = this.#options.keys.ed25519;
    return frameBytes({ origin: this.#origin, entries, firstIndex, root: this.#tree.root(), privateKey });
  }

  /**
   * Syncs the journal. Where the disk is quick, the event loop waits for it: what else arrives meanwhile is read in one go and
   * makes a larger batch. Where it is slow, the loop goes on, and now and then it is measured again.
   */
  async #sync(): Promise<void> {
    const begin = performance.now();
    if (this.#syncMillis >= quickMillis && begin < this.#measureAt) {
      await this.#files.sync(this.#position.fd);
      return;
    }
    this.#files.syncNow(this.#position.fd);
    const end = performance.now();
    this.#syncMillis += (end - begin - this.#syncMillis) * 0.1;
    this.#measureAt = end + measureEveryMillis;
  }

  #keepForTiles(entries: readonly Buffer[], finished: readonly FullTile[]): void {
    this.#tilesBehind.push(...finished.map(tileFile));
    let index = Math.floor((this.#tree.size - entries.length) / tileWidth);
    for (const entry of entries) {
      this.#bundle.push(entry);
      if (this.#bundle.length < tileWidth) continue;
      this.#tilesBehind.push(bundleFile(index, this.#bundle));
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
      const probe = this.#frame([], this.#tree.size).bytes;
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
    const publication = this.#capture();
    this.#published = publication.size;
    if (this.#position.length > segmentBytesMax) this.#nextSegment();
    this.#publishing = this.#publishing
      .then(() => this.#carryOut(publication))
      .catch((error: unknown) => {
        this.#published = -1;
        this.#tilesBehind.unshift(...publication.full);
        this.#options.onProblem?.('a checkpoint could not be published; it is tried again', error);
      });
  }

  /** What stands at this moment, between two batches: all of it is durable in the journal. */
  #capture(): Publication {
    const full = this.#tilesBehind;
    this.#tilesBehind = [];
    const partial: TileFile[] = [];
    let count = this.#tree.size;
    for (const [level, hashes] of this.#tree.partialTiles().entries()) {
      if (hashes.length > 0) {
        const name = tilePath(level, Math.floor(count / tileWidth), hashes.length);
        const copy = [...hashes];
        partial.push({ name, content: () => Buffer.concat(copy) });
      }
      count = Math.floor(count / tileWidth);
    }
    if (this.#bundle.length > 0) {
      const name = bundlePath(Math.floor(this.#tree.size / tileWidth), this.#bundle.length);
      const copy = [...this.#bundle];
      partial.push({ name, content: () => bundleBytes(copy) });
    }
    return { size: this.#tree.size, root: this.#tree.root(), full, partial };
  }

  /** Writes the tiles, then the signed checkpoint, then removes the partial tiles that nobody needs any more. */
  async #carryOut({ size, root, full, partial }: Publication): Promise<void> {
    for (const { name, content } of [...full, ...partial]) await this.#tiles.put(name, content());
    const { ed25519, mlDsa44 } = this.#options.keys;
    const note = await signedNote({ origin: this.#origin, size, root }, [ed25519, mlDsa44]);
    await replaceDurably(path.join(this.folder, 'checkpoint'), note);
    await this.#options.onHead?.({ size, root: root.toString('hex') });
    await this.#tiles.keepOnlyPartial(partial.map(({ name }) => name));
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

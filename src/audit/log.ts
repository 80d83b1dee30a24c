import fs from 'node:fs';
import path from 'node:path';
import { ClavigerError, type AuditEvent, type LogEvidence } from '#domain';
import type { Attestation, AuditLog, PublishedLog } from '#ports';
import { originOf } from './checkpoint.ts';
import { attestations } from './attestation.ts';
import { createDiskSync } from './disk-sync.ts';
import { eventText } from './event-text.ts';
import { logEvidence } from './evidence.ts';
import { type LogFiles, realFiles } from './files.ts';
import { lockFolder } from './folder-lock.ts';
import { entryBytesMax, frameBytes, type NewEntry } from './frame.ts';
import {
  createSegment,
  type LogOptions,
  makeRoom,
  openJournal,
  type Opened,
  type Position,
} from './journal.ts';
import { leafHashOfText } from './merkle-hash.ts';
import { partialFiles, partialsBetween, type Publication, publish } from './publication.ts';
import { publishedLog } from './published.ts';
import { type LogEnd, missingEvents } from './read.ts';
import { segmentBytesMax, segmentName } from './segment.ts';
import {
  bundleFile,
  type GrowingBundle,
  readBundle,
  type TileFile,
  tileFile,
  TileFolder,
} from './tile-files.ts';
import { type FullTile, type GrowingTree, tileWidth } from './tree.ts';

type Waiting = NewEntry & {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const nodeForm = /^[a-z0-9-]{1,64}$/;
const batchMax = 4096;
/** How long who asks for evidence waits for a checkpoint. */
const publishedWithinMillis = 5000;
/** Records that may wait for the disk before operations are told to come back later; those under way get as much again. */
const waitingMax = 8192;

function unavailable(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'audit-unavailable',
    'The audit log can not be written: nothing is done without its record.',
    {
      cause,
    },
  );
}

function busy(): ClavigerError {
  return new ClavigerError('busy', 'Too many records wait for the disk of the audit log.');
}

/** The node's log. `open` reads the last segment; everything before it stands in tiles. */
class JournalLog implements AuditLog {
  readonly node: string;
  readonly folder: string;
  readonly #options: LogOptions;
  readonly #files: LogFiles;
  readonly #sync: (fd: number) => Promise<void>;
  readonly #lock: { release: () => void };
  readonly #origin: string;
  readonly #tree: GrowingTree;
  readonly #bundle: GrowingBundle;
  #position: Position;
  #waiting: Waiting[] = [];
  #writing = false;
  #problem: string | null = null;
  #published = -1;
  #publishDue = false;
  #publishing: Promise<void> = Promise.resolve();
  #isPublishing = false;
  #tilesBehind: TileFile[] = [];
  readonly #tiles: TileFolder;
  #closed = false;
  readonly #timer: NodeJS.Timeout;
  #recoveryTimer: NodeJS.Timeout | null = null;
  #recovering: Promise<void> = Promise.resolve();

  constructor(options: LogOptions, lock: { release: () => void }, found: Opened) {
    this.node = options.node;
    this.folder = options.folder;
    this.#options = options;
    this.#files = options.files ?? realFiles;
    this.#sync = createDiskSync(this.#files, options.quickDiskMillis);
    this.#lock = lock;
    this.#origin = originOf(options.node);
    this.#tree = found.tree;
    this.#bundle = found.bundle;
    this.#position = found.position;
    this.#tilesBehind = [...found.behind];
    this.#tiles = new TileFolder(
      options.folder,
      partialsBetween(options.folder, found.published, found.tree.size),
    );
    this.#timer = setInterval(() => this.#publishSoon(), options.publishMillis ?? 1000);
    this.#timer.unref();
  }

  append(event: AuditEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#problem !== null || this.#closed) {
        reject(unavailable());
        return;
      }
      if (this.#waiting.length >= 2 * waitingMax) {
        reject(busy());
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
        // after everything that is ready to append now
        process.nextTick(() => void this.#drain());
      }
    });
  }

  requireWritable(): void {
    if (this.#problem !== null || this.#closed) throw unavailable();
    if (this.#waiting.length >= waitingMax) throw busy();
  }

  readonly missing = (events: readonly AuditEvent[]): readonly AuditEvent[] =>
    missingEvents(this.folder, events, this.#position);

  readonly end = (): LogEnd => ({ segment: this.#position.segment, length: this.#position.length });

  async evidence(event: Pick<AuditEvent, 'id' | 'at' | 'node'>): Promise<LogEvidence | null> {
    // the store says which node, and who holds the store may say anything
    if (!nodeForm.test(event.node)) return null;
    // the logs of all nodes of a machine stand side by side
    if (event.node !== this.node) return logEvidence(path.join(path.dirname(this.folder), event.node), event);
    const found = await logEvidence(this.folder, event);
    if (found) return found;
    await this.#publishAll();
    return logEvidence(this.folder, event);
  }

  async published(): Promise<PublishedLog | null> {
    await this.#publishAll();
    return publishedLog(this.folder);
  }

  /** Resolves when everything that was appended until now is published, or can't be. */
  async #publishAll(): Promise<void> {
    const { size } = this.#tree;
    const end = performance.now() + publishedWithinMillis;
    while (this.#published < size && this.#problem === null && !this.#closed && performance.now() < end) {
      this.#publishSoon();
      await this.#publishing;
      await new Promise((done) => setImmediate(done));
    }
  }

  attest(text: string): Promise<readonly Attestation[]> {
    const { ed25519, mlDsa44 } = this.#options.keys;
    return attestations(text, [ed25519, mlDsa44]);
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
    if (this.#recoveryTimer) clearTimeout(this.#recoveryTimer);
    while (this.#writing) await new Promise((done) => setImmediate(done));
    await this.#recovering;
    await this.#publishing;
    this.#publish();
    await this.#publishing;
    if (this.#problem === null) this.#cutRoom();
    this.#closeFile();
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
    let framed: Buffer;
    for (const { text } of batch) this.#tree.append(leafHashOfText(text), finished);
    try {
      const frame = this.#frame(batch, firstIndex);
      framed = frame.framed;
      this.#put(frame.bytes);
      await this.#sync(this.#position.fd);
      this.#position.length += frame.bytes.length;
    } catch (cause) {
      restore();
      this.#fail(batch, cause);
      return;
    }
    for (const waiting of batch) waiting.resolve();
    this.#keepForTiles(framed, batch, finished);
  }

  /** A frame that brings the log to the tree as it stands. */
  #frame(entries: readonly NewEntry[], firstIndex: number): ReturnType<typeof frameBytes> {
    const { privateKey } = this.#options.keys.ed25519;
    return frameBytes({ origin: this.#origin, entries, firstIndex, root: this.#tree.root(), privateKey });
  }

  /** Writes behind what is durable. */
  #put(bytes: Buffer): void {
    const { fd, length, room } = this.#position;
    const end = length + bytes.length;
    if (end > room) this.#position.room = makeRoom(this.#files, fd, end);
    this.#files.write(fd, bytes, length);
  }

  #keepForTiles(framed: Buffer, entries: readonly NewEntry[], finished: readonly FullTile[]): void {
    this.#tilesBehind.push(...finished.map(tileFile));
    const full: Buffer[][] = [];
    this.#bundle.add(framed, entries, full);
    const first = Math.floor((this.#tree.size - entries.length) / tileWidth);
    for (const [offset, pieces] of full.entries()) this.#tilesBehind.push(bundleFile(first + offset, pieces));
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
    this.#recoveryTimer = setTimeout(() => {
      this.#recovering = this.#recover();
    }, this.#options.recoverMillis ?? 1000);
    this.#recoveryTimer.unref();
  }

  /** Gives back the room that was not needed. */
  #cutRoom(): void {
    const { fd, length, room } = this.#position;
    if (fd >= 0 && room > length) this.#files.truncate(fd, length);
    this.#position.room = length;
  }

  /** Closes the segment's file once: its number may be another file's afterwards. */
  #closeFile(): void {
    const { fd } = this.#position;
    this.#position.fd = -1;
    if (fd >= 0) fs.closeSync(fd);
  }

  /** Cuts what was never answered, and proves by a synced frame without entries that the journal takes writes again. */
  async #recover(): Promise<void> {
    if (this.#closed) return;
    const { segment, length } = this.#position;
    try {
      this.#closeFile();
    } catch {
      // it may be gone with the disk
    }
    try {
      // what was begun of the next segment would hide what this one gets from now on
      fs.rmSync(path.join(this.folder, 'journal', segmentName(segment + 1)), { force: true });
      const fd = fs.openSync(path.join(this.folder, 'journal', segmentName(segment)), 'r+');
      this.#position.fd = fd;
      this.#files.truncate(fd, length);
      this.#position.room = length;
      await this.#files.sync(fd);
      const probe = this.#frame([], this.#tree.size).bytes;
      this.#put(probe);
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
    if (this.#problem !== null || this.#isPublishing || this.#published === this.#tree.size) return;
    if (this.#position.length > (this.#options.segmentBytes ?? segmentBytesMax)) {
      try {
        this.#nextSegment();
      } catch (cause) {
        this.#fail([], cause);
        return;
      }
    }
    const publication = this.#capture();
    this.#isPublishing = true;
    this.#publishing = this.#carryOut(publication).then(
      () => {
        this.#published = publication.size;
        this.#isPublishing = false;
      },
      (error: unknown) => {
        this.#isPublishing = false;
        this.#options.onProblem?.('a checkpoint could not be published; it is tried again', error);
      },
    );
  }

  /** What stands at this moment, between two batches: all of it is durable in the journal. */
  #capture(): Publication {
    const full = this.#tilesBehind;
    this.#tilesBehind = [];
    const partial = partialFiles(this.#tree, this.#bundle);
    return { origin: this.#origin, size: this.#tree.size, root: this.#tree.root(), full, partial };
  }

  async #carryOut(publication: Publication): Promise<void> {
    const { ed25519, mlDsa44 } = this.#options.keys;
    try {
      await publish(this.folder, this.#tiles, publication, [ed25519, mlDsa44]);
    } catch (error) {
      this.#tilesBehind.unshift(...publication.full);
      throw error;
    }
    const { size, root } = publication;
    await this.#options.onHead?.({ size, root: root.toString('hex') });
  }

  #nextSegment(): void {
    // only the last segment may end in room, also after a crash
    this.#cutRoom();
    fs.fsyncSync(this.#position.fd);
    const number = this.#position.segment + 1;
    const created = createSegment(this.folder, number, {
      node: this.node,
      tree: this.#tree.state(),
      bundle: readBundle(Buffer.concat(this.#bundle.pieces)).map((entry) => entry.toString('base64')),
    });
    this.#closeFile();
    this.#position = { segment: number, ...created };
  }
}

/** The log of a node, and where it stands. */
export type OpenedLog = AuditLog & {
  readonly folder: string;
  /** Those of the events that the log does not hold durably. */
  readonly missing: (events: readonly AuditEvent[]) => readonly AuditEvent[];
  /** How far it is durable. */
  readonly end: () => LogEnd;
};

/** Opens or begins the log of a node. Throws a StopError where what is there was changed. */
export function openAuditLog(options: LogOptions): OpenedLog {
  fs.mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(options.folder);
  try {
    return new JournalLog(options, lock, openJournal(options));
  } catch (error) {
    lock.release();
    throw error;
  }
}

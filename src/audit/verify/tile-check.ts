import fs from 'node:fs';
import path from 'node:path';
import { nodeHash } from '../merkle-hash.ts';

type Report = (file: string, problem: string) => void;

function pathOfIndex(index: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

function pairUp(hashes: readonly Buffer[]): Buffer {
  let row = [...hashes];
  while (row.length > 1) {
    const next: Buffer[] = [];
    for (let at = 0; at < row.length; at += 2) next.push(nodeHash(row[at] as Buffer, row[at + 1] as Buffer));
    row = next;
  }
  return row[0] as Buffer;
}

/** Compares the tiles and bundles on the disk with those that the entries of the journal give. */
export class TileCheck {
  /** The size of the published checkpoint: up to there every file must stand. */
  publishedSize: number | null = null;
  /** Whether a log that is being written has published a later checkpoint since. */
  hasMovedOn: () => boolean = () => false;
  readonly #folder: string;
  readonly #report: Report;
  readonly #levels: Buffer[][] = [[]];
  readonly #counts: number[] = [0];
  #bundle: Buffer[] = [];
  #bundles = 0;
  #total = 0;
  readonly #seen = new Set<string>();
  /** Files that stood there before the journal was read: their entries must be in it. */
  readonly #present: readonly string[];

  constructor(folder: string, report: Report) {
    this.#folder = folder;
    this.#report = report;
    this.#present = this.#files();
  }

  add(entry: Buffer, hash: Buffer): void {
    this.#bundle.push(entry);
    this.#total += 1;
    this.#push(0, hash);
    if (this.#bundle.length === 256) {
      this.#expect(path.join('tile', 'entries', pathOfIndex(this.#bundles)), this.#bundleBytes(this.#bundle));
      this.#bundles += 1;
      this.#bundle = [];
    }
    if (this.#total === this.publishedSize) this.#expectPartials();
  }

  levelsText(): string {
    return JSON.stringify(this.#trimmedLevels().map((hashes) => hashes.map((hash) => hash.toString('hex'))));
  }

  bundleText(): string {
    return JSON.stringify(this.#bundle.map((entry) => entry.toString('base64')));
  }

  /** Looks for files that no entry of the log accounts for. */
  finish(size: number): void {
    if (size === 0 && this.publishedSize === 0) this.#expectPartials();
    for (const name of this.#present) {
      // partial tiles of an older checkpoint, and of a publication that a crash cut short
      if (this.#seen.has(name) || name.includes('.p/') || name.endsWith('.new')) continue;
      this.#report(name, 'this file does not belong to the log');
    }
  }

  #files(): string[] {
    const look = (place: string): string[] => {
      let entries: fs.Dirent[];
      try {
        entries = fs.readdirSync(path.join(this.#folder, place), { withFileTypes: true });
      } catch {
        // a log that is being written removes the folders of its partial tiles
        return [];
      }
      return entries.flatMap((entry) => {
        const name = path.join(place, entry.name);
        return entry.isDirectory() ? look(name) : [name];
      });
    };
    return look('tile');
  }

  /** A level exists from the moment on in which its first tile is begun. */
  #trimmedLevels(): Buffer[][] {
    return this.#levels.filter((_hashes, level) =>
      level === 0 ? this.#total > 0 : (this.#counts[level] ?? 0) > 0,
    );
  }

  #push(level: number, hash: Buffer): void {
    const hashes = (this.#levels[level] ??= []);
    hashes.push(hash);
    this.#counts[level] = (this.#counts[level] ?? 0) + 1;
    if (hashes.length < 256) return;
    const index = (this.#counts[level] ?? 0) / 256 - 1;
    this.#expect(path.join('tile', String(level), pathOfIndex(index)), Buffer.concat(hashes));
    this.#levels[level] = [];
    this.#push(level + 1, pairUp(hashes));
  }

  #bundleBytes(entries: readonly Buffer[]): Buffer {
    return Buffer.concat(
      entries.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 255), entry]),
    );
  }

  #expectPartials(): void {
    for (const [level, hashes] of this.#levels.entries()) {
      if (hashes.length === 0) continue;
      const index = Math.floor((this.#counts[level] ?? 0) / 256);
      const name = path.join('tile', String(level), `${pathOfIndex(index)}.p`, String(hashes.length));
      this.#expect(name, Buffer.concat(hashes));
    }
    if (this.#bundle.length === 0) return;
    const name = path.join('tile', 'entries', `${pathOfIndex(this.#bundles)}.p`, String(this.#bundle.length));
    this.#expect(name, this.#bundleBytes(this.#bundle));
  }

  #expect(name: string, content: Buffer): void {
    this.#seen.add(name);
    // what the last publication did not reach yet is written by the next one
    const due = this.publishedSize === null || this.#total <= this.publishedSize;
    let found: Buffer;
    try {
      found = fs.readFileSync(path.join(this.#folder, name));
    } catch {
      const isReplaced = name.includes('.p/') && this.hasMovedOn();
      if (due && !isReplaced) this.#report(name, 'the file is missing');
      return;
    }
    if (!found.equals(content)) this.#report(name, 'the file is not what the entries of the journal give');
  }
}

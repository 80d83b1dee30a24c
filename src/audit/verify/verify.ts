import fs from 'node:fs';
import path from 'node:path';
import { verify as verifySignature } from 'node:crypto';
import { leafHash, nodeHash, emptyRoot } from '../merkle-hash.ts';
import { checkNote, readKeyFile, type CheckKeys } from './check-note.ts';
import { TileCheck } from './tile-check.ts';

// Independent of the writer: it shares the two hash functions and nothing else. It reads the raw files, and believes none of them.

/** Something that is not as it must be, and where. */
export type AuditFinding = {
  readonly file: string;
  /** What is wrong, in words, with the index or offset. */
  readonly problem: string;
};

/** How far a log had come when somebody else wrote it down. */
export type KnownHead = { readonly size: number; readonly root: string };

export type Verified = {
  readonly folder: string;
  readonly size: number;
  readonly root: string;
  readonly findings: readonly AuditFinding[];
};

export type VerifyOptions = {
  /** Heads from the store, or an auditor's own notes. */
  readonly heads?: readonly KnownHead[];
  /** The public keys file that the auditor trusts; without it, the one beside the log. */
  readonly keysText?: string;
  readonly onProgress?: (done: number) => void;
};

const frameHead = 24;
const frameTail = 104;

type Peak = { readonly size: number; readonly hash: Buffer };

class Check {
  readonly findings: AuditFinding[] = [];
  readonly heads = new Map<number, string[]>();
  readonly tiles: TileCheck;
  readonly folder: string;
  readonly node: string;
  keys: CheckKeys | null = null;
  size = 0;
  #peaks: Peak[] = [];

  constructor(folder: string) {
    this.folder = folder;
    this.node = path.basename(folder);
    this.tiles = new TileCheck(folder, (file, problem) => this.find(file, problem));
  }

  find(file: string, problem: string): void {
    if (this.findings.length < 1000) this.findings.push({ file, problem });
  }

  add(entry: Buffer): void {
    const hash = leafHash(entry);
    this.tiles.add(entry, hash);
    let peak: Peak = { size: 1, hash };
    for (let top = this.#peaks.at(-1); top && top.size === peak.size; top = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { size: top.size * 2, hash: nodeHash(top.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.size += 1;
    this.compareHead();
  }

  /** Compares the root at this size with what was written down elsewhere. */
  compareHead(): void {
    const wanted = this.heads.get(this.size);
    if (!wanted) return;
    this.heads.delete(this.size);
    const root = this.root().toString('hex');
    if (wanted.some((head) => head !== root)) {
      this.find('checkpoint', `the log had another root at size ${this.size} when that was recorded`);
    }
  }

  root(): Buffer {
    const [last, ...rest] = [...this.#peaks].reverse();
    return last ? rest.reduce((hash, peak) => nodeHash(peak.hash, hash), last.hash) : emptyRoot();
  }

  peaksText(): string {
    return JSON.stringify(this.#peaks.map((peak) => peak.hash.toString('hex')));
  }
}

function checkStart(check: Check, name: string, bytes: Buffer): number | null {
  const end = bytes.length >= 12 ? 12 + bytes.readUInt32BE(8) : Infinity;
  if (bytes.length < end || bytes.readUInt32BE(0) !== 0x434c5653 || bytes.readUInt32BE(4) !== 1) {
    check.find(name, 'the head of the segment is damaged or cut');
    return null;
  }
  const expected = `{"node":${JSON.stringify(check.node)},"tree":{"size":${check.size},"peaks":${check.peaksText()},"levels":${check.tiles.levelsText()}},"bundle":${check.tiles.bundleText()}}`;
  if (bytes.toString('utf8', 12, end) !== expected) {
    check.find(name, `the head of the segment does not continue the log at index ${check.size}`);
  }
  return end;
}

/** Checks the frame at an offset; returns where it ends, or null where nothing behind it can be read. */
function checkFrame(check: Check, name: string, bytes: Buffer, at: number): number | null {
  const where = `at byte ${at}, index ${check.size}`;
  const bodyEnd = bytes.length - at >= frameHead ? at + frameHead + bytes.readUInt32BE(at + 8) : Infinity;
  if (bytes.length < bodyEnd + frameTail) {
    check.find(name, `the last frame is cut ${where}; a crash leaves such an end, or it was removed`);
    return null;
  }
  if (bytes.readUInt32BE(at) !== 0x434c5646 || bytes.readUInt32BE(at + 4) !== 1) {
    check.find(name, `no frame begins ${where}`);
    return null;
  }
  if (Number(bytes.readBigUInt64BE(at + 16)) !== check.size) {
    check.find(name, `a frame is out of order ${where}: it says index ${bytes.readBigUInt64BE(at + 16)}`);
    return null;
  }
  const count = bytes.readUInt32BE(at + 12);
  let position = at + frameHead;
  let seen = 0;
  while (position + 2 <= bodyEnd) {
    const end = position + 2 + bytes.readUInt16BE(position);
    if (end > bodyEnd) break;
    check.add(bytes.subarray(position + 2, end));
    position = end;
    seen += 1;
  }
  if (position !== bodyEnd || seen !== count) {
    check.find(name, `the entries of a frame are damaged ${where}`);
    return null;
  }
  const root = check.root();
  const size = Number(bytes.readBigUInt64BE(bodyEnd));
  const rootIsRight = bytes.subarray(bodyEnd + 8, bodyEnd + 40).equals(root);
  if (size !== check.size || !rootIsRight)
    check.find(name, `the entries do not give the root that was signed ${where}`);
  const text = `claviger/${check.node}\n${check.size}\n${root.toString('base64')}\n`;
  const signature = bytes.subarray(bodyEnd + 40, bodyEnd + frameTail);
  if (check.keys && !verifySignature(null, Buffer.from(text), check.keys.ed25519, signature)) {
    check.find(name, `the signature of a frame is wrong ${where}`);
  }
  return bodyEnd + frameTail;
}

function checkSegment(check: Check, number: number): void {
  const name = path.join('journal', String(number).padStart(6, '0'));
  const bytes = fs.readFileSync(path.join(check.folder, name));
  let at = checkStart(check, name, bytes);
  while (at !== null && at < bytes.length) at = checkFrame(check, name, bytes, at);
}

function checkJournal(check: Check, onProgress: VerifyOptions['onProgress']): void {
  const folder = path.join(check.folder, 'journal');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  if (names.length === 0) check.find('journal', 'the journal is missing');
  let expected = 1;
  for (const name of names) {
    if (/^[0-9]{6}\.torn-[0-9]+$/.test(name)) continue;
    if (!/^[0-9]{6}$/.test(name)) {
      check.find(path.join('journal', name), 'this file does not belong here');
      continue;
    }
    if (Number(name) !== expected) {
      check.find('journal', `segment ${expected} is missing`);
      return;
    }
    checkSegment(check, expected);
    expected += 1;
    onProgress?.(check.size);
  }
}

/** Takes the keys that are trusted: those that were given, else those beside the log. */
function chooseKeys(check: Check, given: string | undefined): void {
  const keyFile = readKeyFile(path.join(check.folder, 'keys.json'));
  const keys = given === undefined ? keyFile : readKeyFile(null, given);
  if (typeof keyFile === 'string') check.find('keys.json', keyFile);
  if (typeof keys === 'string') check.find('keys.json', keys);
  else check.keys = keys;
  if (typeof keyFile !== 'string' && typeof keys !== 'string' && keyFile.text !== keys.text) {
    check.find('keys.json', 'it holds other keys than the ones that are trusted');
  }
}

/** Rebuilds a node's log from its raw entries and compares everything that is kept of it. */
export function verifyLog(folder: string, options: VerifyOptions = {}): Verified {
  const check = new Check(path.resolve(folder));
  chooseKeys(check, options.keysText);
  const note = check.keys ? checkNote(path.join(folder, 'checkpoint'), check.node, check.keys) : 'no keys';
  if (typeof note === 'string') check.find('checkpoint', note);
  const published = typeof note === 'string' ? null : note;
  for (const head of [...(options.heads ?? []), ...(published ? [published] : [])]) {
    check.heads.set(head.size, [...(check.heads.get(head.size) ?? []), head.root]);
  }
  check.tiles.publishedSize = published?.size ?? null;
  check.compareHead();
  checkJournal(check, options.onProgress);
  for (const [size] of check.heads) {
    check.find('journal', `the log has ${check.size} entries, but ${size} were recorded: it was shortened`);
  }
  check.tiles.finish(check.size);
  return { folder, size: check.size, root: check.root().toString('hex'), findings: check.findings };
}

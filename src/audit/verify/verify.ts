import fs from 'node:fs';
import path from 'node:path';
import { verify as verifySignature } from 'node:crypto';
import { crc32 } from 'node:zlib';
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
  /** What a crash left behind and the next start sets aside: it was never answered. */
  readonly notices: readonly AuditFinding[];
};

export type VerifyOptions = {
  /** Heads from the store, or an auditor's own notes. */
  readonly heads?: readonly KnownHead[];
  /** The public keys file that the auditor trusts; without it, the one beside the log. */
  readonly keysText?: string;
  readonly onProgress?: (done: number) => void;
};

const frameHead = 28;
const frameTail = 104;
const frameFormat = 2;
const roomUnit = 1 << 20;
const sector = Buffer.alloc(512);

type Peak = { readonly size: number; readonly hash: Buffer };

class Check {
  readonly findings: AuditFinding[] = [];
  readonly notices: AuditFinding[] = [];
  readonly heads = new Map<number, string[]>();
  readonly tiles: TileCheck;
  readonly folder: string;
  readonly node: string;
  keys: CheckKeys | null = null;
  /** Signatures of frames: how many are right, and the findings of those that are not. */
  rightSignatures = 0;
  readonly wrongSignatures: AuditFinding[] = [];
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

/** The bytes with which a segment must begin at this point of the log. */
function expectedStart(check: Check): Buffer {
  const text = `{"node":${JSON.stringify(check.node)},"tree":{"size":${check.size},"peaks":${check.peaksText()},"levels":${check.tiles.levelsText()}},"bundle":${check.tiles.bundleText()}}`;
  const head = Buffer.alloc(12);
  head.writeUInt32BE(0x434c5653, 0);
  head.writeUInt32BE(1, 4);
  head.writeUInt32BE(Buffer.byteLength(text), 8);
  return Buffer.concat([head, Buffer.from(text)]);
}

function checkStart(check: Check, { name, bytes, isLast }: Segment): number | null {
  const expected = expectedStart(check);
  if (expected.equals(bytes.subarray(0, expected.length))) return expected.length;
  if (isLast && expected.subarray(0, bytes.length).equals(bytes)) {
    check.notices.push({ file: name, problem: 'the segment was not begun to the end, as a crash leaves it' });
    return null;
  }
  check.find(name, `the head of the segment does not continue the log at index ${check.size}`);
  const end = bytes.length >= 12 ? 12 + bytes.readUInt32BE(8) : Infinity;
  return end < bytes.length ? end : null;
}

function frameEnd(bytes: Buffer, at: number): number {
  return bytes.length - at < frameHead ? Infinity : at + frameHead + bytes.readUInt32BE(at + 8) + frameTail;
}

/** Whether the check that a frame carries is that of its bytes. */
function isChecked(bytes: Buffer, at: number): boolean {
  const frame = bytes.subarray(at, frameEnd(bytes, at));
  return frame.readUInt32BE(24) === crc32(frame.subarray(frameHead), crc32(frame.subarray(0, 24)));
}

/** Whether a sector of the bytes is still as it was before anything was written there. */
function hasEmptySector(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    const next = Math.min(end, (Math.floor(at / sector.length) + 1) * sector.length);
    if (bytes.subarray(at, next).equals(sector.subarray(0, next - at))) return true;
    at = next;
  }
  return false;
}

/** Whether the bytes from an offset on are the beginning of a write that a crash cut: no whole frame stands behind it. */
function isTornEnd(bytes: Buffer, at: number, index: number): boolean {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0x434c5646, 0);
  head.writeUInt32BE(frameFormat, 4);
  head.writeBigUInt64BE(BigInt(index), 8);
  const begun = Buffer.concat([bytes.subarray(at, at + 8), bytes.subarray(at + 16, at + 24)]);
  if (!head.subarray(0, begun.length).equals(begun)) return false;
  const end = frameEnd(bytes, at);
  if (end <= bytes.length && (isChecked(bytes, at) || !hasEmptySector(bytes, at, end))) return false;
  for (let next = bytes.indexOf('CLVF', at + 1); next >= 0; next = bytes.indexOf('CLVF', next + 1)) {
    if (
      bytes.length - next >= 8 &&
      bytes.readUInt32BE(next + 4) === frameFormat &&
      frameEnd(bytes, next) <= bytes.length
    )
      return false;
  }
  return true;
}

/** Checks the frame at an offset; returns where it ends, or null where nothing behind it can be read. */
function checkFrame(check: Check, { name, bytes, isLast }: Segment, at: number): number | null {
  const where = `at byte ${at}, index ${check.size}`;
  if (isLast && isTornEnd(bytes, at, check.size)) {
    check.notices.push({
      file: name,
      problem: `the last write was not finished ${where}, as a crash leaves it`,
    });
    return null;
  }
  const bodyEnd = frameEnd(bytes, at) - frameTail;
  if (bytes.length < bodyEnd + frameTail) {
    check.find(name, `the last frame is cut ${where}`);
    return null;
  }
  if (bytes.readUInt32BE(at) !== 0x434c5646 || bytes.readUInt32BE(at + 4) !== frameFormat) {
    check.find(name, `no frame begins ${where}`);
    return null;
  }
  if (!isChecked(bytes, at)) check.find(name, `the bytes of a frame were changed ${where}`);
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
  if (check.keys) {
    if (verifySignature(null, Buffer.from(text), check.keys.ed25519, signature)) check.rightSignatures += 1;
    else if (check.wrongSignatures.length < 1000)
      check.wrongSignatures.push({ file: name, problem: `the signature of a frame is wrong ${where}` });
  }
  return bodyEnd + frameTail;
}

type Segment = {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isLast: boolean;
  /** Frames that begin here or later were not there when the reading began. */
  readonly written: number;
};

function writtenIn(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

/**
 * Reads a segment; the last one may be written meanwhile, and a reader can see the end of a write before its beginning: it is read
 * until what was there at first stands still.
 */
function readSegment(check: Check, name: string, isLast: boolean): Segment {
  const file = path.join(check.folder, name);
  let bytes = fs.readFileSync(file);
  if (!isLast) return { name, bytes, isLast, written: bytes.length };
  const written = writtenIn(bytes);
  for (let tries = 0; tries < 20; tries += 1) {
    const before = bytes.subarray(0, written);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
    bytes = fs.readFileSync(file);
    if (before.equals(bytes.subarray(0, written))) break;
  }
  return { name, bytes, isLast, written };
}

function checkSegment(check: Check, number: number, isLast: boolean): void {
  const segment = readSegment(check, segmentName(number), isLast);
  let at = checkStart(check, segment);
  while (at !== null && at < segment.written) at = checkFrame(check, segment, at);
  if (at !== null && at < segment.bytes.length) checkRoom(check, segment, at);
}

/** The last segment has room up to a multiple of 1 MiB while it is written. */
function checkRoom(check: Check, { name, bytes }: Segment, at: number): void {
  if (bytes.length % roomUnit === 0) return;
  check.find(name, `the room behind the last frame at byte ${at} was cut or grown`);
}

function segmentName(number: number): string {
  return path.join('journal', String(number).padStart(6, '0'));
}

function checkJournal(check: Check, onProgress: VerifyOptions['onProgress']): void {
  const folder = path.join(check.folder, 'journal');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  // a log that was just begun has a checkpoint of nothing, and no journal yet
  if (names.length === 0 && check.tiles.publishedSize !== 0) check.find('journal', 'the journal is missing');
  const last = names.findLast((name) => /^[0-9]{6}$/.test(name));
  let expected = 1;
  for (const name of names) {
    if (/^[0-9]{6}\.torn-[0-9]+$/.test(name)) continue;
    if (!/^[0-9]{6}$/.test(name)) {
      check.find(path.join('journal', name), 'this file does not belong here');
      continue;
    }
    if (Number(name) !== expected) {
      check.find(segmentName(expected), 'the segment is missing');
      return;
    }
    checkSegment(check, expected, name === last);
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

/** Where no signature at all is right, it is the keys that are wrong. */
function tellSignatures(check: Check): void {
  if (check.rightSignatures > 0 || check.wrongSignatures.length === 0) {
    for (const { file, problem } of check.wrongSignatures) check.find(file, problem);
  } else {
    check.find('keys.json', 'no frame was signed with this key: it is not the one of this log');
  }
}

/** Rebuilds a node's log from its raw entries and compares everything that is kept of it. */
export function verifyLog(folder: string, options: VerifyOptions = {}): Verified {
  const check = new Check(path.resolve(folder));
  chooseKeys(check, options.keysText);
  const readNote = () =>
    check.keys ? checkNote(path.join(folder, 'checkpoint'), check.node, check.keys) : 'no keys';
  const note = readNote();
  if (typeof note === 'string') check.find('checkpoint', note);
  const published = typeof note === 'string' ? null : note;
  for (const head of [...(options.heads ?? []), ...(published ? [published] : [])]) {
    check.heads.set(head.size, [...(check.heads.get(head.size) ?? []), head.root]);
  }
  check.tiles.publishedSize = published?.size ?? null;
  check.tiles.hasMovedOn = () => {
    const now = readNote();
    return typeof now !== 'string' && published !== null && now.size > published.size;
  };
  check.compareHead();
  checkJournal(check, options.onProgress);
  tellSignatures(check);
  for (const [size] of check.heads) {
    check.find('journal', `the log has ${check.size} entries, but ${size} were recorded: it was shortened`);
  }
  check.tiles.finish(check.size);
  return {
    folder,
    size: check.size,
    root: check.root().toString('hex'),
    findings: check.findings,
    notices: check.notices,
  };
}

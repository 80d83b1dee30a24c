import fs from 'node:fs';
import { StopError } from '#domain';
import { announcedEnd, frameHeadBytes, readFrame, type Frame } from './frame.ts';
import type { TreeState } from './tree.ts';

/**
 * A segment of the journal begins with what is needed to go on from there without the segments before it: the tree's right edge and
 * the entries of the unfinished bundle. `CLVS`, format (4 bytes), length (4 bytes), JSON; then frames; while the segment is written,
 * then room: zeros, up to a multiple of 1 MiB.
 */
export type SegmentStart = {
  readonly node: string;
  readonly tree: TreeState;
  /** Entries of the unfinished bundle, base64. */
  readonly bundle: readonly string[];
};

const magic = 0x434c5653;
const format = 1;
const startHeadBytes = 12;

/** A segment that is larger than this is followed by a new one. */
export const segmentBytesMax = 32 * 1024 * 1024;

export function segmentName(number: number): string {
  return String(number).padStart(6, '0');
}

export function segmentStartBytes(start: SegmentStart): Buffer {
  const body = Buffer.from(JSON.stringify(start));
  const head = Buffer.alloc(startHeadBytes);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(format, 4);
  head.writeUInt32BE(body.length, 8);
  return Buffer.concat([head, body]);
}

/** Where the first frame of a segment begins, by its first 12 bytes; null where they are none of a segment. */
export function segmentStartEnd(bytes: Buffer): number | null {
  if (bytes.length < startHeadBytes) return null;
  if (bytes.readUInt32BE(0) !== magic || bytes.readUInt32BE(4) !== format) return null;
  return startHeadBytes + bytes.readUInt32BE(8);
}

export type Segment = {
  readonly start: SegmentStart;
  readonly frames: readonly Frame[];
  /** Where the last whole frame ends. */
  readonly end: number;
  /** What a crash cut off stands behind the end, and not just room. */
  readonly isTorn: boolean;
};

function damaged(file: string, why: string): StopError {
  return new StopError('integrity-failed', `The audit journal ${file} is damaged: ${why}.`);
}

function readStart(bytes: Buffer, file: string): { start: SegmentStart; end: number } | null {
  if (bytes.length < startHeadBytes) return null;
  if (bytes.readUInt32BE(0) !== magic || bytes.readUInt32BE(4) !== format)
    throw damaged(file, 'its head is unknown');
  const end = startHeadBytes + bytes.readUInt32BE(8);
  if (bytes.length < end) return null;
  const text = bytes.toString('utf8', startHeadBytes, end);
  const start = parseStart(text);
  if (!start) throw damaged(file, 'its head can not be read');
  return { start, end };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isHash = (value: unknown): value is string => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isList = <T>(value: unknown, isEntry: (entry: unknown) => entry is T): value is T[] =>
  Array.isArray(value) && value.every(isEntry);
const isHashes = (value: unknown): value is string[] => isList(value, isHash);

/** The start that a text is; null for every text but the one that it is written as. */
function parseStart(text: string): SegmentStart | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || !isText(value['node']) || !isRecord(value['tree'])) return null;
  const { node, bundle } = value;
  const { size, peaks, levels } = value['tree'];
  if (!Number.isSafeInteger(size) || !isHashes(peaks) || !isList(levels, isHashes) || !isList(bundle, isText))
    return null;
  const start: SegmentStart = { node, tree: { size: size as number, peaks, levels }, bundle };
  return JSON.stringify(start) === text ? start : null;
}

/** Whether a whole frame begins anywhere behind an offset: then what stands there is damage, not an unfinished write. */
function hasLaterFrame(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf('CLVF', from + 1); at >= 0; at = bytes.indexOf('CLVF', at + 1)) {
    if (readFrame(bytes, at)) return true;
  }
  return false;
}

const zeros = Buffer.alloc(64 * 1024);

function isZero(bytes: Buffer, from: number, to = bytes.length): boolean {
  for (let at = from; at < to; at += zeros.length) {
    const length = Math.min(zeros.length, to - at);
    if (bytes.compare(zeros, 0, length, at, at + length) !== 0) return false;
  }
  return true;
}

const sectorBytes = 512;
const triesMax = 100;

function sectorEnd(at: number): number {
  return at - (at % sectorBytes) + sectorBytes;
}

/** Whether a write at an offset can have been cut off by a crash: the file ends in it, or a sector of it is still as room was. */
function isCutOff(bytes: Buffer, at: number): boolean {
  const end = announcedEnd(bytes, at) ?? sectorEnd(at);
  if (end > bytes.length || bytes.length - at < frameHeadBytes) return true;
  for (let from = at; from < end; from = sectorEnd(from)) {
    if (isZero(bytes, from, Math.min(end, sectorEnd(from)))) return true;
  }
  return false;
}

/**
 * The bytes of a segment that may be written meanwhile: a reader can see the end of a write before its beginning, so it is read until
 * what was there at first stands still. `written`: how far that is.
 */
export function readSettled(file: string): { readonly bytes: Buffer; readonly written: number } {
  let bytes = fs.readFileSync(file);
  let written = bytes.length;
  while (written > 0 && bytes[written - 1] === 0) written -= 1;
  for (let tries = 0; tries < triesMax; tries += 1) {
    const before = bytes.subarray(0, written);
    bytes = fs.readFileSync(file);
    if (before.equals(bytes.subarray(0, written))) break;
  }
  return { bytes, written };
}

/**
 * Reads a segment. What a crash left unfinished at its end, and was never answered, is left out (`end` says where);
 * anything else that is wrong is a StopError. Null: not even the head was finished. Frames that begin at `written` or later are left out,
 * too: they came while the file was read.
 */
export function readSegment(bytes: Buffer, file: string, written = bytes.length): Segment | null {
  const head = readStart(bytes, file);
  if (!head) {
    if (bytes.length > startHeadBytes && hasLaterFrame(bytes, startHeadBytes))
      throw damaged(file, 'its head is cut');
    return null;
  }
  const frames: Frame[] = [];
  let at = head.end;
  while (at < written) {
    const frame = readFrame(bytes, at);
    if (!frame) break;
    frames.push(frame);
    at = frame.end;
  }
  const isTorn = at < written && !isZero(bytes, at);
  if (isTorn && (hasLaterFrame(bytes, at) || !isCutOff(bytes, at)))
    throw damaged(file, `no whole frame stands at byte ${at}`);
  return { start: head.start, frames, end: at, isTorn };
}

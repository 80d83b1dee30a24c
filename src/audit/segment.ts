import { StopError } from '#domain';
import { readFrame, type Frame } from './frame.ts';
import type { TreeState } from './tree.ts';

/**
 * A segment of the journal begins with what is needed to go on from there without the segments before it: the tree's right edge and
 * the entries of the unfinished bundle. `CLVS`, format (4 bytes), length (4 bytes), JSON; then frames.
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

export type Segment = {
  readonly start: SegmentStart;
  readonly frames: readonly Frame[];
  /** Where the last whole frame ends. */
  readonly end: number;
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
    try {
      if (readFrame(bytes, at)) return true;
    } catch {
      // not the head of a frame
    }
  }
  return false;
}

/**
 * Reads a segment. What a crash left unfinished at its end, and was never answered, is left out (`end` says where);
 * anything else that is wrong is a StopError. Null: not even the head was finished.
 */
export function readSegment(bytes: Buffer, file: string): Segment | null {
  const head = readStart(bytes, file);
  if (!head) {
    if (bytes.length > startHeadBytes && hasLaterFrame(bytes, startHeadBytes))
      throw damaged(file, 'its head is cut');
    return null;
  }
  const frames: Frame[] = [];
  let at = head.end;
  while (at < bytes.length) {
    const frame = readFrame(bytes, at);
    if (!frame) {
      if (hasLaterFrame(bytes, at)) throw damaged(file, `a frame at byte ${at} does not end where it says`);
      break;
    }
    frames.push(frame);
    at = frame.end;
  }
  return { start: head.start, frames, end: at };
}

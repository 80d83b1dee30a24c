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

function damaged(file: string, why: string, cause?: unknown): StopError {
  return new StopError('integrity-failed', `The audit journal ${file} is damaged: ${why}.`, { cause });
}

function readStart(bytes: Buffer, file: string): { start: SegmentStart; end: number } | null {
  if (bytes.length < startHeadBytes) return null;
  if (bytes.readUInt32BE(0) !== magic || bytes.readUInt32BE(4) !== format)
    throw damaged(file, 'its head is unknown');
  const end = startHeadBytes + bytes.readUInt32BE(8);
  if (bytes.length < end) return null;
  try {
    const { node, tree, bundle } = JSON.parse(bytes.toString('utf8', startHeadBytes, end)) as SegmentStart;
    const { size, peaks, levels } = tree;
    const start = { node, tree: { size, peaks, levels }, bundle };
    // nothing but what was written: no member is missing, none is more
    if (segmentStartBytes(start).equals(bytes.subarray(0, end))) return { start, end };
  } catch (cause) {
    throw damaged(file, 'its head can not be read', cause);
  }
  throw damaged(file, 'its head is not as it was written');
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

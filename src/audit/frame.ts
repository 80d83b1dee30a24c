import { sign, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { checkpointText } from './checkpoint.ts';

/**
 * A frame of the journal: the entries of one commit, and the signed tree that they lead to.
 *
 * | bytes | meaning |
 * |---|---|
 * | 4 | `CLVF` |
 * | 4 | format, 2 |
 * | 4 | length of the entries in bytes |
 * | 4 | number of entries |
 * | 8 | index of the first entry |
 * | 4 | CRC-32 of all other bytes of the frame: whether a crash cut it off, not whether somebody changed it |
 * | ... | entries, each after its length (2 bytes) |
 * | 8 | size of the tree after them |
 * | 32 | root of the tree |
 * | 64 | Ed25519 signature over the checkpoint of that tree |
 *
 * Numbers are big-endian.
 */
export type Frame = {
  readonly firstIndex: number;
  readonly entries: readonly Buffer[];
  readonly size: number;
  readonly root: Buffer;
  readonly signature: Buffer;
  /** Where the next frame begins. */
  readonly end: number;
};

const magic = 0x434c5646;
const format = 2;
const checkAt = 24;
export const frameHeadBytes = 28;
export const frameTailBytes = 104;
export const entryBytesMax = 65_535;

/** An entry that is to be kept, and how many bytes it has in UTF-8. */
export type NewEntry = { readonly text: string; readonly length: number };

type FrameParts = {
  readonly origin: string;
  readonly entries: readonly NewEntry[];
  readonly firstIndex: number;
  readonly root: Buffer;
  readonly privateKey: KeyObject;
};

/** The bytes of a frame, and within them those of its entries, each after its length. */
export function frameBytes(parts: FrameParts): { readonly bytes: Buffer; readonly framed: Buffer } {
  const { origin, firstIndex, root } = parts;
  let length = 0;
  for (const entry of parts.entries) length += 2 + entry.length;
  const bytes = Buffer.allocUnsafeSlow(frameHeadBytes + length + frameTailBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(format, 4);
  bytes.writeUInt32BE(length, 8);
  bytes.writeUInt32BE(parts.entries.length, 12);
  bytes.writeBigUInt64BE(BigInt(firstIndex), 16);
  let at = frameHeadBytes;
  for (const entry of parts.entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.write(entry.text, at);
    at += entry.length;
  }
  const size = firstIndex + parts.entries.length;
  bytes.writeBigUInt64BE(BigInt(size), at);
  bytes.set(root, at + 8);
  const signed = Buffer.from(checkpointText({ origin, size, root }));
  bytes.set(sign(null, signed, parts.privateKey), at + 40);
  bytes.writeUInt32BE(checkOf(bytes), checkAt);
  return { bytes, framed: bytes.subarray(frameHeadBytes, frameHeadBytes + length) };
}

function checkOf(frame: Buffer): number {
  return crc32(frame.subarray(frameHeadBytes), crc32(frame.subarray(0, checkAt)));
}

/** Where the frame at an offset says that it ends; null where no frame begins there. */
export function announcedEnd(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < frameHeadBytes) return null;
  if (bytes.readUInt32BE(at) !== magic || bytes.readUInt32BE(at + 4) !== format) return null;
  return at + frameHeadBytes + bytes.readUInt32BE(at + 8) + frameTailBytes;
}

/** Reads the frame at an offset; null where no whole one stands there. Its hashes are not checked here. */
export function readFrame(bytes: Buffer, at: number): Frame | null {
  const end = announcedEnd(bytes, at);
  if (end === null || end > bytes.length) return null;
  if (bytes.readUInt32BE(at + checkAt) !== checkOf(bytes.subarray(at, end))) return null;
  const bodyEnd = end - frameTailBytes;
  const entries: Buffer[] = [];
  let position = at + frameHeadBytes;
  while (position + 2 <= bodyEnd) {
    const next = position + 2 + bytes.readUInt16BE(position);
    entries.push(bytes.subarray(position + 2, next));
    position = next;
  }
  const firstIndex = Number(bytes.readBigUInt64BE(at + 16));
  const size = Number(bytes.readBigUInt64BE(bodyEnd));
  const isWhole = position === bodyEnd && entries.length === bytes.readUInt32BE(at + 12);
  if (!isWhole || size !== firstIndex + entries.length) return null;
  return {
    firstIndex,
    entries,
    size,
    root: bytes.subarray(bodyEnd + 8, bodyEnd + 40),
    signature: bytes.subarray(bodyEnd + 40, end),
    end,
  };
}

import { sign, type KeyObject } from 'node:crypto';
import { StopError } from '#domain';
import { checkpointText } from './checkpoint.ts';

/**
 * A frame of the journal: the entries of one commit, and the signed tree that they lead to.
 *
 * | bytes | meaning |
 * |---|---|
 * | 4 | `CLVF` |
 * | 4 | format, 1 |
 * | 4 | length of the entries in bytes |
 * | 4 | number of entries |
 * | 8 | index of the first entry |
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
const format = 1;
export const frameHeadBytes = 24;
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

/** The bytes of a frame, and those of its entries within them. */
export function frameBytes(parts: FrameParts): { readonly bytes: Buffer; readonly entries: Buffer[] } {
  const { origin, firstIndex, root } = parts;
  let length = 0;
  for (const entry of parts.entries) length += 2 + entry.length;
  const bytes = Buffer.allocUnsafeSlow(frameHeadBytes + length + frameTailBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(format, 4);
  bytes.writeUInt32BE(length, 8);
  bytes.writeUInt32BE(parts.entries.length, 12);
  bytes.writeBigUInt64BE(BigInt(firstIndex), 16);
  const entries: Buffer[] = [];
  let at = frameHeadBytes;
  for (const entry of parts.entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.write(entry.text, at);
    entries.push(bytes.subarray(at, at + entry.length));
    at += entry.length;
  }
  const size = firstIndex + entries.length;
  bytes.writeBigUInt64BE(BigInt(size), at);
  bytes.set(root, at + 8);
  const signed = Buffer.from(checkpointText({ origin, size, root }));
  bytes.set(sign(null, signed, parts.privateKey), at + 40);
  return { bytes, entries };
}

function damaged(at: number): StopError {
  return new StopError('integrity-failed', `The audit journal is damaged at byte ${at}.`);
}

/** Reads the frame at an offset; null where the bytes end before the frame does. Its hashes are not checked here. */
export function readFrame(bytes: Buffer, at: number): Frame | null {
  if (bytes.length - at < frameHeadBytes) return null;
  if (bytes.readUInt32BE(at) !== magic || bytes.readUInt32BE(at + 4) !== format) throw damaged(at);
  const length = bytes.readUInt32BE(at + 8);
  const count = bytes.readUInt32BE(at + 12);
  const bodyEnd = at + frameHeadBytes + length;
  if (bytes.length < bodyEnd + frameTailBytes) return null;
  const entries: Buffer[] = [];
  let position = at + frameHeadBytes;
  while (position < bodyEnd) {
    const end = position + 2 + bytes.readUInt16BE(position);
    if (end > bodyEnd) throw damaged(position);
    entries.push(bytes.subarray(position + 2, end));
    position = end;
  }
  const firstIndex = Number(bytes.readBigUInt64BE(at + 16));
  const size = Number(bytes.readBigUInt64BE(bodyEnd));
  if (entries.length !== count || size !== firstIndex + count) throw damaged(at);
  return {
    firstIndex,
    entries,
    size,
    root: bytes.subarray(bodyEnd + 8, bodyEnd + 40),
    signature: bytes.subarray(bodyEnd + 40, bodyEnd + 104),
    end: bodyEnd + frameTailBytes,
  };
}

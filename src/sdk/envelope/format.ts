import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Why an encrypted file can't be opened. */
export class EnvelopeError extends Error {
  readonly code: 'not-ours' | 'damaged' | 'truncated' | 'wrong-key';

  constructor(code: EnvelopeError['code'], message: string) {
    super(message);
    this.name = 'EnvelopeError';
    this.code = code;
  }
}

/**
 * The head of an encrypted file (docs/formats/file-encryption.md).
 *
 * | bytes | meaning |
 * |---|---|
 * | 6 | `CLVGR` and the format, 1 |
 * | 1 | chunk size as a power of two (20: 1 MiB) |
 * | 32 | message id, random |
 * | 32 | key commitment |
 * | 2 | length of the context |
 * | ... | context, JSON with sorted names |
 * | 2 | length of the wrapped data key |
 * | ... | wrapped data key, as the server made it |
 */
export type Head = {
  readonly chunkPower: number;
  readonly messageId: Uint8Array;
  readonly commitment: Uint8Array;
  readonly context: Readonly<Record<string, string>>;
  readonly wrappedKey: Uint8Array;
};

const magic = Buffer.from('CLVGR\x01', 'latin1');
export const fixedHeadBytes = 6 + 1 + 32 + 32 + 2;
export const tagBytes = 16;
const powerMin = 12;
const powerMax = 24;

function sorted(context: Head['context']): string {
  return JSON.stringify(Object.fromEntries(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}

export function headBytes(head: Head): Buffer {
  const context = Buffer.from(sorted(head.context));
  const lengths = [Buffer.alloc(2), Buffer.alloc(2)] as const;
  lengths[0].writeUInt16BE(context.length);
  lengths[1].writeUInt16BE(head.wrappedKey.length);
  return Buffer.concat([
    magic,
    Buffer.of(head.chunkPower),
    head.messageId,
    head.commitment,
    lengths[0],
    context,
    lengths[1],
    head.wrappedKey,
  ]);
}

/** Reads a head that anybody may have written; null: more bytes are needed. Returns where it ends. */
export function readHead(bytes: Buffer): { head: Head; end: number } | null {
  const known = Math.min(bytes.length, magic.length);
  if (!bytes.subarray(0, known).equals(magic.subarray(0, known))) {
    throw new EnvelopeError('not-ours', 'This is not a file that Claviger encrypted.');
  }
  if (bytes.length < fixedHeadBytes) return null;
  const chunkPower = bytes[6] ?? 0;
  if (chunkPower < powerMin || chunkPower > powerMax)
    throw new EnvelopeError('damaged', 'The head of the file is damaged.');
  const contextEnd = fixedHeadBytes + bytes.readUInt16BE(71);
  if (bytes.length < contextEnd + 2) return null;
  const end = contextEnd + 2 + bytes.readUInt16BE(contextEnd);
  if (bytes.length < end) return null;
  return {
    head: {
      chunkPower,
      messageId: Buffer.from(bytes.subarray(7, 39)),
      commitment: Buffer.from(bytes.subarray(39, 71)),
      context: readContext(bytes.toString('utf8', fixedHeadBytes, contextEnd)),
      wrappedKey: Buffer.from(bytes.subarray(contextEnd + 2, end)),
    },
    end,
  };
}

function readContext(text: string): Head['context'] {
  try {
    const value: unknown = JSON.parse(text);
    const good =
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((entry) => typeof entry === 'string') &&
      sorted(value as Head['context']) === text;
    if (good) return value as Head['context'];
  } catch {
    // said below
  }
  throw new EnvelopeError('damaged', 'The context in the head of the file is damaged.');
}

/** The key of one message, and the commitment to it: no other data key opens the same file to something else. */
export function messageKey(dataKey: Uint8Array, messageId: Uint8Array): { key: Buffer; commitment: Buffer } {
  const derived = Buffer.from(hkdfSync('sha256', dataKey, messageId, 'claviger file v1', 64));
  return { key: derived.subarray(0, 32), commitment: derived.subarray(32) };
}

export function requireCommitment(found: Uint8Array, expected: Uint8Array): void {
  if (timingSafeEqual(found, expected)) return;
  throw new EnvelopeError('wrong-key', 'The data key does not belong to this file.');
}

/** Binds every chunk to the whole head. */
export function headDigest(key: Uint8Array, head: Uint8Array): Buffer {
  return createHmac('sha256', key).update(head).digest();
}

/** The nonce of a chunk: its number, and whether it is the last one. */
export function chunkNonce(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

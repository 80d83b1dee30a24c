import { hash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type FileContext, packContext, readContext } from './context.ts';
import { EnvelopeError } from './envelope-error.ts';

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
 * | ... | context, names in order |
 * | 2 | length of the wrapped data key |
 * | ... | wrapped data key, as the server made it |
 */
export type Head = {
  readonly chunkPower: number;
  readonly messageId: Uint8Array;
  readonly commitment: Uint8Array;
  readonly context: FileContext;
  readonly wrappedKey: Uint8Array;
};

const magic = Buffer.from('CLVGR\x01', 'latin1');
const fixedHeadBytes = 6 + 1 + 32 + 32 + 2;
export const tagBytes = 16;
const dataKeyBytes = 32;
const powerMin = 12;
const powerMax = 24;

export function headBytes(head: Head): Buffer {
  const context = packContext(head.context);
  if (head.wrappedKey.length > 0xffff) throw new RangeError('The wrapped data key is too long.');
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

/**
 * Reads a head that anybody may have written. Where bytes are missing it says with how many to come again, at most 131,145:
 * nothing is kept that a length field alone asks for.
 */
export function readHead(bytes: Buffer): { head: Head; end: number } | { needs: number } {
  const known = Math.min(bytes.length, magic.length);
  if (!bytes.subarray(0, known).equals(magic.subarray(0, known))) {
    throw new EnvelopeError('not-ours', 'This is not a file that Claviger encrypted.');
  }
  if (bytes.length < magic.length) return { needs: magic.length };
  if (bytes.length < fixedHeadBytes) return { needs: fixedHeadBytes };
  const chunkPower = bytes[6] ?? 0;
  if (chunkPower < powerMin || chunkPower > powerMax)
    throw new EnvelopeError('damaged', 'The head of the file is damaged.');
  const contextEnd = fixedHeadBytes + bytes.readUInt16BE(fixedHeadBytes - 2);
  if (bytes.length < contextEnd + 2) return { needs: contextEnd + 2 };
  const end = contextEnd + 2 + bytes.readUInt16BE(contextEnd);
  if (bytes.length < end) return { needs: end };
  return {
    head: {
      chunkPower,
      messageId: Buffer.from(bytes.subarray(7, 39)),
      commitment: Buffer.from(bytes.subarray(39, 71)),
      context: readContext(bytes.subarray(fixedHeadBytes, contextEnd)),
      wrappedKey: Buffer.from(bytes.subarray(contextEnd + 2, end)),
    },
    end,
  };
}

/** The key of one message, and the commitment to it: no other data key opens the same file to something else. */
export function messageKey(dataKey: Uint8Array, messageId: Uint8Array): { key: Buffer; commitment: Buffer } {
  if (dataKey.length !== dataKeyBytes)
    throw new EnvelopeError('wrong-key', `A data key of ${dataKeyBytes} bytes is needed.`);
  const derived = Buffer.from(hkdfSync('sha256', dataKey, messageId, 'claviger file v1', 64));
  return { key: derived.subarray(0, 32), commitment: derived.subarray(32) };
}

export function requireCommitment(found: Uint8Array, expected: Uint8Array): void {
  if (timingSafeEqual(found, expected)) return;
  throw new EnvelopeError('wrong-key', 'The data key does not belong to this file.');
}

/** Binds every chunk to the whole head. */
export function headDigest(head: Uint8Array): Buffer {
  return hash('sha256', head, 'buffer');
}

/** The nonce of a chunk: its number, and whether it is the last one. */
export function chunkNonce(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

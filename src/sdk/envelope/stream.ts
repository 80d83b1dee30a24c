import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { FileContext } from './context.ts';
import { EnvelopeError } from './envelope-error.ts';
import {
  chunkNonce,
  headBytes,
  headDigest,
  messageKey,
  readHead,
  requireCommitment,
  tagBytes,
} from './format.ts';

/** A data key in clear, and as it is kept in the file. */
export type FileKey = { readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array };

const chunkPower = 20;

/** Collects pieces of any size into a buffer of one size, which is used again and again. */
class Collector {
  readonly bytes: Buffer;
  length = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  get isFull(): boolean {
    return this.length === this.bytes.length;
  }

  /** Takes what fits of a piece from an offset on; returns the new offset. */
  take(piece: Uint8Array, from: number): number {
    const end = Math.min(piece.length, from + this.bytes.length - this.length);
    this.bytes.set(from === 0 && end === piece.length ? piece : piece.subarray(from, end), this.length);
    this.length += end - from;
    return end;
  }
}

type ChunkKey = { readonly key: Uint8Array; readonly bound: Uint8Array };

function sealChunk(
  { key, bound }: ChunkKey,
  plaintext: Uint8Array,
  number: number,
  isLast: boolean,
): Buffer[] {
  const cipher = createCipheriv('aes-256-gcm', key, chunkNonce(number, isLast));
  cipher.setAAD(bound);
  const sealed = cipher.update(plaintext);
  cipher.final();
  return [sealed, cipher.getAuthTag()];
}

/**
 * Encrypts a stream of any length in constant memory, under a data key: AES-256-GCM in chunks of 1 MiB that are numbered, the last one marked.
 * The data key (32 bytes) is the caller's to wipe.
 */
export function encryptStream(
  source: AsyncIterable<Uint8Array>,
  fileKey: FileKey,
  context: FileContext = {},
): AsyncGenerator<Uint8Array> {
  return sealStream(source, { ...fileKey, context, chunkPower, messageId: randomBytes(32) });
}

type Sealing = FileKey & {
  readonly context: FileContext;
  readonly chunkPower: number;
  readonly messageId: Uint8Array;
};

/** `encryptStream` with everything given that is chosen there, for known answers. */
export async function* sealStream(
  source: AsyncIterable<Uint8Array>,
  sealing: Sealing,
): AsyncGenerator<Uint8Array> {
  const { context, messageId, ciphertext: wrappedKey } = sealing;
  const { key, commitment } = messageKey(sealing.plaintext, messageId);
  const chunk = new Collector(2 ** sealing.chunkPower);
  let number = 0;
  try {
    const head = headBytes({ chunkPower: sealing.chunkPower, messageId, commitment, context, wrappedKey });
    const chunkKey = { key, bound: headDigest(head) };
    yield head;
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) {
        // a full chunk is only sealed once more follows: the last one is marked
        if (chunk.isFull) {
          yield* sealChunk(chunkKey, chunk.bytes, number, false);
          number += 1;
          chunk.length = 0;
        }
        at = chunk.take(piece, at);
      }
    }
    yield* sealChunk(chunkKey, chunk.bytes.subarray(0, chunk.length), number, true);
  } finally {
    key.fill(0);
    chunk.bytes.fill(0);
  }
}

function openChunk({ key, bound }: ChunkKey, sealed: Buffer, number: number, isLast: boolean): Buffer {
  // a file has one form only: an empty chunk is the only one
  const least = number === 0 ? tagBytes : tagBytes + 1;
  if (sealed.length < least) throw new EnvelopeError('truncated', 'The file ends too early.');
  const decipher = createDecipheriv('aes-256-gcm', key, chunkNonce(number, isLast));
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    throw isLast
      ? new EnvelopeError('truncated', 'The end of the file is missing or damaged.')
      : new EnvelopeError('damaged', `The file is damaged in chunk ${number + 1}.`);
  }
}

/** Opens the wrapped data key of a file. */
export type KeyOpener = (wrappedKey: Uint8Array, context: FileContext) => Promise<Uint8Array>;

/** Opens the data key of a file: the message's own key, proven to be the one that the file was made with. */
async function openFile(bytes: Buffer, openKey: KeyOpener): Promise<Opened | { needs: number }> {
  const read = readHead(bytes);
  if ('needs' in read) return read;
  const { head, end } = read;
  const dataKey = await openKey(head.wrappedKey, head.context);
  try {
    const { key, commitment } = messageKey(dataKey, head.messageId);
    requireCommitment(head.commitment, commitment);
    const chunkKey = { key, bound: headDigest(bytes.subarray(0, end)) };
    return { chunkKey, chunk: new Collector(2 ** head.chunkPower + tagBytes), rest: bytes.subarray(end) };
  } finally {
    dataKey.fill(0);
  }
}

type Opened = { readonly chunkKey: ChunkKey; readonly chunk: Collector; readonly rest: Buffer };

/**
 * Decrypts what `encryptStream` made. Only authenticated chunks are given out; at the first that is not, or where the end is missing,
 * an EnvelopeError ends the stream.
 */
export async function* decryptStream(
  source: AsyncIterable<Uint8Array>,
  openKey: KeyOpener,
): AsyncGenerator<Uint8Array> {
  const begin = { pieces: [] as Uint8Array[], length: 0, needs: 1 };
  let opened: Opened | null = null;
  let number = 0;
  try {
    for await (const incoming of source) {
      let piece: Uint8Array = incoming;
      if (!opened) {
        begin.pieces.push(piece);
        begin.length += piece.length;
        if (begin.length < begin.needs) continue;
        const read = await openFile(Buffer.concat(begin.pieces), openKey);
        if ('needs' in read) {
          begin.needs = read.needs;
          continue;
        }
        opened = read;
        piece = read.rest;
      }
      const { chunk, chunkKey } = opened;
      for (let at = 0; at < piece.length; ) {
        if (chunk.isFull) {
          yield openChunk(chunkKey, chunk.bytes, number, false);
          number += 1;
          chunk.length = 0;
        }
        at = chunk.take(piece, at);
      }
    }
    if (!opened) throw new EnvelopeError('truncated', 'The file ends inside its head.');
    yield openChunk(opened.chunkKey, opened.chunk.bytes.subarray(0, opened.chunk.length), number, true);
  } finally {
    opened?.chunkKey.key.fill(0);
  }
}

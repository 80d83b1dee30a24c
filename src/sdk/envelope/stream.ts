import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  chunkNonce,
  EnvelopeError,
  headBytes,
  headDigest,
  messageKey,
  readHead,
  requireCommitment,
  tagBytes,
} from './format.ts';

/** A data key in clear, and as it is kept in the file. */
export type FileKey = { readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array };
export type FileContext = Readonly<Record<string, string>>;

const chunkPower = 20;
const headMax = 200_000;

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
 * The data key is the caller's to wipe.
 */
export async function* encryptStream(
  source: AsyncIterable<Uint8Array>,
  fileKey: FileKey,
  context: FileContext = {},
): AsyncGenerator<Uint8Array> {
  const messageId = randomBytes(32);
  const { key, commitment } = messageKey(fileKey.plaintext, messageId);
  const head = headBytes({ chunkPower, messageId, commitment, context, wrappedKey: fileKey.ciphertext });
  const chunkKey = { key, bound: headDigest(key, head) };
  const chunk = new Collector(2 ** chunkPower);
  let number = 0;
  yield head;
  try {
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
  if (sealed.length < tagBytes) throw new EnvelopeError('truncated', 'The file ends too early.');
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

/**
 * Decrypts what `encryptStream` made. Only authenticated chunks are given out; at the first that is not, or where the end is missing,
 * an EnvelopeError ends the stream.
 */
export async function* decryptStream(
  source: AsyncIterable<Uint8Array>,
  openKey: KeyOpener,
): AsyncGenerator<Uint8Array> {
  let begin: Buffer = Buffer.alloc(0);
  let state: { chunkKey: ChunkKey; chunk: Collector } | null = null;
  let number = 0;
  try {
    for await (const incoming of source) {
      let piece: Uint8Array = incoming;
      if (!state) {
        begin = Buffer.concat([begin, piece]);
        const read = readHead(begin);
        if (!read) {
          if (begin.length > headMax) throw new EnvelopeError('damaged', 'The head of the file is damaged.');
          continue;
        }
        const { head, end } = read;
        const dataKey = await openKey(head.wrappedKey, head.context);
        const { key, commitment } = messageKey(dataKey, head.messageId);
        dataKey.fill(0);
        requireCommitment(head.commitment, commitment);
        const chunkKey = { key, bound: headDigest(key, begin.subarray(0, end)) };
        state = { chunkKey, chunk: new Collector(2 ** head.chunkPower + tagBytes) };
        piece = begin.subarray(end);
      }
      const { chunk, chunkKey } = state;
      for (let at = 0; at < piece.length; ) {
        if (chunk.isFull) {
          yield openChunk(chunkKey, chunk.bytes, number, false);
          number += 1;
          chunk.length = 0;
        }
        at = chunk.take(piece, at);
      }
    }
    if (!state) throw new EnvelopeError('truncated', 'The file ends inside its head.');
    yield openChunk(state.chunkKey, state.chunk.bytes.subarray(0, state.chunk.length), number, true);
  } finally {
    if (state) state.chunkKey.key.fill(0);
  }
}

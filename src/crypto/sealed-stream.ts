import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { ClavigerError, StopError } from '#domain';
import { sha256 } from './digest.ts';
import { SecretBytes } from './secret-bytes.ts';

/** Bytes of plaintext in a chunk. */
export const streamChunkBytes = 1 << 18;
const tagBytes = 16;
/** Bytes of a whole sealed chunk. */
export const sealedChunkBytes = streamChunkBytes + tagBytes;
const chunksMax = 2 ** 31;

/** The nonce of a chunk: its number and whether it is the last (the STREAM construction, with a key used for one stream). */
function nonceOf(number: number, isLast: boolean): Buffer {
  if (number >= chunksMax) throw new ClavigerError('input-too-large', 'A sealed stream is too long.');
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** The key of one stream and a commitment to it: two keys never open one stream. `id` differs for each stream. */
function keysOf(key: SecretBytes, id: Uint8Array): { content: SecretBytes; commitment: Buffer } {
  using both = key.use((secret) =>
    SecretBytes.take(new Uint8Array(hkdfSync('sha256', secret, id, 'claviger recovery file v1', 64))),
  );
  return both.use((bytes) => ({
    content: SecretBytes.copyOf(bytes.subarray(0, 32)),
    commitment: Buffer.from(bytes.subarray(32)),
  }));
}

/** What proves, without opening anything, that a key is that of a stream; 64 hexadecimal characters. */
export function streamCommitment(key: SecretBytes, id: Uint8Array): string {
  const keys = keysOf(key, id);
  keys.content[Symbol.dispose]();
  return keys.commitment.toString('hex');
}

/** Gathers pieces of any size into whole chunks; each is told whether more will come. */
async function* chunked(
  content: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ chunk: Buffer; isLast: boolean }> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of content) {
    held.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    length += piece.length;
    if (length <= size) continue;
    let all = Buffer.concat(held);
    // one that is exactly full waits: it may be the last
    while (all.length > size) {
      yield { chunk: all.subarray(0, size), isLast: false };
      all = all.subarray(size);
    }
    held = [Buffer.from(all)];
    length = all.length;
  }
  yield { chunk: Buffer.concat(held), isLast: true };
}

/** What a stream is sealed under: a fresh key, the stream's own id, and the head that every chunk is bound to. */
export type StreamPlace = { readonly key: SecretBytes; readonly id: Uint8Array; readonly head: Uint8Array };

/** Seals a stream in chunks of AES-256-GCM; the key must be new for it. */
export async function* sealStream(
  { key, id, head }: StreamPlace,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const bound = sha256(head);
  using chunkKey = keysOf(key, id).content;
  let number = 0;
  for await (const { chunk, isLast } of chunked(content, streamChunkBytes)) {
    const cipher = chunkKey.use((bytes) => createCipheriv('aes-256-gcm', bytes, nonceOf(number, isLast)));
    cipher.setAAD(bound);
    const sealed = cipher.update(chunk);
    cipher.final();
    yield Buffer.concat([sealed, cipher.getAuthTag()]);
    number += 1;
  }
}

/** Opens what `sealStream` made, chunk by chunk. Throws a StopError `integrity-failed` for anything that was changed, moved or cut off. */
export async function* openStream(
  { key, id, head }: StreamPlace,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const bound = sha256(head);
  using chunkKey = keysOf(key, id).content;
  let number = 0;
  for await (const { chunk, isLast } of chunked(sealed, sealedChunkBytes)) {
    if (chunk.length < tagBytes) throw broken(number);
    const end = chunk.length - tagBytes;
    const nonce = nonceOf(number, isLast);
    const decipher = chunkKey.use((bytes) =>
      createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: tagBytes }),
    );
    decipher.setAAD(bound);
    decipher.setAuthTag(chunk.subarray(end));
    const opened = decipher.update(chunk.subarray(0, end));
    try {
      decipher.final();
    } catch (cause) {
      throw broken(number, cause);
    }
    yield opened;
    number += 1;
  }
}

function broken(number: number, cause?: unknown): StopError {
  return new StopError(
    'integrity-failed',
    `The file is damaged or was cut off: part ${number + 1} does not open.`,
    { cause },
  );
}

import type { KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  joinShares,
  openStream,
  SecretBytes,
  sealedChunkBytes,
  sealStream,
  splitToHolders,
  streamCommitment,
} from '#crypto';
import { ClavigerError, StopError } from '#domain';
import type { RecoveryHolders } from '#operations';
import { hasErrorCode, syncFolder } from '../durable-file.ts';
import { prefixBytes, readHead, readPrefix, writeHead, type FileHead } from './head.ts';

const lineBytesMax = 1 << 26;
const pieceBytes = 1 << 16;

/** What the caller knows of a new file; the rest of the head follows from its key and holders. */
export type Heading = Omit<FileHead, 'format' | 'threshold' | 'commitment' | 'holders'>;

/** Refuses early a place where something stands already. */
export async function requireFree(file: string): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (found) throw new ClavigerError('conflict', `${file} is there already: give another place.`);
}

async function* linesOf(records: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let waiting = '';
  for await (const record of records) {
    waiting += `${JSON.stringify(record)}\n`;
    if (waiting.length < pieceBytes) continue;
    yield Buffer.from(waiting);
    waiting = '';
  }
  yield Buffer.from(waiting);
}

async function* behind(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

/**
 * Seals records under a fresh key, split among the holders, into a file of mode 0600. It is durable and still has another name when
 * `beforeGiving` runs; then it is put in place in one step. What a crash leaves ends in `.part`, and opens as little as the file.
 */
export async function writeSealedFile(
  file: string,
  { heading, holders }: { heading: Heading; holders: RecoveryHolders },
  records: AsyncIterable<unknown>,
  beforeGiving: () => Promise<void>,
): Promise<void> {
  await requireFree(file);
  const fresh = `${file}.${process.pid}.part`;
  using key = SecretBytes.random(32);
  const id = Buffer.from(heading.id);
  const head = writeHead({
    format: 1,
    ...heading,
    threshold: holders.threshold,
    commitment: streamCommitment(key, id),
    holders: [...(await splitToHolders(key, heading.id, holders))],
  });
  try {
    const sealed = sealStream({ key, id, head }, linesOf(records));
    await pipeline(behind(head, sealed), createWriteStream(fresh, { flags: 'w', mode: 0o600, flush: true }));
    await beforeGiving();
    await putInPlace(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}

async function putInPlace(fresh: string, file: string): Promise<void> {
  try {
    await link(fresh, file);
  } catch (cause) {
    if (!hasErrorCode(cause, 'EEXIST')) throw cause;
    throw new ClavigerError('conflict', `${file} is there already: give another place.`, { cause });
  }
  await syncFolder(path.dirname(path.resolve(file)));
}

/** A file whose head was read, and nothing else. */
export type SealedFile = {
  readonly file: string;
  readonly head: FileHead;
  readonly headBytes: Buffer;
  readonly contentBytes: number;
};

/** Reads the head, and checks what can be checked without any key: the frame and the lengths. */
export async function openSealedFile(file: string, kind: FileHead['kind'] | null): Promise<SealedFile> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new ClavigerError('input-invalid', `The file ${file} can't be read.`, { cause });
  });
  try {
    const { size } = await handle.stat();
    const prefix = Buffer.alloc(prefixBytes);
    const { bytesRead } = await handle.read(prefix, 0, prefixBytes, 0);
    const length = readPrefix(prefix.subarray(0, bytesRead));
    const contentBytes = size - prefixBytes - length;
    // an empty stream is still one sealed chunk
    if (contentBytes < 16) throw new StopError('integrity-failed', `The file ${file} was cut off.`);
    const headBytes = Buffer.alloc(prefixBytes + length);
    await handle.read(headBytes, 0, headBytes.length, 0);
    const rest = contentBytes % sealedChunkBytes;
    if (rest !== 0 && rest < 16) throw new StopError('integrity-failed', `The file ${file} was cut off.`);
    const head = readHead(headBytes.subarray(prefixBytes));
    if (kind !== null && head.kind !== kind)
      throw new ClavigerError('input-invalid', `${file} is an ${head.kind} file; ${kind} is wanted here.`);
    return { file, head, headBytes, contentBytes };
  } finally {
    await handle.close();
  }
}

/** The key of a file, from its holders. */
export function openFileKey({ head }: SealedFile, keys: readonly KeyObject[]): Promise<SecretBytes> {
  return joinShares({ ...head, shares: head.holders }, keys);
}

/** The records of a file as they come; each of them is authenticated when it is given out, the end only at the end. */
export async function* readRecords(
  { file, head, headBytes }: SealedFile,
  key: SecretBytes,
): AsyncGenerator<{ line: string; record: unknown }> {
  const source = createReadStream(file, { start: headBytes.length, highWaterMark: 1 << 20 });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let waiting = '';
  for await (const piece of openStream({ key, id: Buffer.from(head.id), head: headBytes }, source)) {
    const lines = (waiting + decoder.decode(piece, { stream: true })).split('\n');
    waiting = lines.pop() ?? '';
    if (waiting.length > lineBytesMax)
      throw new StopError('integrity-failed', 'A record of the file is too long.');
    for (const line of lines) yield { line, record: JSON.parse(line) as unknown };
  }
  if (waiting !== '') throw new StopError('integrity-failed', 'The file ends in the middle of a record.');
}

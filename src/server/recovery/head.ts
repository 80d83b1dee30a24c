import { z } from 'zod';
import { ClavigerError, StopError } from '#domain';

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const word = z.string().min(1).max(300);

/**
 * The head of a backup or escrow, in clear: what it is, and who can open it. Every part of the content is bound to it (its digest is
 * authenticated), so a changed head is noticed as soon as the file is opened.
 */
const headShape = z.strictObject({
  format: z.literal(1),
  kind: z.enum(['backup', 'escrow']),
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  node: word,
  /** The identity of the store: a backup and an escrow of two stores don't go together. */
  store: z.uuid(),
  root: z.strictObject({ kind: word, where: word }),
  /** The store's schema. */
  schema: z.int().min(1).max(10_000),
  /** Counts the escrows of a store; 0 for a backup. */
  generation: z.int().min(0),
  threshold: z.int().min(2).max(16),
  commitment: hex64,
  holders: z
    .array(z.strictObject({ name: word, fingerprint: hex64, share: z.string().min(1).max(4000) }))
    .min(2)
    .max(16),
});

export type FileHead = z.infer<typeof headShape>;

/** `CLVGREC` and the format of the frame, 1; then the length of the head in 4 bytes, then the head as JSON. */
export const magic = Buffer.from('CLVGREC\x01', 'latin1');
export const prefixBytes = magic.length + 4;
const headBytesMax = 1 << 20;

export function writeHead(head: FileHead): Buffer {
  const json = Buffer.from(JSON.stringify(headShape.parse(head)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([magic, length, json]);
}

/** The length of the head that follows. Throws `input-invalid` for a file of another kind. */
export function readPrefix(prefix: Uint8Array): number {
  const bytes = Buffer.from(prefix);
  if (bytes.length < prefixBytes || !bytes.subarray(0, 7).equals(magic.subarray(0, 7)))
    throw new ClavigerError('input-invalid', 'This is not a backup or escrow of Claviger.');
  if (bytes[7] !== magic[7])
    throw new ClavigerError('input-invalid', 'The file has a format that this version does not know.');
  const length = bytes.readUInt32BE(magic.length);
  if (length > 0 && length <= headBytesMax) return length;
  throw new StopError('integrity-failed', 'The head of the file is damaged.');
}

/** Reads a head that anybody may have written. Throws a StopError `integrity-failed`. */
export function readHead(json: Uint8Array): FileHead {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw new StopError('integrity-failed', 'The head of the file is damaged.', { cause });
  }
  const read = headShape.safeParse(value);
  const distinct = read.success && new Set(read.data.holders.map((holder) => holder.fingerprint)).size;
  if (read.success && distinct === read.data.holders.length && read.data.threshold <= distinct)
    return read.data;
  throw new StopError('integrity-failed', 'The head of the file is damaged.', { cause: read.error });
}

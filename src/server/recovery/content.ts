import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SecretBytes } from '#crypto';
import { StopError } from '#domain';
import type { ArchiveRecord } from '#storage';
import { readRecords, type SealedFile } from './sealed-file.ts';

/** What a backup says at its end of all that came before. */
const manifestShape = z.strictObject({
  rows: z.int().min(0),
  keys: z.int().min(0),
  /** SHA-256 of the records, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The change sequence of the store in the snapshot. */
  sequence: z.int().min(0),
  /** How far the logs had come in the snapshot. */
  heads: z.array(z.strictObject({ node: z.string(), size: z.int(), root: z.string() })),
});
export type Manifest = z.infer<typeof manifestShape>;

const sealShape = z.string().regex(/^[0-9a-f]{64}$/);
/** A manifest with what proves that the house made it (`seal.ts`). */
export type SealedManifest = Manifest & { readonly seal: string };

const tableShape = z.strictObject({
  table: z.string().regex(/^[a-z_]{1,60}$/),
  columns: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z_0-9]{1,60}$/),
        type: z.enum(['text', 'integer', 'blob']),
      }),
    )
    .min(1)
    .max(100),
});
const rowShape = z.strictObject({ row: z.array(z.union([z.string(), z.number(), z.null()])).max(100) });
/** A piece of a file of the audit logs; the path is below the folder of the logs. */
const logShape = z.strictObject({ log: z.string().max(300), data: z.base64() });
const lastShape = z.strictObject({ manifest: manifestShape, seal: sealShape });
const recordShape = z.union([rowShape, tableShape, logShape, lastShape]);

export type LogPiece = z.infer<typeof logShape>;
export const isLogPiece = (record: unknown): record is LogPiece => logShape.safeParse(record).success;
type ContentRecord = ArchiveRecord | LogPiece;

const integerOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Counts records and makes the manifest of them. */
export function manifestMaker() {
  const digest = createHash('sha256');
  let table = '';
  let columns: readonly string[] = [];
  const made = { rows: 0, keys: 0, sequence: 0, heads: [] as Manifest['heads'] };
  return {
    add(line: string, record: ContentRecord): void {
      digest.update(line);
      digest.update('\n');
      if ('table' in record) {
        table = record.table;
        columns = record.columns.map(({ name }) => name);
      }
      if (!('row' in record)) return;
      const at = (name: string) => record.row[columns.indexOf(name)];
      made.rows += 1;
      if (table === 'keys') made.keys += 1;
      if (table === 'change_sequence') made.sequence = integerOf(at('sequence'));
      if (table === 'log_heads')
        made.heads.push({ node: String(at('node')), size: integerOf(at('size')), root: String(at('root')) });
    },
    finish: (): Manifest => ({ ...made, sha256: digest.digest('hex') }),
  };
}

function malformed(): StopError {
  return new StopError('integrity-failed', 'The content of the backup is not as its format demands.');
}

function isSame(a: Manifest, b: Manifest): boolean {
  return JSON.stringify(manifestShape.parse(a)) === JSON.stringify(manifestShape.parse(b));
}

/** The records of a backup; the manifest at its end is compared with what came. Returns it. */
export async function* readContent(
  file: SealedFile,
  key: SecretBytes,
): AsyncGenerator<ContentRecord, SealedManifest> {
  const maker = manifestMaker();
  let manifest: SealedManifest | null = null;
  for await (const { line, record } of readRecords(file, key)) {
    const read = recordShape.safeParse(record);
    if (!read.success || manifest) throw malformed();
    if ('manifest' in read.data) {
      if (!isSame(maker.finish(), read.data.manifest)) throw malformed();
      manifest = { ...read.data.manifest, seal: read.data.seal };
    } else {
      maker.add(line, read.data);
      yield read.data;
    }
  }
  if (!manifest) throw malformed();
  return manifest;
}

/** Reads a backup to its end and keeps nothing. */
export async function checkContent(file: SealedFile, key: SecretBytes): Promise<SealedManifest> {
  const content = readContent(file, key);
  for (;;) {
    const { done, value } = await content.next();
    if (done) return value;
  }
}

/** Only the rows of the store. */
export async function* storeRows(file: SealedFile, key: SecretBytes): AsyncGenerator<ArchiveRecord> {
  for await (const record of readContent(file, key)) if (!('log' in record)) yield record;
}

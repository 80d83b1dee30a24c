import { z } from 'zod';
import { algorithmsFor, ClavigerError, type AlgorithmName, type Key } from '#domain';
import { defineOperation, encryptionOr, present, usableOnly } from '../define.ts';
import { algorithm, ciphertextOrNone, encryptionContext, keyReference, versionNumber } from '../inputs.ts';
import type { EncryptionContext, KeyReference, TargetRule, Work } from '../operation.ts';
import { findKey } from '../target.ts';
import { readBlob, type BlobHead } from './blob.ts';
import { openUnder } from './sealing.ts';

const input = z
  .strictObject({
    key: keyReference.nullable(),
    ciphertext: ciphertextOrNone,
    context: encryptionContext,
    algorithm: algorithm.nullable(),
    /** Of a key pair, whose ciphertext does not say it. */
    version: versionNumber.optional(),
    dryRun: z.boolean(),
  })
  .refine(mayLackCiphertext, { path: ['ciphertext'], message: 'only a dry run can do without' });
type Input = z.infer<typeof input>;

/** Whether a request has its ciphertext, or asks without one whether it would be allowed. */
export function mayLackCiphertext(wish: { ciphertext: Uint8Array | null; dryRun: boolean }): boolean {
  return wish.ciphertext !== null || wish.dryRun;
}

/** What names the key of a ciphertext: its own head, or, for key pairs, the request. */
type Source = {
  readonly key: KeyReference | null;
  readonly ciphertext: Uint8Array | null;
  readonly context: EncryptionContext | null;
  readonly algorithm: AlgorithmName | null;
  readonly version?: number | null | undefined;
};

/** The head of a ciphertext that describes itself; null for that of a key pair, and where there is none. */
function headOf({ ciphertext, algorithm }: Source): BlobHead | null {
  return ciphertext === null || algorithm?.startsWith('RSA_') ? null : readBlob(ciphertext);
}

/** The key that a ciphertext must be opened with; a self-describing one says so itself. */
export function sourceReference(source: Source): KeyReference {
  const head = headOf(source);
  if (head) return { kind: 'id', id: head.keyId, fromCiphertext: true };
  if (source.key) return source.key;
  throw new ClavigerError(
    'input-invalid',
    'The ciphertext of a key pair does not name its key: key is needed.',
    {
      details: { field: 'key' },
    },
  );
}

/** The algorithm of a ciphertext. */
export function sourceAlgorithm(source: Source, key: Key): AlgorithmName | null {
  const used = headOf(source)?.algorithm;
  if (!used) return encryptionOr(source.algorithm, key);
  const other = source.algorithm !== null && source.algorithm !== used;
  if (other || !algorithmsFor(key.spec, 'encrypt').includes(used)) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext was made with another algorithm.');
  }
  return used;
}

/** The version that made a ciphertext; for key pairs the one that the request names, or null: their newest. */
export function sourceVersion(source: Source): number | null {
  const head = headOf(source);
  return head ? head.version : (source.version ?? null);
}

/** Refuses with `key-mismatch` when the request names another key than the ciphertext does. */
export async function requireNamedKey(work: Work, named: KeyReference | null, actual: Key): Promise<void> {
  if (!named) return;
  const { key } = await findKey(work.house, work.caller, named);
  if (key.id === actual.id) return;
  throw new ClavigerError(
    'key-mismatch',
    'The key ID in the request does not identify a key that can perform this operation.',
  );
}

export type Decrypted = {
  readonly key: Key;
  readonly version: number;
  readonly algorithm: AlgorithmName;
  /** The caller wipes it once it is written. */
  readonly plaintext: Uint8Array;
};

const rule: TargetRule<Input> = {
  permission: 'keys:decrypt',
  act: 'process',
  conditions: usableOnly,
  usage: 'encrypt',
  reference: sourceReference,
  algorithm: sourceAlgorithm,
  version: sourceVersion,
  context: (wish) => wish.context,
};

/** Opens a ciphertext of any version whose state still lets it process. */
export const decrypt = defineOperation<Input, Decrypted>({
  name: 'keys.decrypt',
  kind: 'use',
  input,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [rule],
  run: async (work, wish) => {
    const target = present(work.keys[0]);
    await requireNamedKey(work, wish.key, target.key);
    const used = present(target.algorithm);
    const opened = wish.ciphertext ? openUnder(target, used, wish.ciphertext) : new Uint8Array(0);
    const plaintext = opened instanceof Promise ? await opened : opened;
    return { output: { key: target.key, version: target.version.number, algorithm: used, plaintext } };
  },
  discard: ({ plaintext }) => plaintext.fill(0),
});

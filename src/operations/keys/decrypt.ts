import { z } from 'zod';
import { algorithmsFor, ClavigerError, type AlgorithmName, type Key } from '#domain';
import { defineOperation, present, usableOnly } from '../define.ts';
import { algorithm, bytes, encryptionContext, keyReference, versionNumber } from '../inputs.ts';
import type { EncryptionContext, KeyReference, TargetRule, Work } from '../operation.ts';
import { findKey } from '../target.ts';
import { readBlob } from './blob.ts';
import { openUnder } from './sealing.ts';

const input = z.strictObject({
  key: keyReference.nullable(),
  ciphertext: bytes(1, 131_072),
  context: encryptionContext,
  algorithm: algorithm.nullable(),
  /** Of a key pair, whose ciphertext does not say it. */
  version: versionNumber.optional(),
  dryRun: z.boolean(),
});
type Input = z.infer<typeof input>;

/** What names the key of a ciphertext: its own head, or, for key pairs, the request. */
type Source = {
  readonly key: KeyReference | null;
  readonly ciphertext: Uint8Array;
  readonly context: EncryptionContext | null;
  readonly algorithm: AlgorithmName | null;
  readonly version?: number | null | undefined;
};

function isAsymmetric(wanted: AlgorithmName | null): boolean {
  return wanted?.startsWith('RSA_') ?? false;
}

/** The key that a ciphertext must be opened with; a self-describing one says so itself. */
export function sourceReference(source: Source): KeyReference {
  if (!isAsymmetric(source.algorithm)) {
    return { kind: 'id', id: readBlob(source.ciphertext).keyId, fromCiphertext: true };
  }
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
  if (isAsymmetric(source.algorithm)) return source.algorithm;
  const { algorithm: used } = readBlob(source.ciphertext);
  const other = source.algorithm !== null && source.algorithm !== used;
  if (other || !algorithmsFor(key.spec, 'encrypt').includes(used)) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext was made with another algorithm.');
  }
  return used;
}

/** The version that made a ciphertext; for key pairs the one that the request names, or null: their newest. */
export function sourceVersion(source: Source): number | null {
  return isAsymmetric(source.algorithm) ? (source.version ?? null) : readBlob(source.ciphertext).version;
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
    const plaintext = openUnder(target, used, wish.ciphertext);
    return { output: { key: target.key, version: target.version.number, algorithm: used, plaintext } };
  },
});

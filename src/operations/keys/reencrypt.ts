import { z } from 'zod';
import type { AlgorithmName, Key } from '#domain';
import { defineOperation, encryptionOr, present, usableOnly } from '../define.ts';
import { algorithm, ciphertextOrNone, encryptionContext, keyReference, versionNumber } from '../inputs.ts';
import type { CheckedKey } from '../operation.ts';
import {
  mayLackCiphertext,
  requireNamedKey,
  sourceAlgorithm,
  sourceReference,
  sourceVersion,
} from './decrypt.ts';
import { openUnder, sealUnder } from './sealing.ts';

const input = z
  .strictObject({
    ciphertext: ciphertextOrNone,
    source: z.strictObject({
      key: keyReference.nullable(),
      context: encryptionContext,
      algorithm: algorithm.nullable(),
      version: versionNumber.optional(),
    }),
    destination: z.strictObject({
      key: keyReference,
      context: encryptionContext,
      algorithm: algorithm.nullable(),
    }),
    dryRun: z.boolean(),
  })
  .refine(mayLackCiphertext, { path: ['ciphertext'], message: 'only a dry run can do without' });
type Input = z.infer<typeof input>;

type Side = { readonly key: Key; readonly version: number; readonly algorithm: AlgorithmName };
export type Reencrypted = {
  readonly source: Side;
  readonly destination: Side;
  readonly ciphertext: Uint8Array;
};

function sourceOf(wish: Input) {
  return { ...wish.source, ciphertext: wish.ciphertext };
}

function side(target: CheckedKey): Side {
  return { key: target.key, version: target.version.number, algorithm: present(target.algorithm) };
}

/** Opens a ciphertext and protects it again, without the plaintext leaving the house. */
export const reencrypt = defineOperation<Input, Reencrypted>({
  name: 'keys.reencrypt',
  kind: 'use',
  input,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [
    {
      permission: 'keys:reencrypt-from',
      act: 'process',
      conditions: usableOnly,
      usage: 'encrypt',
      reference: (wish) => sourceReference(sourceOf(wish)),
      algorithm: (wish, key) => sourceAlgorithm(sourceOf(wish), key),
      version: (wish) => sourceVersion(sourceOf(wish)),
      context: (wish) => wish.source.context,
    },
    {
      permission: 'keys:reencrypt-to',
      act: 'protect',
      conditions: usableOnly,
      usage: 'encrypt',
      reference: (wish) => wish.destination.key,
      algorithm: (wish, key, approvedOnly) => encryptionOr(wish.destination.algorithm, key, approvedOnly),
      bytes: (wish) => wish.ciphertext?.length ?? 0,
      context: (wish) => wish.destination.context,
    },
  ],
  run: async (work, wish) => {
    const [from, to] = [present(work.keys[0]), present(work.keys[1])];
    await requireNamedKey(work, wish.source.key, from.key);
    const plaintext = wish.ciphertext
      ? await openUnder(from, present(from.algorithm), wish.ciphertext)
      : new Uint8Array(0);
    try {
      const ciphertext = await sealUnder(to, present(to.algorithm), plaintext);
      return { output: { source: side(from), destination: side(to), ciphertext } };
    } finally {
      plaintext.fill(0);
    }
  },
});

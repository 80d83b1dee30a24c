import { z } from 'zod';
import type { AlgorithmName, Key } from '#domain';
import { defineOperation, encryptionOr, onKey, present, usableOnly } from '../define.ts';
import { algorithm, bytes, encryptionContext, keyReference } from '../inputs.ts';
import { sealUnder } from './sealing.ts';
import { next } from './uses.ts';

const input = z.strictObject({
  key: keyReference,
  plaintext: bytes(0, 65_536),
  context: encryptionContext,
  algorithm: algorithm.nullable(),
  version: z.number().int().min(1).nullable(),
  dryRun: z.boolean(),
});
type Input = z.infer<typeof input>;

export type Encrypted = {
  readonly key: Key;
  readonly version: number;
  readonly algorithm: AlgorithmName;
  readonly ciphertext: Uint8Array;
};

/** Encrypts a small plaintext under a key. A version that does not protect any more refuses. */
export const encrypt = defineOperation<Input, Encrypted>({
  name: 'keys.encrypt',
  kind: 'use',
  input,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [
    onKey<Input>({
      permission: 'keys:encrypt',
      act: 'protect',
      conditions: usableOnly,
      usage: 'encrypt',
      algorithm: (wish, key, approvedOnly) => encryptionOr(wish.algorithm, key, approvedOnly),
      version: (wish) => wish.version,
      bytes: (wish) => wish.plaintext.length,
      context: (wish) => wish.context,
    }),
  ],
  run: ({ keys }, { plaintext }) => {
    const target = present(keys[0]);
    const used = present(target.algorithm);
    return next(sealUnder(target, used, plaintext), (ciphertext) => ({
      output: { key: target.key, version: target.version.number, algorithm: used, ciphertext },
    }));
  },
});

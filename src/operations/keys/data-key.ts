import { z } from 'zod';
import { randomBytes } from '#crypto';
import type { Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { encryptionContext, keyReference } from '../inputs.ts';
import type { Operation } from '../operation.ts';
import { requireSymmetric, sealUnder } from './sealing.ts';
import { next } from './uses.ts';

const input = z.strictObject({
  key: keyReference,
  /** Length of the data key in bytes. */
  length: z.number().int().min(1).max(1024),
  context: encryptionContext,
  dryRun: z.boolean(),
});
type Input = z.infer<typeof input>;

export type DataKey = {
  readonly key: Key;
  readonly version: number;
  /** Null where it was not asked for; else the caller wipes it once it is written. */
  readonly plaintext: Uint8Array | null;
  readonly ciphertext: Uint8Array;
};

type Variant = {
  name: string;
  permission: 'keys:generate-data-key' | 'keys:generate-data-key-without-plaintext';
  withPlaintext: boolean;
};

function dataKeyOperation({ name, permission, withPlaintext }: Variant): Operation<Input, DataKey> {
  return defineOperation<Input, DataKey>({
    name,
    kind: 'use',
    input,
    isDryRun: ({ dryRun }) => dryRun,
    targets: [
      onKey<Input>({
        permission,
        act: 'protect',
        conditions: usableOnly,
        usage: 'encrypt',
        algorithm: (_wish, key, approvedOnly) => algorithmOr(null, key, 'encrypt', approvedOnly),
        bytes: (wish) => wish.length,
        context: (wish) => wish.context,
      }),
    ],
    run: ({ keys }, { length }) => {
      const target = present(keys[0]);
      requireSymmetric(target.key);
      const plaintext = randomBytes(length);
      return next(sealUnder(target, present(target.algorithm), plaintext), (ciphertext) => {
        if (!withPlaintext) plaintext.fill(0);
        return {
          output: {
            key: target.key,
            version: target.version.number,
            plaintext: withPlaintext ? plaintext : null,
            ciphertext,
          },
        };
      });
    },
    discard: ({ plaintext }) => plaintext?.fill(0),
  });
}

/** Makes a data key: in clear for the caller to use at once, and encrypted to be kept beside the data. */
export const generateDataKey = dataKeyOperation({
  name: 'keys.generate-data-key',
  permission: 'keys:generate-data-key',
  withPlaintext: true,
});

/** Makes a data key that is only kept: it is asked for in clear, by decrypt, when it is needed. */
export const generateDataKeyWithoutPlaintext = dataKeyOperation({
  name: 'keys.generate-data-key-without-plaintext',
  permission: 'keys:generate-data-key-without-plaintext',
  withPlaintext: false,
});

import { z } from 'zod';
import { agree, type SecretBytes } from '#crypto';
import { ClavigerError, type Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { algorithm, bytes, keyReference, versionNumber } from '../inputs.ts';
import type { CheckedKey } from '../operation.ts';
import { materialOf } from './sealing.ts';

const input = z.strictObject({
  key: keyReference,
  /** The peer's SubjectPublicKeyInfo, DER. */
  publicKey: bytes(1, 8192),
  algorithm: algorithm.nullable(),
  version: versionNumber.optional(),
  dryRun: z.boolean(),
});
type Input = z.infer<typeof input>;

export type SharedSecret = {
  readonly key: Key;
  readonly version: number;
  /** The caller wipes it once it is written. */
  readonly secret: Uint8Array;
};

/** The secret of a checked key pair and a peer's public key. The caller disposes it. Throws `public-key-invalid`. */
export function sharedSecret(target: CheckedKey, publicKey: Uint8Array): SecretBytes {
  if (target.version.device)
    throw new ClavigerError(
      'operation-unsupported',
      `Key ${target.key.id} lives in a device, which agrees on none.`,
    );
  return agree(present(target.algorithm), materialOf(target), publicKey);
}

/** Agrees on a secret with the holder of another key pair. */
export const deriveSharedSecret = defineOperation<Input, SharedSecret>({
  name: 'keys.derive-shared-secret',
  kind: 'use',
  input,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [
    onKey<Input>({
      permission: 'keys:derive-shared-secret',
      act: 'process',
      conditions: usableOnly,
      usage: 'key-agreement',
      version: (wish) => wish.version ?? null,
      algorithm: (wish, key) => algorithmOr(wish.algorithm, key, 'key-agreement'),
    }),
  ],
  run: ({ keys }, { publicKey }) => {
    const target = present(keys[0]);
    using shared = sharedSecret(target, publicKey);
    return {
      output: {
        key: target.key,
        version: target.version.number,
        secret: shared.use((secret) => Buffer.from(secret)),
      },
    };
  },
  discard: ({ secret }) => secret.fill(0),
});

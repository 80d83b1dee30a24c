import { z } from 'zod';
import { digestOf, hashNames, randomBytes } from '#crypto';
import { defineOperation } from '../define.ts';
import { bytes } from '../inputs.ts';

const input = z.strictObject({ length: z.number().int().min(1).max(131_072) });
type Input = z.infer<typeof input>;

/** Random bytes from the system's generator. */
export const generateRandom = defineOperation<Input, { readonly bytes: Uint8Array }>({
  name: 'keys.generate-random',
  kind: 'use',
  input,
  targets: [],
  permission: 'keys:generate-random',
  run: (_work, { length }) => ({ output: { bytes: randomBytes(length) } }),
  discard: (output) => output.bytes.fill(0),
});

const digestInput = z.strictObject({ hash: z.enum(hashNames), data: bytes(0, 33_554_432) });
type DigestInput = z.infer<typeof digestInput>;

/** The digest of bytes, for clients that have no hash function of their own. */
export const digest = defineOperation<DigestInput, { readonly digest: Uint8Array }>({
  name: 'keys.digest',
  kind: 'use',
  input: digestInput,
  targets: [],
  permission: 'keys:digest',
  run: (_work, { hash, data }) => ({ output: { digest: digestOf(hash, data) }, facts: { hash } }),
});

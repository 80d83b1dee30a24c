import { z } from 'zod';
import { randomBytes } from '#crypto';
import { defineOperation } from '../define.ts';

const input = z.strictObject({ length: z.number().int().min(1).max(1024) });
type Input = z.infer<typeof input>;

/** Random bytes from the system's generator. */
export const generateRandom = defineOperation<Input, { readonly bytes: Uint8Array }>({
  name: 'keys.generate-random',
  kind: 'use',
  input,
  targets: [],
  permission: 'keys:generate-random',
  run: (_work, { length }) => ({ output: { bytes: randomBytes(length) } }),
});

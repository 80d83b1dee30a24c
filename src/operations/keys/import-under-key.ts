import { z } from 'zod';
import { openKeyBlock, type SecretBytes, unwrapKey } from '#crypto';
import type { AlgorithmName, Key } from '#domain';
import { defineOperation, notScheduled, onKey, present, usableOnly } from '../define.ts';
import { bytes, keyReference, versionNumber } from '../inputs.ts';
import type { CheckedKey, Work } from '../operation.ts';
import { takeOut } from './export.ts';
import {
  imported,
  importConditions,
  requireFuture,
  requireImported,
  type KeyWithMaterial,
} from './import.ts';
import { requireHeaderFits } from './key-block-terms.ts';
import { materialOf } from './sealing.ts';

const input = z.strictObject({
  key: keyReference,
  /** Of usage `wrap`, in the same environment. */
  wrappingKey: keyReference,
  wrappingVersion: versionNumber,
  /** `TR_31_D`: a key block of X9.143 (TR-31), version D, as text. */
  form: z.enum(['AES_KWP', 'TR_31_D']),
  wrapped: bytes(1, 10_000),
  /** When the material is deleted by itself; null: never. */
  expiresAt: z.number().int().min(0).nullable(),
  /** True: new material, which protects from the next rotation on; null or absent: only the first is new. */
  isNew: z.boolean().nullable().optional(),
});
type Input = z.infer<typeof input>;

const keyWrap: AlgorithmName = 'AES_KWP';

async function unwrapped(
  { house }: Work,
  under: CheckedKey,
  { form, wrapped }: Input,
  key: Key,
): Promise<SecretBytes> {
  if (form === 'AES_KWP') return unwrapKey(keyWrap, materialOf(under), wrapped);
  using protectionKey = await takeOut(house, under);
  const block = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length).toString('latin1');
  const opened = openKeyBlock({ protectionKey, block });
  try {
    requireHeaderFits(opened.header, key);
    return opened.key;
  } catch (error) {
    opened.key[Symbol.dispose]();
    throw error;
  }
}

/**
 * Takes material from outside that is wrapped under a key of the environment. Throws `ciphertext-invalid` for what that key does not
 * open, `input-invalid` for what is no key block, and `material-unsuitable`.
 */
export const importUnderKey = defineOperation<Input, KeyWithMaterial>({
  name: 'keys.import-under-key',
  kind: 'manage',
  input,
  conditions: importConditions,
  targets: [
    onKey<Input>({ permission: 'keys:import-material', act: 'manage', conditions: notScheduled }),
    {
      permission: 'keys:unwrap',
      act: 'process',
      conditions: usableOnly,
      reference: ({ wrappingKey }) => wrappingKey,
      version: ({ wrappingVersion }) => wrappingVersion,
      usage: 'wrap',
      algorithm: () => keyWrap,
    },
  ],
  quorum: 'import-replace',
  run: async (work, wish) => {
    const [{ key }, under] = [present(work.keys[0]), present(work.keys[1])];
    requireImported(key);
    requireFuture(wish.expiresAt, work.now);
    using material = await unwrapped(work, under, wish, key);
    const done = await imported(work.house, key, material, { ...wish, now: work.now });
    const { id, version } = { id: under.key.id, version: under.version.number };
    return { ...done, facts: { ...done.facts, form: wish.form, wrappingKey: id, wrappingVersion: version } };
  },
});

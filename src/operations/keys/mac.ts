import { z } from 'zod';
import { mac, verifyMac as isMacOf } from '#crypto';
import { ClavigerError, type AlgorithmName, type Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { algorithm, bytes, keyReference, versionNumber } from '../inputs.ts';
import { materialOf } from './sealing.ts';

const generateInput = z.strictObject({
  key: keyReference,
  message: bytes(0, 65_536),
  algorithm: algorithm.nullable(),
  dryRun: z.boolean(),
});
type GenerateInput = z.infer<typeof generateInput>;

const verifyInput = generateInput.extend({ mac: bytes(1, 6144), version: versionNumber.optional() });
type VerifyInput = z.infer<typeof verifyInput>;

type Used = { readonly key: Key; readonly version: number; readonly algorithm: AlgorithmName };

/** Makes a message authentication code. */
export const generateMac = defineOperation<GenerateInput, Used & { readonly mac: Uint8Array }>({
  name: 'keys.generate-mac',
  kind: 'use',
  input: generateInput,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [
    onKey<GenerateInput>({
      permission: 'keys:generate-mac',
      act: 'protect',
      conditions: usableOnly,
      usage: 'mac',
      algorithm: (wish, key) => algorithmOr(wish.algorithm, key, 'mac'),
      bytes: (wish) => wish.message.length,
    }),
  ],
  run: ({ keys }, { message }) => {
    const target = present(keys[0]);
    const used = present(target.algorithm);
    const code = mac(used, materialOf(target), message);
    return { output: { key: target.key, version: target.version.number, algorithm: used, mac: code } };
  },
});

/** Checks a message authentication code, of any version that may still process; a wrong one is `mac-invalid`. */
export const verifyMac = defineOperation<VerifyInput, Used>({
  name: 'keys.verify-mac',
  kind: 'use',
  input: verifyInput,
  isDryRun: ({ dryRun }) => dryRun,
  targets: [
    onKey<VerifyInput>({
      permission: 'keys:verify-mac',
      act: 'process',
      conditions: usableOnly,
      usage: 'mac',
      version: (wish) => wish.version ?? null,
      algorithm: (wish, key) => algorithmOr(wish.algorithm, key, 'mac'),
    }),
  ],
  run: ({ keys }, wish) => {
    const target = present(keys[0]);
    const used = present(target.algorithm);
    if (!isMacOf(used, materialOf(target), wish.message, wish.mac)) {
      throw new ClavigerError('mac-invalid', 'The code does not belong to this message and key.');
    }
    return { output: { key: target.key, version: target.version.number, algorithm: used } };
  },
});

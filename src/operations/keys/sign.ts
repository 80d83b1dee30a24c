import { z } from 'zod';
import { openPublicKey, sign as signWith, verify as verifyWith } from '#crypto';
import { ClavigerError, type AlgorithmName, type Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { algorithm, bytes, keyReference, versionNumber } from '../inputs.ts';
import { materialOf } from './sealing.ts';
import { signInDevice } from './uses.ts';

const signInput = z.strictObject({
  key: keyReference,
  message: bytes(0, 65_536),
  /** The message itself, its digest, or the external mu of ML-DSA. */
  form: z.enum(['raw', 'digest', 'external-mu']),
  algorithm: algorithm.nullable(),
  dryRun: z.boolean(),
});
type SignInput = z.infer<typeof signInput>;

const verifyInput = signInput.extend({ signature: bytes(1, 65_536), version: versionNumber.optional() });
type VerifyInput = z.infer<typeof verifyInput>;

/** The form of a message, as policies ask for it. */
const messageType = ({ form }: Pick<SignInput, 'form'>) => ({
  'kms:MessageType': form.toUpperCase().replace('-', '_'),
});

type Used = { readonly key: Key; readonly version: number; readonly algorithm: AlgorithmName };

/** Signs a message with a private key. */
export const sign = defineOperation<SignInput, Used & { readonly signature: Uint8Array }>({
  name: 'keys.sign',
  kind: 'use',
  input: signInput,
  isDryRun: ({ dryRun }) => dryRun,
  conditions: messageType,
  targets: [
    onKey<SignInput>({
      permission: 'keys:sign',
      act: 'protect',
      conditions: usableOnly,
      usage: 'sign',
      algorithm: (wish, key) => algorithmOr(wish.algorithm, key, 'sign'),
      bytes: (wish) => wish.message.length,
    }),
  ],
  run: async ({ keys }, { message, form }) => {
    const target = present(keys[0]);
    const used = present(target.algorithm);
    const signature = target.version.device
      ? await signInDevice(target, used, { message, form })
      : await signWith(used, materialOf(target), message, form);
    return { output: { key: target.key, version: target.version.number, algorithm: used, signature } };
  },
});

/** Checks a signature with the public key; a wrong one is `signature-invalid`. */
export const verify = defineOperation<VerifyInput, Used>({
  name: 'keys.verify',
  kind: 'use',
  input: verifyInput,
  isDryRun: ({ dryRun }) => dryRun,
  conditions: messageType,
  targets: [
    onKey<VerifyInput>({
      permission: 'keys:verify',
      act: 'process',
      conditions: usableOnly,
      usage: 'sign',
      version: (wish) => wish.version ?? null,
      algorithm: (wish, key) => algorithmOr(wish.algorithm, key, 'sign'),
    }),
  ],
  run: async ({ keys }, wish) => {
    const target = present(keys[0]);
    const used = present(target.algorithm);
    const material = target.version.publicKey
      ? openPublicKey(target.key.spec, target.version.publicKey)
      : materialOf(target);
    const good = await verifyWith(used, material, wish.message, wish.signature, wish.form);
    if (!good)
      throw new ClavigerError('signature-invalid', 'The signature does not belong to this message and key.');
    return { output: { key: target.key, version: target.version.number, algorithm: used } };
  },
});

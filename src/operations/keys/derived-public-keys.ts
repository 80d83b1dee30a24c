import { z } from 'zod';
import { derivedMaterial, publicKeyOf } from '#crypto';
import { ClavigerError, hasCode, requireUsableVersion, type Key, type KeyVersion } from '#domain';
import { defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, keyReference } from '../inputs.ts';
import type { Work } from '../operation.ts';
import { isDryRun, trial } from './items.ts';

const input = z.strictObject({ key: keyReference, context: bytes(1, 1024), ...trial });
type Input = z.infer<typeof input>;

export type DerivedPublicKey = {
  readonly version: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
};

function mayProcess({ now }: Work, key: Key, version: KeyVersion): boolean {
  try {
    requireUsableVersion(key, version, 'process', now);
    return true;
  } catch (error) {
    if (error instanceof ClavigerError && !hasCode(error, 'internal')) return false;
    throw error;
  }
}

/** The public halves of the pairs that are derived for a context from the versions of a key, as far as they may still process. */
export const derivePublicKeys = defineOperation<
  Input,
  { readonly key: Key; readonly publicKeys: readonly DerivedPublicKey[] }
>({
  name: 'keys.derive-public-keys',
  kind: 'use',
  isDryRun,
  input,
  targets: [
    onKey<Input>({
      permission: 'keys:get-public-key',
      act: 'process',
      conditions: usableOnly,
      usage: 'sign',
      algorithm: () => 'ED25519',
      eachVersion: true,
    }),
  ],
  run: async (work, { context }) => {
    const { key, opened } = present(work.keys[0]);
    if (!key.derivation)
      throw new ClavigerError('operation-unsupported', `No keys are derived from key ${key.id}.`);
    const publicKeys: DerivedPublicKey[] = [];
    for (const version of key.versions) {
      if (!mayProcess(work, key, version)) continue;
      const material = derivedMaterial(await opened.open(version.number), context, 'ED25519');
      publicKeys.push({ version: version.number, publicKey: present(publicKeyOf(material)) });
    }
    return { output: { key, publicKeys }, processed: publicKeys.map(({ version }) => version) };
  },
});

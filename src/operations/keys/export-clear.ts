import { z } from 'zod';
import {
  companionMacSecret,
  ed25519Expanded,
  newId,
  openMaterial,
  privateKeyPem,
  type SecretBytes,
} from '#crypto';
import {
  ClavigerError,
  factsOf,
  hasCode,
  requireUsableVersion,
  requireUsage,
  versionOf,
  type Key,
  type KeyVersion,
} from '#domain';
import type { Copy } from '#ports';
import { defineOperation, onKey, present, usableOnly } from '../define.ts';
import { keyReference, textLine } from '../inputs.ts';
import type { CheckedKey, Work } from '../operation.ts';
import { updateOf } from './change.ts';
import { requireExportable, takeOut } from './export.ts';

const forms = ['traditional', 'raw', 'der', 'pem'] as const;
/**
 * How material is written: `traditional` is what each kind of key is usually written as (bytes of a secret, PKCS#1 or SEC 1 in PEM, seed
 * and public half of Ed25519, else PKCS#8 in PEM), `raw` the bytes, `der` and `pem` PKCS#8.
 */
export type ClearForm = (typeof forms)[number];

const input = z.strictObject({
  key: keyReference,
  /** Null: every version that may still process. */
  versions: z.array(z.number().int().min(1)).min(1).max(10_000).nullable(),
  /** The material, or the key of the codes that are made beside it. */
  part: z.enum(['material', 'mac-key']),
  /** What the recipient takes it for: the key must have this usage; null: whatever it is for. */
  usage: z.enum(['encrypt', 'sign']).nullable(),
  form: z.enum(forms),
  /** Where the copy goes, in words. */
  place: textLine,
  /** Who answers for it. */
  holder: textLine,
});
type Input = z.infer<typeof input>;

export type ClearMaterial = {
  readonly version: number;
  /** The caller wipes it once it is written. */
  readonly material: Uint8Array;
};

function noForm({ spec }: Pick<Key, 'spec'>, form: ClearForm): ClavigerError {
  return new ClavigerError('input-invalid', `A key of spec ${spec} is not written as ${form}.`, {
    details: { field: 'form', spec },
  });
}

/** The material of a version, as the form has it. The caller disposes both. */
function written({ spec }: Key, encoded: SecretBytes, form: ClearForm): SecretBytes {
  const { family, asymmetric } = factsOf(spec);
  if (!asymmetric) {
    if (form === 'raw' || form === 'traditional') return encoded.copy();
    throw noForm({ spec }, form);
  }
  if (form === 'der') return encoded.copy();
  if (form === 'pem') return privateKeyPem(encoded, 'PKCS8');
  if (spec === 'ED25519') return ed25519Expanded(encoded);
  if (form === 'raw') throw noForm({ spec }, form);
  return privateKeyPem(encoded, family === 'rsa' ? 'PKCS1' : family === 'ec' ? 'SEC1' : 'PKCS8');
}

/** The key of codes beside the purpose of a key. The caller disposes both. */
export function macKey({ spec }: Key, encoded: SecretBytes, form: ClearForm): SecretBytes {
  if (form === 'der' || form === 'pem') throw noForm({ spec }, form);
  return factsOf(spec).family === 'hmac' ? encoded.copy() : companionMacSecret(openMaterial(spec, encoded));
}

function mayLeave(key: Key, version: KeyVersion, now: number): boolean {
  try {
    requireUsableVersion(key, version, 'process', now);
    return !version.device;
  } catch (error) {
    if (error instanceof ClavigerError && !hasCode(error, 'internal')) return false;
    throw error;
  }
}

function versionsOf({ key }: CheckedKey, numbers: Input['versions'], now: number): readonly KeyVersion[] {
  if (numbers === null) return key.versions.filter((version) => mayLeave(key, version, now));
  return numbers.map((number) => {
    const version = versionOf(key, number);
    if (version) return version;
    throw new ClavigerError('key-not-found', `Key ${key.id} has no version ${number}.`, {
      details: { id: key.id, version: number },
    });
  });
}

async function clearOf(work: Work, target: CheckedKey, wish: Input): Promise<ClearMaterial> {
  requireExportable(target, work.now);
  using encoded = await takeOut(work.house, target);
  using content =
    wish.part === 'material'
      ? written(target.key, encoded, wish.form)
      : macKey(target.key, encoded, wish.form);
  return { version: target.version.number, material: content.use((bytes) => Buffer.from(bytes)) };
}

async function clearOfEach(
  work: Work,
  target: CheckedKey,
  { wish, versions }: { readonly wish: Input; readonly versions: readonly KeyVersion[] },
): Promise<readonly ClearMaterial[]> {
  const materials: ClearMaterial[] = [];
  try {
    for (const version of versions) materials.push(await clearOf(work, { ...target, version }, wish));
    return materials;
  } catch (error) {
    wipe(materials);
    throw error;
  }
}

function wipe(materials: readonly ClearMaterial[]): void {
  for (const { material } of materials) material.fill(0);
}

/**
 * Hands out the material of an exportable key in the clear, and registers a copy of each version: there is no recipient's key that would
 * guard it on its way, which the copy and the record say.
 */
export const exportInClear = defineOperation<
  Input,
  { readonly key: Key; readonly materials: readonly ClearMaterial[]; readonly copies: readonly Copy[] }
>({
  name: 'keys.export-in-clear',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:export', act: 'manage', conditions: usableOnly })],
  quorum: 'export',
  run: async (work, wish) => {
    const target = present(work.keys[0]);
    const { key } = target;
    // said first, whatever is asked of it
    requireExportable(target, work.now);
    if (wish.usage) requireUsage(key, wish.usage);
    const versions = versionsOf(target, wish.versions, work.now);
    const materials = await clearOfEach(work, target, { wish, versions });
    const copies = versions.map(({ number }): Copy => {
      const detail = { recipient: 'in plain text', wrap: 'none', version: number, part: wish.part };
      const { place, holder } = wish;
      return {
        id: newId(),
        kind: 'export',
        keyId: key.id,
        createdAt: work.now,
        place,
        holder,
        status: 'live',
        detail,
      };
    });
    return {
      output: { key, materials, copies },
      changes: [
        updateOf(key, key),
        ...copies.map((copy) => ({ kind: 'copy-put', copy, expected: null }) as const),
      ],
      facts: {
        copies: copies.map(({ id }) => id).join(' '),
        versions: versions.map(({ number }) => number).join(' '),
        part: wish.part,
        place: wish.place,
        holder: wish.holder,
        wrap: 'none',
      },
    };
  },
  discard: ({ materials }) => wipe(materials),
});

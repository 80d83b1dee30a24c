import { z } from 'zod';
import {
  ed25519Expanded,
  ed25519FromExpanded,
  type KeyNumbers,
  newId,
  privateKeyJwk,
  readKeyNumbers,
  SecretBytes,
} from '#crypto';
import { ClavigerError, factsOf, type Instant, type Key, type KeyVersion } from '#domain';
import type { Change, Copy } from '#ports';
import { defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, keyReference, textLine } from '../inputs.ts';
import type { CheckedKey, Work } from '../operation.ts';
import { updateOf } from './change.ts';
import { macKey } from './export-clear.ts';
import { takeOut } from './export.ts';
import { type ArrivingVersion, wholeKey, wholeShape } from './whole-key.ts';

/** Whole keys, all their versions, to and from other key servers that keep backups of keys in plain text. */

const backupInput = z.strictObject({ key: keyReference, place: textLine, holder: textLine });
type BackupInput = z.infer<typeof backupInput>;

export type BackedUpVersion = {
  readonly version: KeyVersion;
  /**
   * Raw bytes of a secret; seed and public half of Ed25519; else a JSON Web Key (RFC 7517). The caller wipes it, as the next one.
   */
  readonly material: Uint8Array;
  /** The key of the codes beside its purpose. */
  readonly macKey: Uint8Array;
};

//= sp800-57p1r5 7.3 and 7.5: what still processes, or could again
function isKept({ state }: KeyVersion): boolean {
  return state === 'active' || state === 'deactivated';
}

function requireBackup({ key }: CheckedKey): void {
  if (!key.exportable)
    throw new ClavigerError('operation-unsupported', 'exporting is disallowed on the policy');
  if (!key.plaintextBackup)
    throw new ClavigerError('operation-unsupported', 'plaintext backup is disallowed on the policy');
}

function plain({ spec }: Key, encoded: SecretBytes): SecretBytes {
  if (!factsOf(spec).asymmetric) return encoded.copy();
  return spec === 'ED25519' ? ed25519Expanded(encoded) : privateKeyJwk(encoded);
}

async function backedUp(work: Work, target: CheckedKey): Promise<BackedUpVersion> {
  const { key, version } = target;
  using encoded = await takeOut(work.house, target);
  using material = plain(key, encoded);
  using code = macKey(key, encoded, 'raw');
  const copyOf = (secret: SecretBytes) => secret.use((content) => Buffer.from(content));
  return { version, material: copyOf(material), macKey: copyOf(code) };
}

async function backedUpEach(work: Work, target: CheckedKey): Promise<readonly BackedUpVersion[]> {
  const versions: BackedUpVersion[] = [];
  try {
    for (const version of target.key.versions.filter(isKept))
      versions.push(await backedUp(work, { ...target, version }));
    return versions;
  } catch (error) {
    wipe(versions);
    throw error;
  }
}

function wipe(versions: readonly BackedUpVersion[]): void {
  for (const { material, macKey: code } of versions) {
    material.fill(0);
    code.fill(0);
  }
}

/** Hands out every living version of a key that allows it, in the clear, and registers a copy of each. */
export const backUpInClear = defineOperation<
  BackupInput,
  { readonly key: Key; readonly versions: readonly BackedUpVersion[]; readonly at: Instant }
>({
  name: 'keys.back-up-in-clear',
  kind: 'manage',
  input: backupInput,
  targets: [onKey<BackupInput>({ permission: 'keys:export', act: 'manage', conditions: usableOnly })],
  quorum: 'export',
  run: async (work, { place, holder }) => {
    const target = present(work.keys[0]);
    const { key } = target;
    requireBackup(target);
    const versions = await backedUpEach(work, target);
    const copies = versions.map(({ version }): Copy => {
      const detail = { recipient: 'in plain text', wrap: 'none', version: version.number, part: 'backup' };
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
    const kept = versions.map(({ version }) => version.number).join(' ');
    return {
      output: { key, versions, at: work.now },
      changes: [
        updateOf(key, key),
        ...copies.map((copy): Change => ({ kind: 'copy-put', copy, expected: null })),
      ],
      facts: { copies: copies.map(({ id }) => id).join(' '), versions: kept, place, holder, wrap: 'none' },
    };
  },
  discard: ({ versions }) => wipe(versions),
});

const bigNumber = z.bigint();
const partOf = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bytes'), bytes: bytes(1, 16_384) }),
  z.strictObject({ kind: z.literal('ed25519'), bytes: bytes(64, 64) }),
  z.strictObject({
    kind: z.literal('rsa'),
    n: bigNumber,
    e: bigNumber,
    d: bigNumber,
    p: bigNumber,
    q: bigNumber,
  }),
  z.strictObject({
    kind: z.literal('ec'),
    curve: z.enum(['P-256', 'P-384', 'P-521']),
    x: bigNumber,
    y: bigNumber,
    d: bigNumber,
  }),
]);
/** The material of a version that comes in plain text: bytes of a secret, seed and public half of Ed25519, or numbers. */
export type BroughtMaterial = z.infer<typeof partOf>;

const restoreInput = wholeShape.extend({
  versions: z
    .array(
      z.strictObject({
        number: z.number().int().min(1).max(999_999_999),
        createdAt: z.number().int().min(0),
        material: partOf,
      }),
    )
    .min(1)
    .max(10_000),
  /** Takes the name from the key that has it, which stays under its id. */
  takesName: z.boolean(),
});
type RestoreInput = z.infer<typeof restoreInput>;

function materialOf(part: BroughtMaterial): SecretBytes {
  if (part.kind === 'bytes') return SecretBytes.copyOf(part.bytes);
  if (part.kind !== 'ed25519') return readKeyNumbers(part satisfies KeyNumbers).encoded;
  using expanded = SecretBytes.copyOf(part.bytes);
  return ed25519FromExpanded(expanded);
}

function requireAscending(versions: RestoreInput['versions']): void {
  for (const [at, { number }] of versions.entries()) {
    if (at === 0 || number > (versions[at - 1]?.number ?? 0)) continue;
    throw new ClavigerError('input-invalid', 'The versions are not in their order.', {
      details: { field: 'versions' },
    });
  }
}

/**
 * Makes a key of a backup in plain text: its versions keep their numbers and the times at which they were made. Throws `name-taken`,
 * `material-unsuitable`.
 */
export const restoreFromClear = defineOperation<RestoreInput, Key>({
  name: 'keys.restore-from-clear',
  kind: 'manage',
  input: restoreInput,
  targets: [],
  permission: 'keys:restore',
  quorum: ({ takesName }) => (takesName ? ['restore', 'import-replace'] : 'restore'),
  run: async (work, { versions, takesName, ...shape }) => {
    requireAscending(versions);
    const arriving: ArrivingVersion[] = [];
    try {
      for (const { number, createdAt, material } of versions) {
        // a clock that went ahead elsewhere begins no period in the future here
        const madeAt: Instant = Math.min(createdAt, work.now);
        arriving.push({ number, createdAt: madeAt, material: materialOf(material) });
      }
      return await wholeKey(work.house, work, { ...shape, takesName }, arriving);
    } finally {
      for (const { material } of arriving) material[Symbol.dispose]();
    }
  },
});

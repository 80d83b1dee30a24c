import { z } from 'zod';
import { ClavigerError, currentVersion, type Key, type VersionFloors } from '#domain';
import { defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import { revised, updateOf } from './change.ts';

const dayMillis = 86_400_000;
const hourSeconds = 3600;

const input = z.strictObject({
  key: keyReference,
  /** The oldest version that may protect; 0: the newest alone. */
  protectFloor: z.number().int().optional(),
  /** The oldest version that may process. */
  processFloor: z.number().int().optional(),
  plaintextBackup: z.literal(true).optional(),
  deletable: z.boolean().optional(),
  /** Seconds between rotations; 0: the key does not rotate by itself. */
  rotationSeconds: z.number().int().min(0).max(315_360_000).optional(),
});
type Input = z.infer<typeof input>;

function invalid(message: string, field: string): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field } });
}

function floorsOf(key: Key, wish: Input): VersionFloors {
  const latest = currentVersion(key).number;
  const before = key.floors ?? { protect: 0, process: 1 };
  const process = wish.processFloor === undefined ? before.process : Math.max(1, wish.processFloor);
  const protect = wish.protectFloor ?? before.protect;
  if (process > latest || (wish.processFloor ?? 0) < 0)
    throw invalid(
      `cannot set min decryption version of ${wish.processFloor}, latest key version is ${latest}`,
      'processFloor',
    );
  if (protect > latest || protect < 0)
    throw invalid(
      `cannot set min encryption version of ${protect}, latest key version is ${latest}`,
      'protectFloor',
    );
  if (protect > 0 && protect < process)
    throw invalid(
      `cannot set min encryption/decryption values; min encryption version of ${protect} must be greater than or equal to min decryption version of ${process}`,
      'protectFloor',
    );
  return { protect, process };
}

function rotationOf(key: Key, seconds: number | undefined, now: number): Key['rotation'] {
  if (seconds === undefined) return key.rotation;
  if (seconds === 0) return null;
  if (seconds < hourSeconds)
    throw invalid('auto rotate period must be 0 to disable or at least an hour', 'rotationSeconds');
  const periodDays = (seconds * 1000) / dayMillis;
  if (key.rotation?.periodDays === periodDays) return key.rotation;
  return { periodDays, since: now, nextAt: now + seconds * 1000 };
}

/** Says which versions of a key may still work, when it rotates, and what may be done with it as a whole. */
export const configureKey = defineOperation<Input, Key>({
  name: 'keys.configure',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:configure', act: 'manage', conditions: notScheduled })],
  run: ({ keys, now }, wish) => {
    const { key } = present(keys[0]);
    const { deletable: wasDeletable, ...rest } = key;
    const floors = floorsOf(key, wish);
    if (wish.plaintextBackup && !key.exportable)
      throw invalid('plaintext backups are of keys that were made exportable', 'plaintextBackup');
    const after: Key = {
      ...rest,
      ...((wish.deletable ?? wasDeletable) ? { deletable: true } : {}),
      ...(floors.protect !== 0 || floors.process !== 1 || key.floors ? { floors } : {}),
      ...(wish.plaintextBackup ? { plaintextBackup: true } : {}),
      rotation: rotationOf(key, wish.rotationSeconds, now),
    };
    return {
      output: revised(key, after),
      changes: [updateOf(key, after)],
      facts: {
        protectFloor: floors.protect,
        processFloor: floors.process,
        deletable: after.deletable ?? false,
        rotationSeconds: wish.rotationSeconds ?? null,
      },
    };
  },
});

import { z } from 'zod';
import {
  changeState,
  ClavigerError,
  currentVersion,
  factsOf,
  pendingVersion,
  rotationDue,
  takesNewMaterial,
  withRotated,
  type Instant,
  type Key,
  type KeyVersion,
  type PendingMaterial,
  type RotationSchedule,
  type TransitionCause,
} from '#domain';
import { anyCondition, defineOperation, onKey, present, usableOnly } from '../define.ts';
import type { House } from '../house.ts';
import { keyReference, page } from '../inputs.ts';
import type { Outcome } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { makeVersion } from './create.ts';

const dayMillis = 86_400_000;

const rotateInput = z.strictObject({
  key: keyReference,
  /** Refuse key pairs and codes with `operation-unsupported`, for protocols whose clients can't follow a changed public key. */
  onlySymmetricEncryption: z.boolean().default(false).optional(),
});
type RotateInput = z.infer<typeof rotateInput>;

/** A protocol may bound how often one key is rotated on demand. */
const onDemandInput = rotateInput.extend({ onDemandMax: z.number().int().min(1).optional() });
type OnDemandInput = z.infer<typeof onDemandInput>;

const enableInput = rotateInput.extend({ periodDays: z.number().int().min(1).max(3650) });
type EnableInput = z.infer<typeof enableInput>;

/** Imported material follows other material on demand only, when the new one has come. */
function requireRotatableOnDemand(key: Key, onlySymmetricEncryption: boolean | undefined): void {
  if (key.origin !== 'imported' || key.localRotation || !takesNewMaterial(key))
    requireRotatable(key, onlySymmetricEncryption);
}

function requireRotatable(key: Key, onlySymmetricEncryption: boolean | undefined): void {
  if (key.origin !== 'generated' && key.origin !== 'hsm' && !key.localRotation) {
    throw new ClavigerError(
      'operation-unsupported',
      `Key ${key.id} has ${key.origin} material: it is not rotated here.`,
    );
  }
  if (onlySymmetricEncryption && (factsOf(key.spec).asymmetric || key.usage !== 'encrypt')) {
    throw new ClavigerError('operation-unsupported', `Key ${key.id} is not a symmetric encryption key.`);
  }
}

function requireRotationsLeft(key: Key, onDemandMax: number | undefined): void {
  if (onDemandMax === undefined) return;
  if (key.versions.filter(({ rotation }) => rotation === 'on-demand').length < onDemandMax) return;
  throw new ClavigerError('limit-exceeded', `Key ${key.id} was rotated on demand ${onDemandMax} times.`);
}

function retire(version: KeyVersion, now: Instant, cause: TransitionCause): KeyVersion {
  return version.state === 'active' ? changeState(version, 'deactivated', { at: now, cause }) : version;
}

type Rotation = {
  readonly house: House;
  readonly key: Key;
  readonly now: Instant;
  readonly kind: 'automatic' | 'on-demand';
  /** It comes before the date of the schedule, because a period ends: the schedule goes on from here. */
  readonly isEarly?: boolean;
};

/** The key with one more version, which protects from now on. */
export async function rotated({ house, key, now, kind, isEarly = false }: Rotation): Promise<Outcome<Key>> {
  const old = currentVersion(key);
  const wanted = {
    environment: key.environment,
    keyId: key.id,
    spec: key.spec,
    materialBytes: key.materialBytes,
    number: old.number + 1,
    now,
    rotation: kind,
    usage: key.usage,
    inDevice: key.tier === 'hsm',
    exportable: key.exportable ?? false,
    traits: key,
  };
  const { version, material, known } = await makeVersion(house, wanted);
  const versions = [...key.versions.slice(0, -1), retire(old, now, 'rotated'), version];
  const rotation =
    kind === 'automatic' && key.rotation
      ? { ...key.rotation, nextAt: nextDate(key.rotation, now, isEarly) }
      : key.rotation;
  const after: Key = { ...key, versions, rotation };
  return {
    output: revised(key, after),
    changes: [updateOf(key, after, { added: material ? [material] : [] }), ...known],
    facts: { version: version.number, rotation: kind },
  };
}

/** The key whose new imported material protects from now on. */
function rotatedToImported(key: Key, now: Instant): Outcome<Key> {
  const version = pendingVersion(key, now);
  const older = retire(currentVersion(key), now, 'rotated');
  const after = withRotated(key, [...key.versions.slice(0, -1), older, version]);
  return {
    output: revised(key, after),
    changes: [updateOf(key, after)],
    facts: { version: version.number, rotation: version.rotation, materialId: version.materialId },
  };
}

/**
 * The next date of a schedule that lies ahead: dates that were missed while the server stood still are not made up for. After a rotation
 * that came early the schedule begins anew.
 */
function nextDate({ nextAt, periodDays }: RotationSchedule, now: Instant, isEarly: boolean): Instant {
  const period = periodDays * dayMillis;
  if (now < nextAt) return isEarly ? now + period : nextAt;
  const missed = Math.floor((now - nextAt) / period);
  return nextAt + (missed + 1) * period;
}

/** Makes a new version that protects from now on; the one before is deactivated and still opens what it protected. */
export const rotateKey = defineOperation<OnDemandInput, Key>({
  name: 'keys.rotate',
  kind: 'manage',
  input: onDemandInput,
  targets: [onKey<OnDemandInput>({ permission: 'keys:rotate', act: 'manage', conditions: usableOnly })],
  run: ({ house, keys, now }, wish) => {
    const { key } = present(keys[0]);
    requireRotatableOnDemand(key, wish.onlySymmetricEncryption);
    requireRotationsLeft(key, wish.onDemandMax);
    if (key.imported && (key.pending || !key.localRotation)) return rotatedToImported(key, now);
    return rotated({ house, key, now, kind: 'on-demand' });
  },
});

const dueInput = z.strictObject({
  key: keyReference,
  /** The version whose usage limit is near; null: a date has come. */
  spentVersion: z.number().int().min(1).nullable(),
});
type DueInput = z.infer<typeof dueInput>;

/**
 * Rotates a key by its schedule, before its originator period ends, or because its usage limit is near. Only the house asks for it, perhaps on several nodes at once:
 * what another one has done already is not done again.
 */
export const rotateDueKey = defineOperation<DueInput, Key>({
  name: 'keys.rotate-due',
  kind: 'manage',
  input: dueInput,
  targets: [onKey<DueInput>({ permission: 'keys:rotate-due', act: 'manage', conditions: usableOnly })],
  run: ({ house, keys, now }, { spentVersion }) => {
    const { key } = present(keys[0]);
    // schedules of key pairs are set by protocols whose clients follow a changed public key
    requireRotatable(key, spentVersion !== null);
    const next = rotationDue(key);
    const isDue = next !== null && now >= next;
    if (!isDue && spentVersion !== currentVersion(key).number) return { output: key };
    return rotated({ house, key, now, kind: 'automatic', isEarly: isDue });
  },
});

/** Switches yearly (or other) rotation on; called again it changes the period. */
export const enableRotation = defineOperation<EnableInput, Key>({
  name: 'keys.enable-rotation',
  kind: 'manage',
  input: enableInput,
  targets: [
    onKey<EnableInput>({ permission: 'keys:enable-rotation', act: 'manage', conditions: usableOnly }),
  ],
  conditions: ({ periodDays }) => ({ 'kms:RotationPeriodInDays': String(periodDays) }),
  run: ({ keys, now }, wish) => {
    const { key } = present(keys[0]);
    requireRotatable(key, wish.onlySymmetricEncryption);
    const { periodDays } = wish;
    if (key.rotation?.periodDays === periodDays) return { output: key };
    const after: Key = { ...key, rotation: { periodDays, since: now, nextAt: now + periodDays * dayMillis } };
    return { output: revised(key, after), changes: [updateOf(key, after)], facts: { periodDays } };
  },
});

/** Switches automatic rotation off. */
export const disableRotation = defineOperation<RotateInput, Key>({
  name: 'keys.disable-rotation',
  kind: 'manage',
  input: rotateInput,
  targets: [
    onKey<RotateInput>({ permission: 'keys:disable-rotation', act: 'manage', conditions: usableOnly }),
  ],
  run: ({ keys }, wish) => {
    const { key } = present(keys[0]);
    requireRotatable(key, wish.onlySymmetricEncryption);
    if (!key.rotation) return { output: key };
    const after: Key = { ...key, rotation: null };
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

/** Whether and when a key rotates by itself. */
export const getRotationStatus = defineOperation<RotateInput, Key>({
  name: 'keys.get-rotation-status',
  kind: 'read',
  input: rotateInput,
  targets: [
    onKey<RotateInput>({ permission: 'keys:get-rotation-status', act: 'inspect', conditions: anyCondition }),
  ],
  run: ({ keys }) => ({ output: present(keys[0]).key }),
});

/** The version number that a page marker stands for; 0 where there is none. */
function afterMarker(marker: string | null): number {
  if (marker === null) return 0;
  if (/^[1-9][0-9]{0,9}$/.test(marker)) return Number(marker);
  throw new ClavigerError('page-marker-invalid', 'The page marker is not ours.');
}

const listInput = rotateInput.extend({ page, withFirst: z.boolean() });
type ListInput = z.infer<typeof listInput>;

export type Rotations = {
  readonly key: Key;
  readonly versions: readonly KeyVersion[];
  /** Imported material that waits for its rotation, after the last version; where the first one was asked for, too. */
  readonly pending: PendingMaterial | null;
  readonly next: string | null;
};

/** The versions that rotations made, oldest first; with the first one where that is asked for. */
export const listRotations = defineOperation<ListInput, Rotations>({
  name: 'keys.list-rotations',
  kind: 'read',
  input: listInput,
  targets: [
    onKey<ListInput>({ permission: 'keys:list-rotations', act: 'inspect', conditions: anyCondition }),
  ],
  run: ({ keys }, wish) => {
    const { key } = present(keys[0]);
    requireRotatableOnDemand(key, wish.onlySymmetricEncryption);
    const after = afterMarker(wish.page.after);
    const all = key.versions.filter(
      (version) => version.number > after && (wish.withFirst || version.rotation !== 'first'),
    );
    const versions = all.slice(0, wish.page.limit);
    const last = versions.at(-1);
    const waiting = wish.withFirst ? (key.pending ?? null) : null;
    const pending = versions.length < wish.page.limit ? waiting : null;
    const isMore = all.length > versions.length || waiting !== pending;
    const next = isMore && last ? String(last.number) : null;
    return { output: { key, versions, pending, next } };
  },
});

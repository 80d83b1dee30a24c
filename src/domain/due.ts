import { materialEnd } from './imported-material.ts';
import { currentVersion, type Instant, type Key, type KeyOrigin } from './key.ts';
import { factsOf, type KeySpec } from './key-spec.ts';
import { isDestroyed } from './key-state.ts';
import type { KeyUsage } from './algorithm.ts';
import { originatorEnd, recipientEnd } from './lifecycle.ts';

const hourMillis = 3_600_000;
const dayMillis = 24 * hourMillis;

/** Days between the end of a version's recipient period and its destruction, where the policy asks for that. */
export const endWaitingDays = 30;

/** What a key is, as far as it decides whether its users can tell that it was rotated. */
export type KeyTraits = {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly secondUsage?: KeyUsage;
  readonly origin: KeyOrigin;
  readonly exportable?: true;
  readonly derivation?: { readonly convergent: boolean };
};

/**
 * Whether the key may be rotated without a word to its users: a secret that encrypts, was made here and never left. The new version is
 * taken for what is encrypted from then on, and a ciphertext says which one it needs. A public key, a code that is compared, an exported
 * copy and a convergent ciphertext would differ from what others hold.
 */
export function rotatesUnseen(key: KeyTraits): boolean {
  return (
    key.usage === 'encrypt' &&
    !factsOf(key.spec).asymmetric &&
    key.secondUsage === undefined &&
    (key.origin === 'generated' || key.origin === 'hsm') &&
    !key.exportable &&
    key.derivation?.convergent !== true
  );
}

/** Whether it is rotated before its newest version stops protecting, by its own schedule or by the policy of its environment. */
export function rotatesItself(key: Key): boolean {
  return key.rotation !== null || ((key.periodTerms?.rotates ?? true) && rotatesUnseen(key));
}

/** A number from 0 up to 1 that is the same for a key always, and another one for the next key: FNV-1a over its id. */
function shareOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * When the policy has a key rotated, in the last tenth of the originator period of its newest version, on a day of its own: keys that were
 * made together are not rotated together. Null: it does not.
 */
function policyRotation(key: Key): Instant | null {
  const version = currentVersion(key);
  const isOpen = version.state === 'active' || version.state === 'deactivated';
  const end = originatorEnd(version);
  if (end === null || !isOpen || !(key.periodTerms?.rotates ?? true) || !rotatesUnseen(key)) return null;
  const tenth = version.cryptoPeriod.originatorSeconds * 100;
  return end - Math.ceil(shareOf(key.id) * tenth);
}

/** When a key with a schedule rotates: at its date, or shortly before its newest version stops protecting; null: it has no schedule. */
export function nextRotation(key: Key): Instant | null {
  if (key.rotation === null) return null;
  const { nextAt } = key.rotation;
  const version = currentVersion(key);
  const end = originatorEnd(version);
  if (end === null || nextAt <= end) return nextAt;
  return end - Math.min(hourMillis, version.cryptoPeriod.originatorSeconds * 100);
}

/** When the house rotates the key, by its schedule or else by the policy; null: never. */
export function rotationDue(key: Key): Instant | null {
  return nextRotation(key) ?? policyRotation(key);
}

/** What a crypto-period has the house do, besides rotation. */
export const periodTasks = [
  'end-extension',
  'tell-near-end',
  'deactivate',
  'destroy-versions',
  'destroy-key',
] as const;
export type PeriodTask = (typeof periodTasks)[number];

/** When each of them is due; null: not at all, as things stand. */
export function periodTaskDue(key: Key, task: PeriodTask): Instant | null {
  return dueOf[task](key);
}

const dueOf: Readonly<Record<PeriodTask, (key: Key) => Instant | null>> = Object.freeze({
  'end-extension': ({ periodExtensions = [] }) => earliest(periodExtensions.map(({ until }) => until)),
  'tell-near-end': (key) => {
    const version = currentVersion(key);
    if (rotatesItself(key) || version.state !== 'active' || key.periodNotice === version.number) return null;
    return version.activatedAt && version.activatedAt + version.cryptoPeriod.originatorSeconds * 800;
  },
  deactivate: (key) => {
    const version = currentVersion(key);
    return rotatesItself(key) || version.state !== 'active' ? null : originatorEnd(version);
  },
  'destroy-versions': (key) => earliest(endedVersions(key).map(({ at }) => at)),
  'destroy-key': (key) => {
    if (!key.periodTerms?.destroysAtEnd || rotatesItself(key)) return null;
    return recipientEnd(currentVersion(key));
  },
});

/** Versions that are to be destroyed, and when: all but the newest, which goes with the whole key. */
export function endedVersions(key: Key): { readonly number: number; readonly at: Instant }[] {
  if (!key.periodTerms?.destroysAtEnd) return [];
  return key.versions.slice(0, -1).flatMap((version) => {
    const end = isDestroyed(version.state) ? null : recipientEnd(version);
    return end === null ? [] : [{ number: version.number, at: end + endWaitingDays * dayMillis }];
  });
}

function earliest(instants: readonly (Instant | null)[]): Instant | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/**
 * When the house has something to do for the key: its scheduled destruction, the end of its imported material, its next rotation, or what
 * its crypto-period asks for; null: nothing. A key that is suspended or waits for its destruction is left as it is.
 */
export function dueAt(key: Key): Instant | null {
  if (isDestroyed(currentVersion(key).state) && !key.destruction) return null;
  const end = materialEnd(key);
  if (key.destruction) return Math.min(key.destruction.dueAt, end ?? Infinity);
  if (key.suspendedAt !== null) return end;
  return earliest([end, rotationDue(key), ...periodTasks.map((task) => periodTaskDue(key, task))]);
}

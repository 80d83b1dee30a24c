import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';

const count = z.int().min(0);
const instant = z.int().min(0);

const versionShape = z.strictObject({
  number: z.int().min(1),
  createdAt: instant,
  /** From when on it is not told any more, which may be to come; null: never. It can be brought back until it is destroyed. */
  deletedAt: instant.nullable(),
  destroyed: z.boolean(),
});
/** One version of a secret, without its value. */
export type SecretVersion = z.infer<typeof versionShape>;

export const labelsShape = z.record(z.string().max(128), z.string().max(512)).nullable();

/** What is known of a secret besides its values. */
export const headShape = z.strictObject({
  createdAt: instant,
  updatedAt: instant,
  /** The newest version; 0: there was none yet. */
  current: count,
  /** The oldest version that was not evicted; 0: none was evicted yet. */
  oldest: count,
  /** How many versions are kept; 0: as the store says. */
  versionsMax: count,
  /** Whether a writer must name the current version. */
  checkRequired: z.boolean(),
  /** Seconds after which a new version is deleted; 0: as the store says. */
  deleteAfterSeconds: count,
  labels: labelsShape,
  /** Ordered by their numbers. */
  versions: z.array(versionShape),
});
export type SecretHead = z.infer<typeof headShape>;

/** What a store of secrets says for all of its secrets. */
export const settingsShape = z.strictObject({
  /** 0: it says nothing. */
  versionsMax: count,
  checkRequired: z.boolean(),
  /** 0: it says nothing; -1: versions are never deleted by their age. */
  deleteAfterSeconds: z.int().min(-1),
});
export type SecretSettings = z.infer<typeof settingsShape>;

export const noSettings: SecretSettings = Object.freeze({
  versionsMax: 0,
  checkRequired: false,
  deleteAfterSeconds: 0,
});

/** How many versions are kept where neither the secret nor its store says it. */
export const versionsKept = 10;

export function newHead(now: Instant): SecretHead {
  return {
    createdAt: now,
    updatedAt: now,
    current: 0,
    oldest: 0,
    versionsMax: 0,
    checkRequired: false,
    deleteAfterSeconds: 0,
    labels: null,
    versions: [],
  };
}

export function isDeleted(version: SecretVersion, now: Instant): boolean {
  return version.deletedAt !== null && version.deletedAt <= now;
}

/** Whether its value may be told. */
export function isTold(version: SecretVersion, now: Instant): boolean {
  return !version.destroyed && !isDeleted(version, now);
}

/** A version by its number, or the current one for 0. */
export function versionOf(head: SecretHead, number: number): SecretVersion | null {
  const wanted = number === 0 ? head.current : number;
  return head.versions.find((version) => version.number === wanted) ?? null;
}

/** Refuses a change that was made for another version than the current one (null: it names none) with `version-unexpected`. */
export function requireExpected(
  head: SecretHead | null,
  settings: SecretSettings,
  wanted: number | null,
): void {
  if (wanted === null) {
    if (!(head?.checkRequired ?? false) && !settings.checkRequired) return;
    throw new ClavigerError('version-unexpected', 'check-and-set parameter required for this call');
  }
  if (wanted === (head?.current ?? 0)) return;
  throw new ClavigerError('version-unexpected', 'check-and-set parameter did not match the current version');
}

function deletionOf(head: SecretHead, settings: SecretSettings, now: Instant): Instant | null {
  const wishes = [head.deleteAfterSeconds, settings.deleteAfterSeconds].filter((seconds) => seconds > 0);
  if (settings.deleteAfterSeconds < 0 || wishes.length === 0) return null;
  return now + Math.min(...wishes) * 1000;
}

export type Added = {
  readonly head: SecretHead;
  readonly version: SecretVersion;
  /** Versions that there is no room for any more, without those that were destroyed before. */
  readonly evicted: readonly number[];
};

/** Adds a version; where `keep` is null as many are kept as the secret or its store says, whichever is more. */
export function withVersion(
  before: SecretHead,
  settings: SecretSettings,
  { now, keep }: { readonly now: Instant; readonly keep: number | null },
): Added {
  const number = before.current + 1;
  const deletedAt = keep === null ? deletionOf(before, settings, now) : null;
  const version = { number, createdAt: now, deletedAt, destroyed: false };
  const kept = keep ?? (Math.max(before.versionsMax, settings.versionsMax) || versionsKept);
  const all = [...before.versions, version];
  const isFull = number - before.oldest >= kept;
  const oldest = isFull ? number - kept + 1 : before.oldest;
  const evicted = all.filter((each) => each.number < oldest);
  return {
    head: {
      ...before,
      updatedAt: now,
      current: number,
      oldest,
      versions: all.filter((each) => each.number >= oldest),
    },
    version,
    evicted: evicted.filter(({ destroyed }) => !destroyed).map((each) => each.number),
  };
}

type Changed = { readonly head: SecretHead; readonly numbers: readonly number[] };

/** Changes those of the versions that can be; `numbers` are those that were. */
function changed(
  head: SecretHead,
  numbers: readonly number[],
  change: (version: SecretVersion) => SecretVersion | null,
): Changed {
  const done: number[] = [];
  const versions = head.versions.map((version) => {
    const after = numbers.includes(version.number) ? change(version) : null;
    if (after) done.push(version.number);
    return after ?? version;
  });
  return { head: { ...head, versions }, numbers: done };
}

export function withDeleted(head: SecretHead, numbers: readonly number[], now: Instant): Changed {
  return changed(head, numbers, (version) => (isTold(version, now) ? { ...version, deletedAt: now } : null));
}

export function withUndeleted(head: SecretHead, numbers: readonly number[]): Changed {
  return changed(head, numbers, (version) =>
    version.destroyed || version.deletedAt === null ? null : { ...version, deletedAt: null },
  );
}

export function withDestroyed(head: SecretHead, numbers: readonly number[]): Changed {
  return changed(head, numbers, (version) => (version.destroyed ? null : { ...version, destroyed: true }));
}

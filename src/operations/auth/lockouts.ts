import type { Instant } from '#domain';
import type { House } from '../house.ts';
import { RecentMap } from '../recent-map.ts';

/** Failures after which nobody can log in under a name, and for how long since the last of them. */
export const failuresMax = 5;
export const lockMillis = 15 * 60_000;

type Failures = { readonly count: number; readonly at: Instant };

/** Counts failed logins by name, in the memory of one process. */
export interface Lockouts {
  /** Nobody can log in under this name now, whatever the password. */
  isLocked(name: string, now: Instant): boolean;
  failed(name: string, now: Instant): void;
  succeeded(name: string): void;
}

const namesMax = 10_000;

export function createLockouts(): Lockouts {
  const failures = new RecentMap<Failures>(namesMax);

  function standing(name: string, now: Instant): number {
    const known = failures.get(name);
    return known && now - known.at < lockMillis ? known.count : 0;
  }

  return {
    isLocked: (name, now) => standing(name, now) >= failuresMax,
    failed: (name, now) => failures.set(name, { count: standing(name, now) + 1, at: now }),
    succeeded: (name) => failures.delete(name),
  };
}

type Kept = { readonly known: Lockouts; readonly unknown: Lockouts };
const ofHouses = new WeakMap<House['documents'], Kept>();

/** Those of a house. Names that nobody has are counted apart, so that they can't push out those that somebody has. */
export function lockoutsOf({ documents }: Pick<House, 'documents'>, isKnown: boolean): Lockouts {
  let kept = ofHouses.get(documents);
  if (!kept) ofHouses.set(documents, (kept = { known: createLockouts(), unknown: createLockouts() }));
  return isKnown ? kept.known : kept.unknown;
}

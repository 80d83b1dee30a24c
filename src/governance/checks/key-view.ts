import {
  currentVersion,
  factsOf,
  isDestroyed,
  limitsOn,
  purposeOf,
  rotatesUnseen,
  usualPolicy,
  type Key,
  type KeySpecFacts,
  type KeyState,
  type KeyVersion,
  type Instant,
  type PeriodLimits,
  type PeriodPolicy,
} from '#domain';
import type { KeyFacts, PopulationHead } from '../population.ts';

/** A key with what follows from it, worked out once for all checks. */
export type KeyView = {
  readonly facts: KeyFacts;
  readonly key: Key;
  /** As exceptions name it. */
  readonly subject: string;
  /** The newest version. */
  readonly current: KeyVersion;
  readonly spec: KeySpecFacts;
  /** Some version of it is not destroyed. */
  readonly isLiving: boolean;
  /** It protects now, or would by its state. */
  readonly isProtecting: boolean;
  readonly policy: PeriodPolicy;
  /** It can be rotated without a word to its users. */
  readonly isUnseen: boolean;
  /** What the policy of its environment bounds its versions by. */
  readonly limits: PeriodLimits;
};

export const dayMillis = 86_400_000;
export const yearMillis = 365 * dayMillis;
/** A state or an end reaches every node within a second; clocks of nodes differ by less than the rest. */
export const nodesAgreeMillis = 5000;

const days = new Map<number, string>();
const daysMax = 4096;

/** Year, month and day (UTC) of an instant. */
export function dayOf(at: Instant): string {
  const number = Math.floor(at / dayMillis);
  const known = days.get(number);
  if (known !== undefined) return known;
  if (days.size >= daysMax) days.clear();
  const text = new Date(at).toISOString().slice(0, 10);
  days.set(number, text);
  return text;
}

type Viewer = (facts: KeyFacts) => KeyView;

const viewers = new WeakMap<PopulationHead, Viewer>();

/** How keys of a population are looked at: all checks of one walk share what was worked out for the key of the moment. */
export function viewerOf(head: PopulationHead): Viewer {
  const known = viewers.get(head);
  if (known) return known;
  const made = newViewer(head);
  viewers.set(head, made);
  return made;
}

function newViewer(head: PopulationHead): Viewer {
  const policies = new Map(head.environments.map(({ name, periodPolicy }) => [name, periodPolicy]));
  const bounds = new Map<PeriodPolicy, Map<string, PeriodLimits>>();
  const limitsOf = (policy: PeriodPolicy, key: Key, isUnseen: boolean): PeriodLimits => {
    const ofPolicy = bounds.get(policy) ?? new Map<string, PeriodLimits>();
    bounds.set(policy, ofPolicy);
    const name = isUnseen ? 'unseen' : purposeOf(key);
    const limits = ofPolicy.get(name) ?? limitsOn(policy, { spec: key.spec, usage: key.usage, isUnseen });
    ofPolicy.set(name, limits);
    return limits;
  };
  let last: KeyView | null = null;
  return (facts) => {
    if (last?.facts === facts) return last;
    const { key } = facts;
    const current = currentVersion(key);
    const isUnseen = rotatesUnseen(key);
    const policy = policies.get(key.environment) ?? usualPolicy;
    last = {
      facts,
      key,
      subject: `key:${key.id}`,
      current,
      spec: factsOf(key.spec),
      isLiving: key.versions.some(({ state }) => !isDestroyed(state)),
      isProtecting: current.state === 'active' && key.suspendedAt === null,
      policy,
      isUnseen,
      limits: limitsOf(policy, key, isUnseen),
    };
    return last;
  };
}

/** In which state a version was at a moment; null: it was not there yet. */
export function stateAt(version: KeyVersion, at: Instant): KeyState | null {
  let state: KeyState | null = null;
  for (const change of version.history) if (change.at <= at) state = change.state;
  return state;
}

/** When a version came into a state for the first time; null: never. */
export function since(version: KeyVersion, state: KeyState): Instant | null {
  return version.history.find((change) => change.state === state)?.at ?? null;
}

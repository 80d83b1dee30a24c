import type { KeyProfile } from '../memory/key-profile.ts';
import type { Peers } from '../memory/peers.ts';
import type { PrincipalProfile } from '../memory/principal-profile.ts';
import type { UsageEvent } from '../normal/usage-event.ts';
import type { DetectorSettings } from '../settings.ts';

/** Every signal there is: how much it weighs at most, and whether it tells of the key's use or of the principal alone. */
export const signalTable = Object.freeze({
  // hard rules
  canary: { weight: 0.99, of: 'key' },
  'export-attempt': { weight: 0.9, of: 'key' },
  'environment-mismatch': { weight: 0.9, of: 'key' },
  'log-gap': { weight: 0.9, of: 'log' },
  'retired-version': { weight: 0.8, of: 'key' },
  'key-not-active': { weight: 0.7, of: 'key' },
  'wrong-purpose': { weight: 0.7, of: 'key' },
  'first-management': { weight: 0.7, of: 'principal' },
  // never seen before
  'new-principal': { weight: 0.6, of: 'key' },
  'new-operation': { weight: 0.6, of: 'principal' },
  'new-operation-on-key': { weight: 0.35, of: 'key' },
  'new-network': { weight: 0.6, of: 'principal' },
  'new-agent': { weight: 0.2, of: 'key' },
  'new-context-shape': { weight: 0.25, of: 'key' },
  'new-hour': { weight: 0.1, of: 'principal' },
  // how many different things
  'many-contexts': { weight: 0.7, of: 'principal' },
  'many-contexts-a-day': { weight: 0.6, of: 'principal' },
  'many-keys': { weight: 0.7, of: 'principal' },
  'sweep-while-new': { weight: 0.9, of: 'principal' },
  // how often
  volume: { weight: 0.85, of: 'key' },
  drift: { weight: 0.55, of: 'key' },
  denials: { weight: 0.6, of: 'principal' },
} as const);

export type SignalName = keyof typeof signalTable;

/** One reason to look closer. */
export type Signal = {
  readonly name: SignalName;
  /** From 0 to 1: how likely it alone means harm, here. */
  readonly weight: number;
  /** What it is about, in words. */
  readonly about: string;
  /** The numbers that it was measured against. */
  readonly baseline: Readonly<Record<string, number>>;
};

/** An event together with what is known of its key and its principal. */
export type Sighting = {
  readonly event: UsageEvent;
  readonly settings: DetectorSettings;
  /** Since 1970. */
  readonly hour: number;
  readonly day: number;
  /** null where the event names no key, or one that there is not. */
  readonly key: KeyProfile | null;
  readonly principal: PrincipalProfile;
  readonly peers: Peers;
  /** Whether everything, what concerns the key, what concerns the principal is still new. */
  readonly isLearning: boolean;
  /** Whether an announced change covers the event. */
  readonly isExpected: boolean;
  readonly keyIsNew: boolean;
  readonly principalIsNew: boolean;
  readonly spread: (text: string) => number;
};

/** A signal with its full weight, or a part of it. */
export function signal(
  name: SignalName,
  about: string,
  baseline: Signal['baseline'],
  weight: number = signalTable[name].weight,
): Signal {
  return { name, weight, about, baseline };
}

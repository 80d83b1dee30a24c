import type { AuditEvent, Key, KeyState, KeyVersion, TransitionCause } from '#domain';
import type { Copy } from '#ports';
import type { CheckOutcome, CheckResult } from '../check.ts';
import { ask } from '../evaluate.ts';
import {
  dayMillis,
  eventOf,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
  versionOf,
} from '../population.fixture.ts';
import type {
  Attestation,
  CredentialFacts,
  KeyFacts,
  KeyUse,
  PlacedEvent,
  PopulationHead,
  PrincipalFacts,
} from '../population.ts';
import type { LibraryCheck } from './key-check.ts';

/** A population as far as it matters; what is not said is ordinary, and there are no keys and no events. */
export type Given = {
  readonly head?: Partial<PopulationHead>;
  readonly keys?: readonly KeyFacts[];
  readonly events?: readonly PlacedEvent[];
};

/** What a check must say of a population. */
export type Case = {
  readonly check: string;
  readonly given: Given;
  readonly outcome: CheckOutcome;
  /** Something that the reason or an exception says. */
  readonly says: RegExp;
};

export async function judgeBy(
  check: LibraryCheck,
  { head, keys = [], events = [] }: Given,
): Promise<CheckResult> {
  const [result] = await ask(populationOf(headOf(head), keys, events), [check]);
  if (!result) throw new Error('no result');
  return result;
}

export const ago = (days: number): number => judgedAt - days * dayMillis;

let made = 0;

/** Facts of an ordinary key, but for what is said of the key and of what is known of it. */
export function someKey(key: Partial<Key> = {}, facts: Partial<Omit<KeyFacts, 'key'>> = {}): KeyFacts {
  made += 1;
  return factsOfKey(
    keyOf({ id: `00000000-0000-4000-8000-${made.toString(16).padStart(12, '0')}`, ...key }),
    facts,
  );
}

/** An AES version in a state since some days. */
export function versionIn(
  state: KeyState,
  { daysAgo = 1, age = 30, number = 1, cause = 'deactivated-by-request' as TransitionCause } = {},
): KeyVersion {
  const version = versionOf({ spec: 'AES_256', usage: 'encrypt', number, activatedAt: ago(age) });
  return { ...version, state, history: [...version.history, { state, at: ago(daysAgo), cause }] };
}

export const destroyedKey = (facts: Partial<Omit<KeyFacts, 'key'>> = {}): KeyFacts =>
  someKey({ versions: [versionIn('destroyed', { cause: 'destruction-due' })] }, facts);

export function useOf(about: Partial<KeyUse> = {}): KeyUse {
  return {
    version: 1,
    principal: 'payments',
    act: 'protect',
    count: 1,
    firstAt: ago(20),
    lastAt: ago(10),
    ...about,
  };
}

export function copyOf(about: Partial<Copy> = {}): Copy {
  return {
    id: 'copy-1',
    kind: 'export',
    keyId: null,
    createdAt: ago(5),
    place: 'a safe',
    holder: 'ops',
    status: 'live',
    detail: { wrap: 'RSA_AES_KEY_WRAP_SHA_256' },
    ...about,
  };
}

export function attestation(subject: string, about: Partial<Attestation> = {}): Attestation {
  return {
    id: `attestation of ${subject}`,
    subject,
    statement: 'So it is.',
    reference: null,
    by: 'alice',
    at: ago(10),
    until: ago(-100),
    ...about,
  };
}

export function person(
  name: string,
  about: Partial<PrincipalFacts['principal']> = {},
  credentials: readonly CredentialFacts[] = [],
): PrincipalFacts {
  return { principal: principalOf({ name, kind: 'user', roles: ['administrator'], ...about }), credentials };
}

export function placed(index: number, operation: string, about: Partial<AuditEvent> = {}): PlacedEvent {
  return { index, event: eventOf({ id: `event-${index}`, operation, at: ago(300 - index), ...about }) };
}

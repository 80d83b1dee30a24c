import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Destruction, Key, KeyVersion } from '#domain';
import type { Copy } from '#ports';
import {
  dayMillis,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
  versionOf,
} from '../population.fixture.ts';
import type { KeyFacts, KeyUse, PopulationHead } from '../population.ts';
import { detect, type DetectorId } from './index.ts';

export const ago = (days: number): number => judgedAt - days * dayMillis;
export const id = 'k1';
export const quiet = headOf({ root: 'pkcs11' });

/** What the detectors say of one key: `detector severity`. */
export async function of(facts: KeyFacts, head: PopulationHead = quiet): Promise<readonly string[]> {
  const found = await detect(populationOf(head, [facts]));
  return found.map(({ detector, severity }) => `${detector} ${severity}`);
}

export type About = Partial<Key>;
type Facts = Partial<Omit<KeyFacts, 'key'>>;
export const facts = (about: About = {}, more: Facts = {}): KeyFacts =>
  factsOfKey(keyOf({ id, ...about }), { names: ['n'], ...more });

export function aged(days: number, about: Partial<KeyVersion> = {}): About {
  const version = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(days) });
  return { createdAt: ago(days), versions: [{ ...version, ...about }] };
}

/** A version that is in a state since some days. */
export function gone(
  state: KeyVersion['state'],
  days: number,
  cause: 'destruction-due' | 'originator-period-over' = 'destruction-due',
): About {
  const version = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(days + 10) });
  const history = [...version.history, { state, at: ago(days), cause }];
  return { createdAt: ago(days + 10), versions: [{ ...version, state, history }] };
}

export function used(principal: string, about: Partial<KeyUse> = {}): KeyUse {
  return { version: 1, principal, act: 'protect', count: 1, firstAt: ago(25), lastAt: ago(1), ...about };
}

export function copy(about: Partial<Copy> = {}): Copy {
  return {
    id: 'c1',
    kind: 'export',
    keyId: id,
    createdAt: ago(20),
    place: '/elsewhere/x',
    holder: 'ada',
    status: 'live',
    detail: { wrap: 'AES_KWP' },
    ...about,
  };
}

export function destroying(about: Partial<Destruction>): Destruction {
  return {
    id: 'd1',
    keyId: id,
    environment: 'production',
    requestedBy: 'p',
    reason: null,
    requestedAt: ago(40),
    dueAt: ago(10),
    waitingDays: 30,
    step: 'scheduled',
    execution: null,
    probes: [],
    checks: [],
    revision: 1,
    ...about,
  };
}

export const execution = {
  at: ago(10),
  node: 'n',
  eventId: 'e',
  method: 'cryptographic-erase',
  nodes: ['n'],
  names: [],
} as const;
export const check = { node: 'n', at: ago(9), method: 'known-ciphertext', version: 1, opens: false } as const;
export const lastUse = (days: number) => ({
  operation: 'keys.decrypt',
  at: ago(days),
  requestId: 'r',
  principal: 'payments',
});
export const people = headOf({
  root: 'pkcs11',
  principals: [
    ...['payments', 'billing', 'web-1', 'web-2', 'crm'].map((name) => principalOf({ name })),
    principalOf({ name: 'ada', kind: 'user' }),
    principalOf({ name: 'admin', roles: ['administrator'] }),
    principalOf({ name: 'gone', disabled: true }),
  ].map((principal) => ({ principal, credentials: [] })),
});
export const years = (count: number) => count * 365 * 86_400;
export const period = (about: Partial<KeyVersion['cryptoPeriod']>) => ({
  ...versionOf({ spec: 'AES_256', usage: 'encrypt' }).cryptoPeriod,
  ...about,
});
export const asymmetric = { spec: 'EC_P256', usage: 'sign' } as const;
export const noRotation: About = { periodTerms: { rotates: false, destroysAtEnd: false } };

type Case = readonly [what: string, facts: KeyFacts, found: readonly string[], head?: PopulationHead];

/** Keys as a detector finds them, and near ones in which it finds nothing. */
export type Cases = Readonly<Partial<Record<DetectorId, readonly Case[]>>>;

/** Has all detectors look at each of the keys. */
export function tryEach(cases: Cases): void {
  for (const [detector, all] of Object.entries(cases))
    for (const [what, given, found, head] of all)
      it(`${detector}: ${what}`, async () => assert.deepEqual(await of(given, head), found));
}

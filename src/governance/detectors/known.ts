import { usualPolicy, type Instant, type PeriodPolicy } from '#domain';
import type { PopulationHead, PrincipalFacts } from '../population.ts';

export const dayMillis = 86_400_000;

/** What detectors look up of the head. */
export type Known = {
  readonly head: PopulationHead;
  readonly at: Instant;
  readonly principal: (environment: string, name: string) => PrincipalFacts | undefined;
  /** The application that a principal is an instance of; null: it is a person, or administrates. */
  readonly application: (environment: string, name: string) => string | null;
  readonly policy: (environment: string) => PeriodPolicy;
  /** The environment that was made first: what concerns the whole house is told there. */
  readonly firstEnvironment: string;
};

const productionWords: ReadonlySet<string> = new Set(['prod', 'production', 'prd', 'live']);
const otherWords: ReadonlySet<string> = new Set(['non', 'pre', 'not', 'no', 'like', 'test']);

/** By its name: a part of it says so, and none says that it is only like it (`eu-prod`, but not `pre-prod`). */
export function isProduction(environment: string): boolean {
  const parts = environment.split('-');
  return parts.some((part) => productionWords.has(part)) && !parts.some((part) => otherWords.has(part));
}

/** Roles of those who manage keys of others, and use many. */
const managing: ReadonlySet<string> = new Set(['administrator', 'operator', 'auditor']);

/** A replica's number, or the random end that schedulers give to one, is not of its name: `web-3`, `web-7d9f8b6c5d-x2x7q`. */
const replica = /(?:-[0-9a-f]{8,10}-[a-z0-9]{5}|[-_.]\d{1,4})$/;

function applicationOf({ principal }: PrincipalFacts): string | null {
  if (principal.kind === 'user' || principal.roles.some((role) => managing.has(role))) return null;
  return principal.name.replace(replica, '');
}

type ByName = ReadonlyMap<string, PrincipalFacts>;

function namesOf(head: PopulationHead): ReadonlyMap<string, ByName> {
  const found = new Map<string, Map<string, PrincipalFacts>>();
  for (const facts of head.principals) {
    const { environment, name } = facts.principal;
    const names = found.get(environment) ?? new Map<string, PrincipalFacts>();
    names.set(name, facts);
    found.set(environment, names);
  }
  return found;
}

function makeKnown(head: PopulationHead): Known {
  const principals = namesOf(head);
  const principal = (environment: string, name: string) => principals.get(environment)?.get(name);
  const policies = new Map(head.environments.map(({ name, periodPolicy }) => [name, periodPolicy]));
  const [first] = head.environments.toSorted((a, b) => a.createdAt - b.createdAt);
  return {
    head,
    at: head.at,
    principal,
    application(environment, name) {
      const facts = principal(environment, name);
      return facts ? applicationOf(facts) : null;
    },
    policy: (environment) => policies.get(environment) ?? usualPolicy,
    firstEnvironment: first?.name ?? '',
  };
}

const made = new WeakMap<PopulationHead, Known>();

/** The same for all detectors that look at a population. */
export function knownOf(head: PopulationHead): Known {
  const before = made.get(head);
  if (before) return before;
  const known = makeKnown(head);
  made.set(head, known);
  return known;
}

/** The day of a moment, e.g. 2026-03-01. */
export function dayOf(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Words of somebody else, shortened, and without what a terminal would take for a command. */
export function said(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cs}\p{Cf}]/gu, ' ');
  return `"${plain.length <= 120 ? plain : `${plain.slice(0, 119)}…`}"`;
}

/** The first few of many. */
export function some(words: readonly string[], total = words.length): string {
  const shown = words.slice(0, 5).join(', ');
  return total > 5 ? `${shown} and ${total - 5} more` : shown;
}

import type { Instant } from '#domain';
import type { KeyUse, PopulationHead } from '../population.ts';
import { detectorOf, hasMaterial, isInService, ofKey } from './define.ts';
import { dayMillis, knownOf, said, some, type Known } from './known.ts';
import { limits } from './limits.ts';

/** When an application used a key, and whether it wrote. */
type User = { readonly name: string; writes: boolean; firstAt: Instant; lastAt: Instant };

/** The applications that use a key today, by when they began. */
function usersOf(environment: string, uses: readonly KeyUse[], { application, at }: Known): readonly User[] {
  const found = new Map<string, User>();
  for (const { principal, act, firstAt, lastAt } of uses) {
    if (at - lastAt > limits.sharing * dayMillis) continue;
    const name = application(environment, principal);
    if (name === null) continue;
    const user = found.get(name) ?? { name, writes: false, firstAt, lastAt };
    user.writes ||= act === 'protect';
    user.firstAt = Math.min(user.firstAt, firstAt);
    user.lastAt = Math.max(user.lastAt, lastAt);
    found.set(name, user);
  }
  return [...found.values()].sort((a, b) => a.firstAt - b.firstAt || (a.name < b.name ? -1 : 1));
}

/** Whether some used it at the same time: one that takes over from another does not share with it. */
function overlap(users: readonly User[]): boolean {
  let until = -Infinity;
  for (const { firstAt, lastAt } of users) {
    if (firstAt < until) return true;
    until = Math.max(until, lastAt);
  }
  return false;
}

/** Keys under which several applications write, or from which many read. */
export const severalApplications = detectorOf('several-applications', (known, tell) => ({
  key({ key, uses }) {
    if (uses.length < 2 || !hasMaterial(key)) return;
    const users = usersOf(key.environment, uses, known);
    if (users.length < 2) return;
    // verifying needs the public half alone
    const readers = key.usage === 'sign' ? [] : users.filter(({ writes }) => !writes);
    const writers = users.filter(({ writes }) => writes);
    const areMany = overlap(writers);
    if (!areMany && readers.length <= limits.readers) return;
    const names = (areMany ? writers : users).map(({ name }) => said(name));
    tell({
      ...ofKey(key),
      what: `Key ${key.id} is used by ${names.length} applications at once: ${some(names)}.`,
      remedy: `Make a key for each application, let each protect under its own, and claviger key policy set ${key.id} for the one that keeps it`,
      since: users[1]?.firstAt ?? null,
      ...(areMany ? {} : { severity: 'low' }),
    });
  },
}));

/** Keys that have two usages, and are used. */
export const severalPurposes = detectorOf('several-purposes', (_known, tell) => ({
  key({ key, uses, lastUse }) {
    if (key.secondUsage === undefined || key.secondUsage === key.usage || !isInService(key)) return;
    if (uses.length === 0 && lastUse === null) return;
    tell({
      ...ofKey(key),
      what: `Key ${key.id} is there to ${key.usage} and to ${key.secondUsage}.`,
      remedy: `Make a key for each purpose, and let nothing but the old data use this one`,
      since: key.createdAt,
    });
  },
}));

/** The names of applications of each environment, in small letters. */
function applicationsOf(head: PopulationHead): ReadonlyMap<string, ReadonlySet<string>> {
  const { application } = knownOf(head);
  const found = new Map<string, Set<string>>();
  for (const { principal } of head.principals) {
    const name = application(principal.environment, principal.name);
    if (name === null) continue;
    const names = found.get(principal.environment) ?? new Set<string>();
    names.add(name.toLowerCase());
    found.set(principal.environment, names);
  }
  return found;
}

/** The application whose name a key's name begins with; null: none. */
function namedAfter(name: string, applications: ReadonlySet<string>): string | null {
  const plain = name.toLowerCase().replace(/^alias\//, '');
  if (applications.has(plain)) return plain;
  for (let end = plain.length - 1; end > 0; end -= 1) {
    const mark = plain[end];
    const isPart = mark === '-' || mark === '_' || mark === '/' || mark === '.' || mark === ':';
    if (isPart && applications.has(plain.slice(0, end))) return plain.slice(0, end);
  }
  return null;
}

/** Keys that are named after several applications. */
export const severalNames = detectorOf('several-names', ({ head }, tell) => {
  const applications = applicationsOf(head);
  return {
    key({ key, names }) {
      const known = applications.get(key.environment);
      if (names.length < 2 || !known || !hasMaterial(key)) return;
      const found = new Set(names.flatMap((name) => namedAfter(name, known) ?? []));
      if (found.size < 2) return;
      tell({
        ...ofKey(key),
        what: `Key ${key.id} has names of ${found.size} applications: ${some(names.map(said))}.`,
        remedy: `Make a key for each application, and move its name there: claviger name move NAME KEY`,
        since: null,
      });
    },
  };
});

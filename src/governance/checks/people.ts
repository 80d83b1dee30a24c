import type { Role } from '#domain';
import type { PopulationHead, PrincipalFacts } from '../population.ts';
import { holds } from './attested.ts';
import { houseCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf } from './key-view.ts';
import { newTally } from './tally.ts';

/** So many principals of one environment may change or take out keys. */
const custodiansMax = 5;
const credentialDaysMax = 365;

const custodianRoles: ReadonlySet<Role> = new Set<Role>(['administrator', 'exporter']);

/** Pairs of roles that one principal should not hold: who does it, and who takes it out or looks at it. */
const conflicting: readonly (readonly [Role, Role])[] = [
  ['administrator', 'exporter'],
  ['administrator', 'auditor'],
  ['exporter', 'auditor'],
];

const nameOf = ({ principal }: PrincipalFacts): string =>
  `principal:${principal.environment}/${principal.name}`;

function enabled({ principals }: PopulationHead): readonly PrincipalFacts[] {
  return principals.filter(({ principal }) => !principal.disabled);
}

/** Who can change keys, or take them out. */
function custodians(head: PopulationHead): readonly PrincipalFacts[] {
  return enabled(head).filter(({ principal }) => principal.roles.some((role) => custodianRoles.has(role)));
}

const ofCustodians = {
  of: 'custodians (enabled principals who are administrators or exporters)',
  empty: ['no-data', 'No enabled principal is an administrator or an exporter'],
} as const;

const ofCredentials = {
  of: 'credentials of enabled principals',
  empty: ['no-data', 'No enabled principal has a credential that is known here'],
} as const;

/** Every custodian stated within the year that the duties are understood. */
const acknowledged: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'custodians-acknowledged',
  version: 1,
  title: 'Every person who is a custodian acknowledged the duties within a year.',
  method: 'EXAMINE',
  begin: (head: PopulationHead) => ({
    result: () => {
      const persons = custodians(head).filter(({ principal }) => principal.kind === 'user');
      const tally = newTally();
      for (const person of persons) {
        tally.judge();
        const found = head.attestations.find(
          (one) => one.by === person.principal.name && holds(one, 'custodian-acknowledgement', head.at),
        );
        if (found) tally.cite({ kind: 'attestation', id: found.id });
        else tally.lack(nameOf(person), 'There is no acknowledgement of the last 12 months.');
      }
      const found = tally.result({
        of: 'persons who are custodians',
        holds: 'each acknowledged the duties within a year',
        fails: 'no acknowledgement',
        empty: ['no-data', 'No enabled administrator or exporter is registered as a person (kind "user")'],
      });
      if (found.exceptionsTotal === 0) return found;
      const reason = `${found.exceptionsTotal} of ${found.population} persons who are custodians did not acknowledge their duties. Needed of each: an attestation "custodian-acknowledgement" of the last 12 months.`;
      return { ...found, outcome: 'manual', reason };
    },
  }),
});

/** Who may do what, with which credentials. */
export const peopleChecks: readonly LibraryCheck[] = Object.freeze([
  houseCheck({
    ...ofCustodians,
    id: 'custodians-few',
    title: `No environment has more than ${custodiansMax} custodians.`,
    holds: `no environment has more than ${custodiansMax}`,
    fails: `beyond the ${custodiansMax} that an environment may have`,
    judge: (head, tally) => {
      const counts = new Map<string, number>();
      for (const custodian of custodians(head)) {
        const { environment } = custodian.principal;
        const count = (counts.get(environment) ?? 0) + 1;
        counts.set(environment, count);
        tally.judge();
        if (count > custodiansMax)
          tally.except(nameOf(custodian), `It is number ${count} in ${environment}.`);
      }
    },
  }),
  houseCheck({
    id: 'duties-separated',
    title: 'No principal holds two roles of which one should watch over the other.',
    of: 'enabled principals',
    holds: 'none holds roles that should be apart',
    fails: 'roles that should be apart are in one hand',
    empty: ['no-data', 'There is no enabled principal'],
    judge: (head, tally) => {
      for (const facts of enabled(head)) {
        tally.judge();
        const { roles } = facts.principal;
        const pair = conflicting.find(([a, b]) => roles.includes(a) && roles.includes(b));
        if (pair) tally.except(nameOf(facts), `It is ${pair[0]} and ${pair[1]}.`);
      }
    },
  }),
  houseCheck({
    ...ofCredentials,
    id: 'credentials-renewed',
    title: `No credential of an enabled principal is older than ${credentialDaysMax} days.`,
    holds: `none is older than ${credentialDaysMax} days`,
    fails: `older than ${credentialDaysMax} days`,
    judge: (head, tally) => {
      for (const facts of enabled(head)) {
        for (const { kind, id, createdAt, expiresAt } of facts.credentials) {
          if (expiresAt !== null && expiresAt <= head.at) continue;
          tally.judge();
          if (head.at - createdAt > credentialDaysMax * dayMillis)
            tally.except(
              `credential:${id}`,
              `The ${kind} of ${nameOf(facts)} was made on ${dayOf(createdAt)}.`,
            );
        }
      }
    },
  }),
  houseCheck({
    id: 'tokens-expire',
    title: 'Every token ends by itself.',
    of: 'tokens of enabled principals',
    holds: 'each has an end',
    fails: 'no end',
    empty: ['not-applicable', 'No enabled principal has a token that is known here'],
    judge: (head, tally) => {
      for (const facts of enabled(head)) {
        for (const { kind, id, expiresAt } of facts.credentials) {
          if (kind !== 'token') continue;
          tally.judge();
          if (expiresAt === null) tally.except(`credential:${id}`, `A token of ${nameOf(facts)} never ends.`);
        }
      }
    },
  }),
  houseCheck({
    id: 'leavers-locked-out',
    title: 'Principals who were disabled have no credential any more.',
    of: 'disabled principals',
    holds: 'none has a credential any more',
    fails: 'a credential is still there',
    empty: ['not-applicable', 'No principal was disabled'],
    judge: ({ principals, at }, tally) => {
      for (const facts of principals) {
        if (!facts.principal.disabled) continue;
        tally.judge();
        const left = facts.credentials.filter(({ expiresAt }) => expiresAt === null || expiresAt > at).length;
        if (left > 0) tally.except(nameOf(facts), `It has ${left} credentials.`);
      }
    },
  }),
  acknowledged,
]);

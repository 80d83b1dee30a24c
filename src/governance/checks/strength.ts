import { originatorEnd, periodProfiles, type Instant } from '#domain';
import type { KeyFacts, PopulationHead } from '../population.ts';
import { attestationOf, needed } from './attested.ts';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayOf, viewerOf, type KeyView } from './key-view.ts';
import { newTally } from './tally.ts';
import { wrappingStrength } from './wrapping-strength.ts';

const living = {
  of: 'living keys',
  empty: ['no-data', 'There is no living key'],
} as const;

/** No standard lets less than this protect anything. */
const strengthFloor = 112;
//= sp800-131ar3-ipd: 112 bits are deprecated after 2030
const end2030: Instant = Date.UTC(2031, 0, 1);
//= ir8547-ipd: classical public-key algorithms are disallowed after 2035
const end2035: Instant = Date.UTC(2036, 0, 1);

/** When the newest version stops protecting; one that was not activated has no end. */
function protectsUntil({ current }: KeyView): Instant {
  return originatorEnd(current) ?? Infinity;
}

const endOf = (at: Instant): string => (at === Infinity ? 'for ever' : `until ${dayOf(at)}`);

const quantumReadiness: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'quantum-readiness',
  version: 1,
  title: 'Keys that a quantum computer breaks end in time, and there is a plan for them.',
  method: 'TEST',
  begin: (head: PopulationHead) => {
    const viewOf = viewerOf(head);
    const tally = newTally();
    let vulnerable = 0;
    tally.cite({ kind: 'population' });
    return {
      key: (facts: KeyFacts) => {
        const view = viewOf(facts);
        if (!view.isLiving) return;
        tally.judge();
        if (view.spec.quantumCategory > 0) return;
        vulnerable += 1;
        const until = protectsUntil(view);
        if (until > end2035)
          tally.except(view.subject, `It is ${view.key.spec} and protects ${endOf(until)}, beyond 2035.`);
      },
      result: () => {
        const plan = attestationOf(head, 'quantum-migration');
        if (plan && vulnerable > 0) tally.cite({ kind: 'attestation', id: plan.id });
        const found = tally.result({
          ...living,
          holds:
            vulnerable === 0
              ? 'none is of a kind that a quantum computer breaks'
              : `${vulnerable} are of a kind that a quantum computer breaks, none protects beyond 2035, and there is a plan`,
          fails: 'a quantum computer breaks them, and they protect beyond 2035',
        });
        if (found.outcome !== 'pass' || vulnerable === 0 || plan) return found;
        const reason = `A quantum computer breaks ${vulnerable} of ${found.population} living keys. Needed: ${needed(head, 'quantum-migration')}`;
        return { ...found, outcome: 'manual', reason };
      },
    };
  },
});

/** Whether algorithms and sizes are strong enough, today and when dates of standards come. */
export const strengthChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    ...living,
    id: 'algorithm-approved',
    title: 'Every living key is of an algorithm that NIST approves.',
    holds: 'each is of an approved algorithm',
    fails: 'of an algorithm that NIST does not approve',
    judge: ({ key, spec, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      if (!spec.fips) tally.except(subject, `${key.spec} is not an approved algorithm.`);
    },
  }),
  keyCheck({
    ...living,
    id: 'strength-minimum',
    title:
      'Every living key is as strong as the policy of its environment demands, and has 112 bits at least.',
    holds: 'each is as strong as the policy of its environment demands',
    fails: 'weaker than the policy of the environment demands, or of a spec that it does not name',
    judge: ({ key, spec, subject, isLiving, policy }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const { strengthMin, specs } = periodProfiles[policy.profile];
      const bitsMin = Math.max(strengthMin, strengthFloor);
      if (spec.strengthBits < bitsMin)
        tally.except(
          subject,
          `${key.spec} has ${spec.strengthBits} bits; ${policy.profile} demands ${bitsMin}.`,
        );
      else if (specs !== null && !specs.includes(key.spec))
        tally.except(subject, `${policy.profile} does not name ${key.spec}.`);
    },
  }),
  keyCheck({
    ...living,
    id: 'strength-2030',
    title: 'No key of less than 128 bits protects beyond 2030.',
    holds: 'each has 128 bits or stops protecting before 2031',
    fails: 'less than 128 bits, and protecting beyond 2030',
    judge: (view, tally) => {
      if (!view.isLiving) return;
      tally.judge();
      const until = protectsUntil(view);
      if (view.spec.strengthBits < 128 && until > end2030)
        tally.except(
          view.subject,
          `${view.key.spec} has ${view.spec.strengthBits} bits and protects ${endOf(until)}.`,
        );
    },
  }),
  quantumReadiness,
  wrappingStrength,
]);

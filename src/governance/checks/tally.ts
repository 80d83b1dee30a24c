import {
  evidenceMax,
  exceptionsMax,
  type CheckException,
  type CheckOutcome,
  type CheckResult,
  type EvidenceReference,
} from '../check.ts';
import type { PlacedEvent } from '../population.ts';

/** Counts what a check judges and keeps the first exceptions and references, so that its memory is bounded. */
export type Tally = {
  /** So many more things were judged. */
  readonly judge: (count?: number) => void;
  /** Something that was judged does not hold. */
  readonly except: (subject: string, why: string) => void;
  /** What would decide is not there: it can't pass any more. */
  readonly lack: (subject: string, why: string) => void;
  readonly cite: (reference: EvidenceReference) => void;
  readonly citeEvent: (placed: PlacedEvent) => void;
  readonly population: () => number;
  readonly result: (words: Words) => CheckResult;
};

/** What a check says in the end; each a part of a sentence. */
export type Words = {
  /** What was judged, in the plural: `keys`. */
  readonly of: string;
  /** What is true of all of them where it passes. */
  readonly holds: string;
  /** What is wrong with the exceptions. */
  readonly fails: string;
  /** What follows where there was nothing to judge. */
  readonly empty: readonly [Exclude<CheckOutcome, 'pass'>, string];
};

export function newTally(): Tally {
  const exceptions: CheckException[] = [];
  const evidence: EvidenceReference[] = [];
  let population = 0;
  let failed = 0;
  let lacking = 0;
  const keep = (subject: string, why: string): void => {
    if (exceptions.length < exceptionsMax) exceptions.push({ subject, why });
  };
  const cite = (reference: EvidenceReference): void => {
    if (evidence.length < evidenceMax) evidence.push(reference);
  };
  const verdict = ({ of, holds, fails, empty }: Words): readonly [CheckOutcome, string] => {
    if (failed > 0) return ['fail', `${failed} of ${population} ${of}: ${fails}.`];
    if (lacking > 0)
      return ['no-data', `Of ${lacking} of ${population} ${of} what decides it is not known: ${fails}?`];
    if (population === 0) return [empty[0], `${empty[1]}.`];
    return ['pass', `All ${of} were judged, ${population} in number: ${holds}.`];
  };
  return {
    judge: (count = 1) => {
      population += count;
    },
    except: (subject, why) => {
      failed += 1;
      keep(subject, why);
    },
    lack: (subject, why) => {
      lacking += 1;
      keep(subject, why);
    },
    cite,
    citeEvent: ({ index, event }) => cite({ kind: 'event', index, id: event.id }),
    population: () => population,
    result: (words) => {
      const [outcome, reason] = verdict(words);
      return { outcome, reason, population, exceptions, exceptionsTotal: failed + lacking, evidence };
    },
  };
}

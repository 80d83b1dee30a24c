import type { Question } from './evaluate.ts';

/** `manual`: a person must state what no machine can see, and nobody did; `no-data`: what would show it is not there. */
export type CheckOutcome = 'pass' | 'fail' | 'manual' | 'not-applicable' | 'no-data';

/** Something that does not hold, in one thing. */
export type CheckException = { readonly subject: string; readonly why: string };

/** What a result rests on. */
export type EvidenceReference =
  /** An event, by its place in the log. */
  | { readonly kind: 'event'; readonly index: number; readonly id: string }
  | { readonly kind: 'attestation'; readonly id: string }
  /** The whole population, walked through. */
  | { readonly kind: 'population' };

export type CheckResult = {
  readonly outcome: CheckOutcome;
  /** One sentence: what was found, with its numbers. */
  readonly reason: string;
  /** How many things were judged. */
  readonly population: number;
  /** The first ones, `exceptionsMax` at most. */
  readonly exceptions: readonly CheckException[];
  readonly exceptionsTotal: number;
  /** The first ones, `evidenceMax` at most. */
  readonly evidence: readonly EvidenceReference[];
};

export const exceptionsMax = 200;
export const evidenceMax = 20;

/** A rule over the whole population. */
export type Check = Question<CheckResult> & {
  readonly id: string;
  /** Counted up when it decides otherwise than before. */
  readonly version: number;
  /** What it looks at, in one sentence. */
  readonly title: string;
  /** How an assessor does it (OSCAL): a test by machine, or the examination of what persons stated. */
  readonly method: 'TEST' | 'EXAMINE' | 'INTERVIEW';
};

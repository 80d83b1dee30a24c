import type { Instant } from '#domain';
import type { CheckOutcome, CheckResult } from './check.ts';
import type { DataMark } from './data-mark.ts';
import type { PopulationHead } from './population.ts';

/** A requirement of a standard, in our words; the standard's own text stays where it is. */
export type Requirement = {
  /** As the standard counts it, e.g. `3.7.4`. */
  readonly id: string;
  readonly gist: string;
  /** Ids of checks that all must pass; none: `manual` for ever, with what a person must show. */
  readonly checks: readonly string[];
  /** What a person must show where no check decides. */
  readonly show?: string;
};

export type Framework = {
  /** For commands, e.g. `pci-dss-4.0.1`. */
  readonly id: string;
  readonly title: string;
  /** What it covers and what it does not, in a sentence or two. */
  readonly scope: string;
  /** It is about keys alone that protect such data. Where no key says so all are judged, and it is told. Absent: about all. */
  readonly data?: DataMark;
  readonly requirements: readonly Requirement[];
};

export type RequirementResult = {
  readonly id: string;
  readonly gist: string;
  /** One fail fails; else one that is missing is `manual`, or `no-data`; never `pass` without a check that passed. */
  readonly outcome: CheckOutcome;
  /** One sentence: why. */
  readonly reason: string;
  readonly checks: readonly string[];
};

/** What one run found. It is a function of the population: the same one gives the same bytes. */
export type ComplianceRun = {
  readonly format: 'claviger-compliance-run/1';
  readonly framework: { readonly id: string; readonly title: string; readonly scope: string };
  readonly at: Instant;
  readonly software: string;
  readonly log: PopulationHead['log'];
  /** How many keys there are in all. */
  readonly keys: number;
  /** Of a framework that is about keys of certain data: how they say so, and how many do; null: it is about all keys. */
  readonly marked: { readonly data: string; readonly how: string; readonly keys: number } | null;
  readonly summary: Readonly<Record<CheckOutcome, number>>;
  readonly requirements: readonly RequirementResult[];
  /** Each check that a requirement names, once, ordered by id. */
  readonly checks: readonly ({
    readonly id: string;
    readonly version: number;
    readonly title: string;
    readonly method: string;
  } & CheckResult)[];
};

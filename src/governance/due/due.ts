import type { Instant } from '#domain';
import { ask, type Question } from '../evaluate.ts';
import type { Population } from '../population.ts';
import { deadlineKinds, type Candidate, type Deadline, type DeadlineKind } from './deadline.ts';
import { deadlinesOfHead } from './of-head.ts';
import { deadlinesOfKey } from './of-keys.ts';
import { soonest } from './soonest.ts';

/** What falls due until a moment. */
export type Due = {
  readonly format: 'claviger-due/1';
  /** The moment for which it is told. */
  readonly at: Instant;
  readonly until: Instant;
  /** All that fall due until then, also those that are not told. */
  readonly total: number;
  /** Those of them whose moment is over while something is still to be done. */
  readonly overdue: number;
  readonly byKind: Readonly<Record<DeadlineKind, number>>;
  /** The first ones by time. */
  readonly deadlines: readonly Deadline[];
};

export type DueWish = {
  /** How far ahead it looks, milliseconds. */
  readonly withinMillis: number;
  /** How many are told at most. */
  readonly limit: number;
};

const order = Object.fromEntries(deadlineKinds.map((kind, at) => [kind, at])) as Record<DeadlineKind, number>;

function compare(a: Candidate, b: Candidate): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.kind !== b.kind) return order[a.kind] - order[b.kind];
  if (a.subject === b.subject) return 0;
  return a.subject < b.subject ? -1 : 1;
}

/** Asks a population what falls due. It keeps no more than it tells. */
export function dueQuestion({ withinMillis, limit }: DueWish): Question<Due> {
  return {
    begin: (head) => {
      const until = head.at + withinMillis;
      const byKind = Object.fromEntries(deadlineKinds.map((kind) => [kind, 0])) as Record<
        DeadlineKind,
        number
      >;
      const first = soonest<Candidate>(limit, compare);
      let total = 0;
      let overdue = 0;
      const take = (candidate: Candidate): void => {
        if (candidate.at > until) return;
        total += 1;
        byKind[candidate.kind] += 1;
        if (candidate.at <= head.at) overdue += 1;
        first.add(candidate);
      };
      for (const candidate of deadlinesOfHead(head)) take(candidate);
      return {
        key: (facts) => {
          for (const candidate of deadlinesOfKey(facts, head.at)) take(candidate);
        },
        result: () => ({
          format: 'claviger-due/1',
          at: head.at,
          until,
          total,
          overdue,
          byKind,
          deadlines: first.sorted().map(({ kind, at, subject, tell }) => ({ kind, at, subject, ...tell() })),
        }),
      };
    },
  };
}

/** What falls due in a population. */
export async function dueOf(population: Population, wish: DueWish): Promise<Due> {
  const [due] = await ask(population, [dueQuestion(wish)]);
  if (!due) throw new Error('a question without an answer');
  return due;
}

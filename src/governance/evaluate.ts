import type { KeyFacts, PlacedEvent, Population, PopulationHead } from './population.ts';

/** Looks at everything once and says in the end what it found. It keeps a bounded number of things. */
export type Watcher<R> = {
  readonly key?: (facts: KeyFacts) => void;
  readonly event?: (placed: PlacedEvent) => void;
  readonly result: () => R;
};

/** A question to a whole population: a detector of flaws, or a check of a requirement. */
export type Question<R> = { readonly begin: (head: PopulationHead) => Watcher<R> };

/** One walk through a population, for many questions at once: all keys first, then all events. */
export type Walk<R> = {
  readonly keys: (page: readonly KeyFacts[]) => void;
  readonly events: (page: readonly PlacedEvent[]) => void;
  /** The answers, in the order of the questions. */
  readonly results: () => R[];
};

/** Begins a walk. */
export function beginWalk<R>(head: PopulationHead, questions: readonly Question<R>[]): Walk<R> {
  const watchers = questions.map((question) => question.begin(head));
  const ofKeys = watchers.flatMap(({ key }) => (key ? [key] : []));
  const ofEvents = watchers.flatMap(({ event }) => (event ? [event] : []));
  return {
    keys(page) {
      for (const facts of page) for (const see of ofKeys) see(facts);
    },
    events(page) {
      for (const placed of page) for (const see of ofEvents) see(placed);
    },
    results: () => watchers.map((watcher) => watcher.result()),
  };
}

/** Asks questions of a population in one walk; the answers stand in the order of the questions. */
export async function ask<R>(
  { head, keys, events }: Population,
  questions: readonly Question<R>[],
): Promise<R[]> {
  const walk = beginWalk(head, questions);
  for await (const page of keys()) walk.keys(page);
  for await (const page of events()) walk.events(page);
  return walk.results();
}

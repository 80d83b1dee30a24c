import type { KeyFacts, PlacedEvent, Population, PopulationHead } from './population.ts';

/** Looks at everything once and says in the end what it found. It keeps a bounded number of things. */
export type Watcher<R> = {
  readonly key?: (facts: KeyFacts) => void;
  readonly event?: (placed: PlacedEvent) => void;
  readonly result: () => R;
};

/** A question to a whole population: a detector of flaws, or a check of a requirement. */
export type Question<R> = { readonly begin: (head: PopulationHead) => Watcher<R> };

/** Asks questions of a population in one walk; the answers stand in the order of the questions. */
export async function ask<R>(
  { head, keys, events }: Population,
  questions: readonly Question<R>[],
): Promise<R[]> {
  const watchers = questions.map((question) => question.begin(head));
  const ofKeys = watchers.flatMap(({ key }) => (key ? [key] : []));
  const ofEvents = watchers.flatMap(({ event }) => (event ? [event] : []));
  for await (const page of keys()) for (const facts of page) for (const see of ofKeys) see(facts);
  if (ofEvents.length > 0)
    for await (const page of events()) for (const placed of page) for (const see of ofEvents) see(placed);
  return watchers.map((watcher) => watcher.result());
}

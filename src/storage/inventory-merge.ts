import type { Driver } from './driver.ts';
import {
  type Found,
  type Residual,
  type Spot,
  type Steps,
  type Stream,
  type Walk,
  walkStreams,
} from './inventory-walk.ts';

/** What a search found, in order. */
export type Merged = {
  readonly entries: readonly Spot[];
  /** Behind which the next search begins; null: there is no more. */
  readonly next: Spot | null;
};

export function compareSpots(a: Spot, b: Spot, descending: boolean): number {
  const order = a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  return descending ? -order : order;
}

/** The first of a list that is sorted, and where to go on. */
export function firstOf(sorted: readonly Spot[], wanted: number, bound: Spot | null = null): Merged {
  const entries = sorted.slice(0, wanted);
  return { entries, next: sorted.length > wanted ? (entries.at(-1) ?? null) : bound };
}

/** Entries of a stream that are looked at whatever the number of streams. */
const lookedMin = 64;

/**
 * The first entries of many streams together. Each is asked for a few at first; then only those are asked for more that the result
 * may need more of.
 */
export async function mergeStreams(
  driver: Driver,
  walk: Walk,
  streams: readonly Stream[],
  residual: Residual | null,
  { descending, looked, wanted }: Steps,
): Promise<Merged> {
  if (streams.length === 0) return { entries: [], next: null };
  const share = Math.max(lookedMin, Math.floor(looked / streams.length));
  // one more than is wanted tells whether there is more
  const all = wanted + 1;
  const compare = (a: Spot, b: Spot) => compareSpots(a, b, descending);
  const states = new Map(
    streams.map((stream): [Stream, Found] => [stream, { entries: [], reached: stream.from }]),
  );

  let asked = streams;
  let count = streams.length <= 4 ? all : Math.min(all, Math.ceil((2 * all) / streams.length) + 1);
  while (asked.length > 0) {
    const steps = { descending, looked: residual === null ? count : Math.max(share, count), wanted: count };
    const starts = asked.map((stream) => ({ ...stream, from: states.get(stream)?.reached ?? stream.from }));
    const found = await walkStreams(driver, walk, starts, residual, steps);
    for (const [index, stream] of asked.entries()) {
      const more = found[index];
      const before = states.get(stream);
      if (more && before)
        states.set(stream, { entries: [...before.entries, ...more.entries], reached: more.reached });
    }
    const target = [...states.values()].flatMap(({ entries }) => entries).sort(compare)[wanted];
    // those that gave all that they were asked for, and may have more in front of the last that is wanted
    asked = asked.filter((stream, index) => {
      const { reached } = states.get(stream) ?? { reached: null };
      if (reached === null || found[index]?.entries.length !== count) return false;
      return target === undefined || compare(reached, target) < 0;
    });
    count = Math.min(all, count * 4);
  }
  return confirmed([...states.values()], wanted, compare);
}

/** What no stream that was not seen to its end can still come in front of. */
function confirmed(states: readonly Found[], wanted: number, compare: (a: Spot, b: Spot) => number): Merged {
  const reaches = states.flatMap(({ reached }) => (reached ? [reached] : []));
  const bound = reaches.sort(compare)[0] ?? null;
  const all = states.flatMap(({ entries }) => entries).sort(compare);
  return firstOf(bound ? all.filter((entry) => compare(entry, bound) <= 0) : all, wanted, bound);
}

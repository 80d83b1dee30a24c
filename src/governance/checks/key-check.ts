import type { Key } from '#domain';
import type { Check } from '../check.ts';
import type { PlacedEvent, PopulationHead } from '../population.ts';
import { viewerOf, type KeyView } from './key-view.ts';
import { newTally, type Tally, type Words } from './tally.ts';

/** A check of the library. */
export type LibraryCheck = Check & {
  /** Of a check that must see all keys to judge some: the same over those alone. Any other one is shown those alone. */
  readonly within?: (isInScope: (key: Key) => boolean) => Check;
};

type KeyRule = Words & {
  readonly id: string;
  readonly version?: number;
  readonly title: string;
  /** Judges a key: counts what it judges, and says what does not hold. */
  readonly judge: (view: KeyView, tally: Tally, head: PopulationHead) => void;
  /** Events that the result rests on besides the population. */
  readonly cites?: (placed: PlacedEvent) => boolean;
};

/** A check that judges each key for itself. */
export function keyCheck({ id, version = 1, title, judge, cites, ...words }: KeyRule): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version,
    title,
    method: 'TEST',
    begin: (head: PopulationHead) => {
      const tally = newTally();
      const viewOf = viewerOf(head);
      tally.cite({ kind: 'population' });
      return {
        key: (facts) => judge(viewOf(facts), tally, head),
        ...(cites
          ? {
              event: (placed: PlacedEvent) => {
                if (cites(placed)) tally.citeEvent(placed);
              },
            }
          : {}),
        result: () => tally.result(words),
      };
    },
  });
}

type HouseRule = Words & {
  readonly id: string;
  readonly version?: number;
  readonly title: string;
  readonly judge: (head: PopulationHead, tally: Tally) => void;
};

/** A check of what is said once of everything. */
export function houseCheck({ id, version = 1, title, judge, ...words }: HouseRule): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version,
    title,
    method: 'TEST',
    begin: (head: PopulationHead) => ({
      result: () => {
        const tally = newTally();
        tally.cite({ kind: 'population' });
        judge(head, tally);
        return tally.result(words);
      },
    }),
  });
}

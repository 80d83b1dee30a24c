import { keySpecNames, type Instant } from '#domain';
import type { PlacedEvent, PopulationHead } from '../population.ts';
import { houseCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf, yearMillis } from './key-view.ts';
import { newTally } from './tally.ts';

/** How far clocks may go back: they are set, and those of nodes differ. */
const clockToleranceMillis = 300_000;

const makes: ReadonlySet<string> = new Set([
  'keys.create',
  'keys.make-by-agreement',
  'keys.rotate',
  'keys.rotate-due',
]);
const specs: ReadonlySet<unknown> = new Set<unknown>(keySpecNames);

/** Every making of a key stands in the log with what was made. */
const generation: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'generation-recorded',
  version: 1,
  title: 'Every recorded making of a key names the key, and of a new one its algorithm, size and origin.',
  method: 'TEST',
  begin: () => {
    const tally = newTally();
    return {
      event: (placed: PlacedEvent) => {
        const { operation, outcome, keyId, facts } = placed.event;
        if (outcome !== 'success' || !makes.has(operation)) return;
        tally.judge();
        tally.citeEvent(placed);
        if (keyId === null) tally.except(`event:${placed.index}`, `${operation} names no key.`);
        else if (
          operation === 'keys.create' &&
          !(specs.has(facts?.['spec']) && typeof facts?.['origin'] === 'string')
        )
          tally.except(
            `event:${placed.index}`,
            `The making of key ${keyId} names no known algorithm, or no origin.`,
          );
      },
      result: () =>
        tally.result({
          of: 'recorded makings of keys and versions',
          holds: 'each names what was made',
          fails: 'what was made is not named',
          empty: ['no-data', 'The log shows no making of a key'],
        }),
    };
  },
});

/** Events in order, within the log. */
const continuous: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'log-continuous',
  version: 1,
  title: 'Events stand in the order of the log, within its size, and their times do not go back.',
  method: 'TEST',
  begin: (head: PopulationHead) => {
    const tally = newTally();
    let last: PlacedEvent | null = null;
    let latest: Instant = -Infinity;
    return {
      event: (placed: PlacedEvent) => {
        const { index, event } = placed;
        const subject = `event:${index}`;
        tally.judge();
        if (last === null) tally.citeEvent(placed);
        if (head.log && index >= head.log.size)
          tally.except(subject, `The log has ${head.log.size} events only.`);
        else if (last && index <= last.index) tally.except(subject, `It follows event ${last.index}.`);
        else if (event.at < latest - clockToleranceMillis)
          tally.except(subject, `Its time is ${dayOf(event.at)}, that of an earlier event ${dayOf(latest)}.`);
        last = placed;
        latest = Math.max(latest, event.at);
      },
      result: () => {
        if (last) tally.citeEvent(last);
        return tally.result({
          of: 'events of management',
          holds: 'they are in order, and within the log',
          fails: 'out of order, or outside of the log',
          empty: ['no-data', 'There is no event'],
        });
      },
    };
  },
});

/** The log reaches as far back as it must, or to the beginning of the house. */
function retention(years: number): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id: `log-kept-${years}-year${years === 1 ? '' : 's'}`,
    version: 1,
    title: `The log reaches back ${years} ${years === 1 ? 'year' : 'years'}, or to the beginning of the house.`,
    method: 'TEST',
    begin: (head: PopulationHead) => {
      const tally = newTally();
      return {
        event: (placed: PlacedEvent) => {
          if (tally.population() === 0) {
            tally.citeEvent(placed);
            // nothing is known of the beginning of a house without environments
            const began = head.environments.reduce<Instant | null>(
              (first, { createdAt }) => Math.min(first ?? createdAt, createdAt),
              null,
            );
            const needed = Math.max(began ?? -Infinity, head.at - years * yearMillis) + dayMillis;
            if (placed.event.at > needed)
              tally.except(
                `event:${placed.index}`,
                `It is the first, of ${dayOf(placed.event.at)}; one before ${dayOf(needed)} is needed.`,
              );
          }
          tally.judge();
        },
        result: () =>
          tally.result({
            of: 'events of management',
            holds: `they reach back ${years} ${years === 1 ? 'year' : 'years'}, or to the beginning of the house`,
            fails: 'the first is too young',
            empty: ['no-data', 'There is no event'],
          }),
      };
    },
  });
}

/** What the log tells, and how far it reaches. */
export const logChecks: readonly LibraryCheck[] = Object.freeze([
  generation,
  continuous,
  retention(1),
  retention(6),
  houseCheck({
    id: 'log-present',
    title: 'There is a log of everything that was done, as a tree whose root is known.',
    of: 'events',
    holds: 'the root of their tree is known',
    fails: 'the root of their tree is not what a root is',
    empty: ['no-data', 'There is no log, or it is empty'],
    judge: ({ log }, tally) => {
      tally.judge(log?.size ?? 0);
      if (log && log.size > 0 && !/^[0-9a-f]{64}$/.test(log.root))
        tally.except(`log:${log.origin}`, 'Its root is not known.');
    },
  }),
]);

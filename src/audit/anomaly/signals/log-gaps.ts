import type { LogReference } from '../normal/usage-event.ts';
import { BoundedTable } from '../memory/bounded-table.ts';
import { signal, type Signal } from './signal.ts';

const logsMax = 1_024;

/** Watches the indices of each log: the first one that is seen begins it, and from then on none may be missing. */
export class LogGaps {
  readonly #next = new BoundedTable<{ index: number }>(logsMax, () => undefined);

  note({ log, index }: LogReference): Signal | null {
    const expected = this.#next.get(log)?.index ?? index;
    this.#next.take(log, () => ({ index })).index = index + 1;
    if (index === expected) return null;
    const about =
      index > expected
        ? `the log ${log} lacks its events ${expected} to ${index - 1}`
        : `the log ${log} goes back from ${expected} to ${index}`;
    return signal('log-gap', about, { expected, found: index });
  }
}

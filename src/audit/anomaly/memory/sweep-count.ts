import { DailyPeak } from './daily-peak.ts';
import { DistinctCount } from './distinct-count.ts';

/** Counts distinct values within a period (an hour, a day ...), against the highest such count of the 28 days before. */
export class SweepCount {
  readonly #distinct = new DistinctCount();
  readonly #peak = new DailyPeak();
  #period = -1;

  /** Takes a value in a period (a number that never falls) of a day; returns how many distinct ones it has. */
  add(value: number, period: number, day: number): number {
    if (period !== this.#period) {
      this.#distinct.clear();
      this.#period = period;
    }
    const grew = this.#distinct.add(value);
    const count = this.#distinct.estimate();
    if (grew) this.#peak.note(day, count);
    return count;
  }

  /** Makes the height of now a usual one. */
  allow(day: number): void {
    this.#peak.allow(day, this.#distinct.estimate());
  }

  peakBefore(day: number): number {
    return this.#peak.before(day);
  }

  get bytes(): number {
    return this.#distinct.bytes + this.#peak.bytes;
  }
}

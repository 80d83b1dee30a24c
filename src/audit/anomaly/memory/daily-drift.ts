import { median, spreadAround } from './robust.ts';

const daysKept = 28;
const week = 7;
/** Days vary by more than chance: at least so much of the usual root counts as one deviation. */
const spreadShare = 0.12;
/** What a day may stand above the usual without adding to the sum, and how much one day may add, in deviations. */
const slack = 0.75;
const stepMax = 2;

export type Drift = { readonly sum: number; readonly usualDaily: number; readonly recentDaily: number };

/**
 * Finds growth too slow for any hour to show it: the sum of how far each day stands above the same weekdays before it
 * (CUSUM over square roots), never below 0. 112 bytes.
 */
export class DailyDrift {
  #days: Float32Array | null = null;
  #day = -1;
  #firstDay = -1;
  #count = 0;
  #announced = 0;
  #sum = 0;

  /** Counts an event; returns the state when a day was closed by it, else null. What was announced is usual later, and no growth now. */
  add(day: number, isAnnounced = false): Drift | null {
    if (this.#day < 0) {
      this.#day = day;
      this.#firstDay = day;
    }
    const closed = day === this.#day ? null : this.#close(day);
    this.#count += 1;
    if (isAnnounced) this.#announced += 1;
    return closed;
  }

  /** Takes the new height for usual: what was said once is not said again. */
  reset(): void {
    this.#sum = 0;
  }

  get bytes(): number {
    return this.#days?.byteLength ?? 0;
  }

  #close(until: number): Drift {
    const days = (this.#days ??= new Float32Array(daysKept));
    const gap = Math.min(until - this.#day, daysKept);
    let usual = 0;
    for (let at = 0; at < gap; at += 1) {
      const day = this.#day + at;
      const [count, announced] = at === 0 ? [this.#count, this.#announced] : [0, 0];
      usual = this.#weigh(days, day, Math.sqrt(count - announced));
      days[day % daysKept] = Math.sqrt(count);
    }
    const recentDaily = this.#count - this.#announced;
    this.#day = until;
    this.#count = 0;
    this.#announced = 0;
    return { sum: this.#sum, usualDaily: Math.round(usual ** 2), recentDaily };
  }

  #weigh(days: Float32Array, day: number, root: number): number {
    // the last week is left out: what grows slowly must not be its own measure
    const before: number[] = [];
    for (const back of [2 * week, 3 * week, 4 * week]) {
      if (day - back >= this.#firstDay) before.push(days[(day - back) % daysKept] ?? 0);
    }
    if (before.length < 2) return root;
    const usual = median(before);
    const spread = Math.max(1, spreadShare * usual, spreadAround(before, usual));
    const step = Math.min((root - usual) / spread - slack, stepMax);
    this.#sum = Math.max(0, this.#sum + step);
    return usual;
  }
}

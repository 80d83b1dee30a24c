import { median, spreadAround } from './robust.ts';

const hoursOfWeek = 168;
const weeks = 4;
const hoursKept = hoursOfWeek * weeks;
const countMax = 65_535;
/** Square roots of counts of independent events have a standard deviation of a half, whatever the mean. */
const spreadMin = 0.5;

/** How far an hour stands above what it should be. */
export type Surge = {
  readonly count: number;
  /** The highest hour of the 28 days before. */
  readonly peak: number;
  /** Median of the same hour of the week and its neighbours, in four weeks. */
  readonly usual: number;
  /** Robust deviations above it, of square roots. */
  readonly deviation: number;
};

/**
 * Counts of a key by the hour, of the last 28 days. They are kept only for keys that ever had an hour worth it: 1,344 bytes then,
 * and nothing before.
 */
export class HourlyVolume {
  readonly #keepFrom: number;
  #hour = -1;
  #count = 0;
  #announced = 0;
  #peak = 0;
  #counts: Uint16Array | null = null;

  /** `keepFrom`: the count of an hour from which on hours are kept. */
  constructor(keepFrom: number) {
    this.#keepFrom = keepFrom;
  }

  /**
   * Counts an event and returns the count of its hour (hours since 1970, never falling). What was announced makes the peaks of later,
   * and is left out of what is returned.
   */
  add(hour: number, isAnnounced = false): number {
    if (hour !== this.#hour) this.#close(hour);
    if (this.#count < countMax) {
      this.#count += 1;
      if (isAnnounced) this.#announced += 1;
    }
    return this.#count - this.#announced;
  }

  /** The highest hour of the 28 days before this one. */
  get peak(): number {
    return this.#peak;
  }

  /** Looks closer at the hour that runs. */
  surge(): Surge {
    const counts = this.#counts;
    const roots: number[] = [];
    for (let week = 1; counts && week <= weeks; week += 1) {
      for (const beside of [-1, 0, 1]) {
        const hour = this.#hour - week * hoursOfWeek + beside;
        // the hour before the oldest is overwritten already
        if (this.#hour - hour <= hoursKept) roots.push(Math.sqrt(counts[hour % hoursKept] ?? 0));
      }
    }
    const middle = median(roots);
    const spread = Math.max(spreadMin, spreadAround(roots, middle));
    const count = this.#count - this.#announced;
    const deviation = (Math.sqrt(count) - middle) / spread;
    return { count, peak: this.#peak, usual: Math.round(middle ** 2), deviation };
  }

  get bytes(): number {
    return this.#counts?.byteLength ?? 0;
  }

  #close(hour: number): void {
    if (this.#hour >= 0 && this.#count >= this.#keepFrom) this.#counts ??= new Uint16Array(hoursKept);
    const counts = this.#counts;
    if (counts && this.#hour >= 0) {
      counts[this.#hour % hoursKept] = this.#count;
      const skipped = Math.min(hour - this.#hour - 1, hoursKept);
      for (let at = 1; at <= skipped; at += 1) counts[(this.#hour + at) % hoursKept] = 0;
      this.#peak = 0;
      for (const count of counts) if (count > this.#peak) this.#peak = count;
    } else if (this.#count > this.#peak) {
      this.#peak = this.#count;
    }
    this.#hour = hour;
    this.#count = 0;
    this.#announced = 0;
  }
}

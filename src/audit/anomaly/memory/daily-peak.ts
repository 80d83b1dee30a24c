const days = 28;

/** The highest value of each of the last 28 days, today left out. */
export class DailyPeak {
  #peaks = new Uint32Array(days);
  #today = 0;
  #day = -1;

  /** Notes a value of a day (days since 1970, never falling). */
  note(day: number, value: number): void {
    this.#advance(day);
    if (value > this.#today) this.#today = value;
  }

  /** The highest of the 28 days before this one. */
  before(day: number): number {
    this.#advance(day);
    let highest = 0;
    for (const peak of this.#peaks) if (peak > highest) highest = peak;
    return highest;
  }

  /** Takes a value of today for one of yesterday: it is usual from now on. */
  allow(day: number, value: number): void {
    this.#advance(day);
    const yesterday = (day + days - 1) % days;
    this.#peaks[yesterday] = Math.max(this.#peaks[yesterday] ?? 0, value);
  }

  #advance(day: number): void {
    if (day === this.#day) return;
    if (this.#day >= 0) {
      this.#peaks[this.#day % days] = this.#today;
      const skipped = Math.min(day - this.#day - 1, days);
      for (let at = 1; at <= skipped; at += 1) this.#peaks[(this.#day + at) % days] = 0;
    }
    this.#day = day;
    this.#today = 0;
  }

  get bytes(): number {
    return this.#peaks.byteLength;
  }
}

/** Share of refused requests below which nothing is ever remarkable. */
const shareMin = 0.03;
/** How many times the usual share of refusals one may have without adding to the sum. */
const tolerance = 3;
/** How fast the usual share follows, in events. */
const memoryEvents = 500;

/** Sums up refusals beyond what is usual for a principal (CUSUM over single requests). 16 bytes of numbers. */
export class DenialSum {
  #usual = shareMin;
  #sum = 0;
  #refused = 0;

  /** Counts a request; returns the sum. */
  add(isRefused: boolean): number {
    const allowed = Math.min(0.5, Math.max(shareMin, this.#usual * tolerance));
    this.#sum = Math.max(0, this.#sum + (isRefused ? 1 : 0) - allowed);
    this.#refused = this.#sum === 0 ? 0 : this.#refused + (isRefused ? 1 : 0);
    this.#usual += ((isRefused ? 1 : 0) - this.#usual) / memoryEvents;
    return this.#sum;
  }

  /** Refusals since the sum was 0. */
  get refused(): number {
    return this.#refused;
  }

  get usualShare(): number {
    return this.#usual;
  }

  reset(): void {
    this.#sum = 0;
    this.#refused = 0;
  }
}

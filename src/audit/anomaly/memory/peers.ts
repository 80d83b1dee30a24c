const valuesMax = 16_384;
const familiesMax = 4;

/**
 * Which families of principals share something (a network, an agent) in an environment: at most four are kept for a
 * value, and at most 16,384 values; the one that came first gives way.
 */
export class Peers {
  readonly #families = new Map<number, number[]>();

  note(value: number, family: number): void {
    const known = this.#families.get(value);
    if (known) {
      if (known.length < familiesMax && !known.includes(family)) known.push(family);
      return;
    }
    if (this.#families.size >= valuesMax) {
      for (const first of this.#families.keys()) {
        this.#families.delete(first);
        break;
      }
    }
    this.#families.set(value, [family]);
  }

  /** How many other families share it, up to four. */
  others(value: number, family: number): number {
    const known = this.#families.get(value) ?? [];
    return known.includes(family) ? known.length - 1 : known.length;
  }
}

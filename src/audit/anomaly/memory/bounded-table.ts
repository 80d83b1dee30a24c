/** Entries by name, at most so many: the one that was idle longest is forgotten first. */
export class BoundedTable<T> {
  readonly #entries = new Map<string, T>();
  readonly #entriesMax: number;
  readonly #forgotten: () => void;

  constructor(entriesMax: number, forgotten: () => void) {
    this.#entriesMax = entriesMax;
    this.#forgotten = forgotten;
  }

  /** The entry of this name, made where there is none. */
  take(name: string, make: () => T): T {
    const known = this.#entries.get(name);
    if (known !== undefined) {
      // order matters only to a table that is nearly full
      if (this.#entries.size * 2 >= this.#entriesMax) {
        this.#entries.delete(name);
        this.#entries.set(name, known);
      }
      return known;
    }
    const made = make();
    if (this.#entries.size >= this.#entriesMax) {
      for (const idle of this.#entries.keys()) {
        this.#entries.delete(idle);
        this.#forgotten();
        break;
      }
    }
    this.#entries.set(name, made);
    return made;
  }

  get(name: string): T | undefined {
    return this.#entries.get(name);
  }

  values(): Iterable<T> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** Of one value of a set: known for long, new within its probation, or new at this very moment. */
export type Seen = 'known' | 'recent' | 'new';

/** Hour of an entry that was learnt while everything was new. */
const always = 0;

const entryWords = 3;
const kindsMax = 8;
const kindMask = kindsMax - 1;

/**
 * Remembers which values of up to eight kinds were seen, exactly, up to a bound for each kind; 12 bytes a value. Beyond the bound the value of its kind that
 * was not seen for longest gives way: a kind that is always full is of something so diverse that "never seen" says little
 * (`fullness` tells). What was not seen for `forgetHours` is new again.
 */
export class FirstSeenSet {
  readonly #valuesMax: readonly number[];
  readonly #forgetHours: number;
  #words = new Uint32Array(2 * entryWords);
  #count = 0;

  constructor(valuesMax: readonly number[], forgetHours: number) {
    this.#valuesMax = valuesMax;
    this.#forgetHours = forgetHours;
  }

  /** Notes a value. `hour` counts from 1970; `isLearning`: whatever comes is taken for known. */
  note(kind: number, value: number, hour: number, isLearning: boolean, probationHours: number): Seen {
    const word = wordOf(kind, value);
    const at = this.#find(word);
    const words = this.#words;
    if (at < 0) {
      this.#add(kind, word, isLearning ? always : hour, hour);
      return isLearning ? 'known' : 'new';
    }
    const idle = hour - (words[at + 2] ?? 0);
    words[at + 2] = hour;
    if (idle > this.#forgetHours && !isLearning) {
      words[at + 1] = hour;
      return 'new';
    }
    const since = words[at + 1] ?? always;
    return since !== always && hour - since < probationHours ? 'recent' : 'known';
  }

  has(kind: number, value: number): boolean {
    return this.#find(wordOf(kind, value)) >= 0;
  }

  /** How many values of a kind are kept. */
  size(kind: number): number {
    let count = 0;
    const end = this.#count * entryWords;
    for (let at = 0; at < end; at += entryWords) if (((this.#words[at] ?? 0) & kindMask) === kind) count += 1;
    return count;
  }

  /** From 0 to 1. */
  fullness(kind: number): number {
    return this.size(kind) / (this.#valuesMax[kind] ?? 1);
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  #find(word: number): number {
    const words = this.#words;
    const end = this.#count * entryWords;
    for (let at = 0; at < end; at += entryWords) if (words[at] === word) return at;
    return -1;
  }

  #add(kind: number, word: number, since: number, hour: number): void {
    const isFull = this.size(kind) >= (this.#valuesMax[kind] ?? 0);
    const entry = isFull ? this.#oldest(kind) : this.#count;
    if (!isFull) this.#count += 1;
    const at = entry * entryWords;
    if (at + entryWords > this.#words.length) this.#widen();
    this.#words[at] = word;
    this.#words[at + 1] = since;
    this.#words[at + 2] = hour;
  }

  #widen(): void {
    const most = this.#valuesMax.reduce((sum, count) => sum + count, 0) * entryWords;
    const wider = new Uint32Array(Math.min(this.#words.length * 2, most));
    wider.set(this.#words);
    this.#words = wider;
  }

  #oldest(kind: number): number {
    let oldest = 0;
    let hourMin = Infinity;
    for (let entry = 0; entry < this.#count; entry += 1) {
      const at = entry * entryWords;
      const hour = this.#words[at + 2] ?? 0;
      if (((this.#words[at] ?? 0) & kindMask) === kind && hour < hourMin) {
        hourMin = hour;
        oldest = entry;
      }
    }
    return oldest;
  }
}

/** The kind takes the place of the lowest bits: 29 of the value are left. */
function wordOf(kind: number, value: number): number {
  return ((value & ~kindMask) | kind) >>> 0;
}

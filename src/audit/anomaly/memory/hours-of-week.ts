const hours = 168;

/** Which of the 168 hours of the week were ever used. */
export class HoursOfWeek {
  #bits = new Uint8Array(hours / 8);
  #used = 0;

  /** Notes an hour (since 1970); true where this hour of the week was never used. */
  note(hour: number): boolean {
    const at = hour % hours;
    const bit = 1 << (at % 8);
    const isNew = ((this.#bits[at >> 3] ?? 0) & bit) === 0;
    if (isNew) {
      this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | bit;
      this.#used += 1;
    }
    return isNew;
  }

  /** How many of the 168. */
  get used(): number {
    return this.#used;
  }

  get bytes(): number {
    return this.#bits.byteLength;
  }
}

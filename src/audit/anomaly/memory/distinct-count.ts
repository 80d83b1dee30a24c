const exactMax = 64;
const registers = 256;
const registerBits = 8;
//= Flajolet et al. 2007, HyperLogLog, figure 3: alpha for 128 registers and more
const alpha = 0.7213 / (1 + 1.079 / registers);

function estimateOf(sketch: Uint8Array): number {
  let sum = 0;
  let zeros = 0;
  for (const rank of sketch) {
    sum += 2 ** -rank;
    if (rank === 0) zeros += 1;
  }
  const raw = (alpha * registers * registers) / sum;
  const isSmall = raw <= 2.5 * registers && zeros > 0;
  return Math.round(isSmall ? registers * Math.log(registers / zeros) : raw);
}

/**
 * Counts distinct values: exactly up to 64, beyond that by HyperLogLog with 256 registers (standard error 1.04 / 16 = 6.5 %).
 * It never takes more than 256 bytes.
 */
export class DistinctCount {
  #exact: Uint32Array | null = null;
  #count = 0;
  #registers: Uint8Array | null = null;
  /** Of the registers; -1: they changed since. */
  #estimated = -1;

  /** Takes a value that is spread over 32 bits; true where it is certainly new. */
  add(value: number): boolean {
    if (this.#registers) return this.#raise(this.#registers, value);
    this.#exact ??= new Uint32Array(8);
    const known = this.#exact;
    for (let at = 0; at < this.#count; at += 1) if (known[at] === value) return false;
    if (this.#count < exactMax) {
      this.#keep(known, value);
      return true;
    }
    const sketch = new Uint8Array(registers);
    for (const entry of known) this.#raise(sketch, entry);
    this.#registers = sketch;
    this.#exact = null;
    return this.#raise(sketch, value);
  }

  #keep(known: Uint32Array, value: number): void {
    let room = known;
    if (this.#count === known.length) {
      room = new Uint32Array(known.length * 2);
      room.set(known);
      this.#exact = room;
    }
    room[this.#count] = value;
    this.#count += 1;
  }

  #raise(sketch: Uint8Array, value: number): boolean {
    const register = value >>> (32 - registerBits);
    const rank = Math.clz32((value << registerBits) | (1 << (registerBits - 1))) + 1;
    if ((sketch[register] ?? 0) >= rank) return false;
    sketch[register] = rank;
    this.#estimated = -1;
    return true;
  }

  estimate(): number {
    if (!this.#registers) return this.#count;
    if (this.#estimated < 0) this.#estimated = estimateOf(this.#registers);
    return this.#estimated;
  }

  clear(): void {
    this.#count = 0;
    this.#exact = null;
    this.#registers = null;
  }

  get bytes(): number {
    return (this.#exact?.byteLength ?? 0) + (this.#registers?.byteLength ?? 0);
  }
}

/**
 * Numbers that look random and are the same for the same seed (sfc32 of Chris Doty-Humphrey, PractRand). For made-up traffic
 * alone: whoever knows the seed knows them all.
 */
export type Dice = {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** How often something happens that happens independently, so often on average. */
  poisson(mean: number): number;
  /** The same of something that comes in bursts: the variance is mean + mean^2 / `steadiness`. */
  bursty(mean: number, steadiness: number): number;
  /** From the logarithmic normal distribution with this median. */
  logNormal(median: number, deviation: number): number;
};

function sfc32(seed: number): () => number {
  let a = seed | 0;
  let b = (seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

/** `seed`: a whole number from 0 to 2^53 - 1. */
export function createDice(seed: number): Dice {
  const next = sfc32(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const poisson = (mean: number): number => {
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = next(); product > floor; product *= next()) count += 1;
    return count;
  };
  //= Marsaglia and Tsang 2000, A simple method for generating gamma variables; for shapes from 1 on
  const gamma = (shape: number): number => {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('There is nothing to pick from.');
      return value;
    },
    poisson,
    bursty: (mean, steadiness) => poisson((mean * gamma(steadiness)) / steadiness),
    logNormal: (median, deviation) => median * Math.exp(deviation * normal()),
  };
}

import type { Instant } from '#domain';

/** The time, so that tests can set it. */
export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = { now: () => Date.now() };

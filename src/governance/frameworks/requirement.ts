import type { Requirement } from '../framework.ts';

/** A requirement that checks decide. */
export function by(id: string, gist: string, ...checks: readonly string[]): Requirement {
  return { id, gist, checks };
}

/** A requirement that no check decides: a person must show something. */
export function byHand(id: string, gist: string, show: string): Requirement {
  return { id, gist, checks: [], show };
}

import { randomInt } from 'node:crypto';

const firstMillis = 5000;

/** Milliseconds until the next try after so many: twice as long each time up to a bound, give or take half, so that nobody is stormed. */
export function backOff(attempts: number, millisMax: number): number {
  const whole = Math.min(firstMillis * 2 ** Math.min(attempts - 1, 30), millisMax);
  return Math.round(whole / 2) + randomInt(Math.max(1, Math.round(whole)));
}

/** Why something failed, in one short line for a list. */
export function shortReason(error: unknown): string {
  const told = error instanceof Error ? error.message || error.name : String(error);
  return told
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 300)
    .toWellFormed();
}

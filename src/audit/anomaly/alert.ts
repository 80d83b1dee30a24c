import type { Instant } from '#domain';
import type { LogReference } from './normal/usage-event.ts';
import type { Signal } from './signals/signal.ts';

/** What to do about an alert, from the mildest on. */
export const responses = ['notify', 'require-approval', 'suspend-grant'] as const;

export type Response = (typeof responses)[number];

/** Something that someone should look at. */
export type Alert = {
  /** 1 for the first of a detector. */
  readonly number: number;
  readonly at: Instant;
  readonly environment: string;
  readonly principal: string;
  readonly keyId: string | null;
  /** From 0 to 1. */
  readonly score: number;
  readonly response: Response;
  readonly signals: readonly Signal[];
  /** The event itself and up to seven of the same principal before it that gave a signal. */
  readonly references: readonly LogReference[];
  /** The alert that this one makes worse; null for a new one. */
  readonly escalates: number | null;
  /** Alerts that were held back since the last one (the same again, or beyond the budget of the day). */
  readonly suppressed: number;
};

/** Chance that at least one of the signals means harm, were they independent (noisy or). */
export function scoreOf(signals: readonly Signal[]): number {
  return 1 - signals.reduce((left, { weight }) => left * (1 - weight), 1);
}

const approvalFrom = 0.8;
const suspendFrom = 0.95;

export function responseTo(score: number): Response {
  if (score >= suspendFrom) return 'suspend-grant';
  return score >= approvalFrom ? 'require-approval' : 'notify';
}

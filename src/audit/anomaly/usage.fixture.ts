import type { Alert } from './alert.ts';
import { createDetector, type Detector } from './detector.ts';
import type { UsageEvent } from './normal/usage-event.ts';
import type { DetectorSettings } from './settings.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
/** Monday, 2026-01-05T00:00:00Z. */
export const start = 1_767_571_200_000;
/** The beginning of a day after the learning period. */
export const later = start + 21 * day;

/** A use like any other. */
export function usage(overrides: Partial<UsageEvent> = {}): UsageEvent {
  const principal = overrides.principal ?? 'production/billing-api';
  return {
    at: later,
    principal,
    family: principal,
    keyId: 'key-1',
    operation: 'process',
    refusal: null,
    keyVersion: 1,
    network: '10.1.1.0/24',
    agent: 'aws-sdk-go-v2 go',
    contextShape: 'some',
    contextDigest: 'c0',
    environment: 'production',
    keyEnvironment: null,
    isInternal: false,
    reference: { log: 'node-a', index: 0 },
    isNumbered: false,
    ...overrides,
  };
}

/** Feeds events and returns the alerts. */
export function observeAll(detector: Detector, events: Iterable<UsageEvent>): Alert[] {
  const alerts: Alert[] = [];
  for (const event of events) {
    const alert = detector.observe(event);
    if (alert) alerts.push(alert);
  }
  return alerts;
}

/** Three weeks in which two services use a key every hour, one to process and one to protect, over four contexts. */
export function* quietWeeks(): Generator<UsageEvent> {
  for (let at = start; at < later; at += hour) {
    const contextDigest = `c${(at / hour) % 4}`;
    yield usage({ at, contextDigest });
    yield usage({ at: at + 1, contextDigest, principal: 'production/intake-api', operation: 'protect' });
  }
}

/** A detector that knows them. */
export function learnt(settings: Partial<DetectorSettings> = {}): Detector {
  const detector = createDetector(settings);
  const alerts = observeAll(detector, quietWeeks());
  if (alerts.length > 0) throw new Error(`quiet weeks gave alerts: ${JSON.stringify(alerts[0])}`);
  return detector;
}

export const namesOf = (alert: Alert | null | undefined): string[] =>
  (alert?.signals ?? []).map(({ name }) => name);

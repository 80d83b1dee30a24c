import { type Call, pages, part } from './transport.ts';

/** Something unusual that the watch saw; times are ISO 8601. */
export type AlertRecord = {
  readonly id: string;
  readonly at: string;
  readonly principal: string;
  readonly keyId: string | null;
  /** From 0 to 1. */
  readonly score: number;
  readonly response: string;
  readonly signals: readonly {
    readonly name: string;
    readonly weight: number;
    readonly about: string;
    readonly baseline: Readonly<Record<string, number>>;
  }[];
  readonly references: readonly { readonly log: string; readonly index: number }[];
  readonly escalates: string | null;
  readonly suppressed: number;
  readonly suspended: boolean;
  readonly acknowledged: { readonly by: string; readonly at: string; readonly note: string } | null;
};

/** How an environment is watched. */
export type AnomalySettingsRecord = {
  /** Whether an alert that recommends it refuses the principal the key. */
  readonly suspends: boolean;
  /** Whether an alert that recommends it has the principal wait for the key until somebody else approves. */
  readonly asksApproval: boolean;
  readonly canaryKeys: readonly string[];
};

/** A principal that is refused a key until an administrator says otherwise. */
export type SuspendedGrantRecord = {
  readonly keyId: string;
  readonly principal: string;
  readonly alert: string;
  readonly since: string;
};

/** A notice to one destination. */
export type NoticeRecord = {
  readonly id: string;
  readonly destination: string;
  readonly kind: string;
  readonly severity: string;
  readonly at: string;
  readonly title: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly problem: string | null;
};

/** What the watch saw, and who is refused a key for it. */
export function anomalyOf(call: Call) {
  return {
    /** Newest first; `open`, `acknowledged` or, without a state, all. */
    alerts: (state?: string) =>
      pages<AlertRecord>(call, {
        path: '/anomaly/alerts',
        member: 'alerts',
        query: state === undefined ? '' : `&state=${part(state)}`,
      }),
    alert: async (id: string) => (await call('GET', `/anomaly/alerts/${part(id)}`)) as unknown as AlertRecord,
    acknowledge: async (id: string, note: string) =>
      (await call('POST', `/anomaly/alerts/${part(id)}/acknowledge`, { note })) as unknown as AlertRecord,
    settings: async () => (await call('GET', '/anomaly/settings')) as unknown as AnomalySettingsRecord,
    setSettings: async (wish: AnomalySettingsRecord) =>
      (await call('PUT', '/anomaly/settings', { ...wish })) as unknown as AnomalySettingsRecord,
    suspendedGrants: async () =>
      (await call('GET', '/anomaly/suspended-grants'))['grants'] as SuspendedGrantRecord[],
    liftSuspendedGrant: async (keyId: string, principal: string) =>
      (await call('POST', '/anomaly/suspended-grants/lift', {
        keyId,
        principal,
      })) as unknown as SuspendedGrantRecord,
    /** Notices to those outside: `waiting` ones, or those that `ended`. */
    notices: (state: 'waiting' | 'ended') =>
      pages<NoticeRecord>(call, { path: '/notices', member: 'notices', query: `&state=${state}` }),
  };
}

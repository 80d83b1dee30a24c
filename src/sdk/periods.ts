import { pages, part, type Call } from './transport.ts';

/** Seconds from the activation of a version, and amounts; null: no bound. */
export type PeriodLimits = {
  readonly originatorSeconds: number | null;
  readonly recipientSeconds: number | null;
  readonly operationsMax: number | null;
  readonly bytesMax: number | null;
};

/** `classes` are of `data`, `wrap`, `mac`, `signature`, `transport`, `agreement`, `derivation`. */
export type PeriodPolicyWish = {
  /** `nist-r5`, `nist-r6-draft`, `pci` or `cnsa-2.0`. */
  readonly profile: string;
  /** What the environment says otherwise than the profile. */
  readonly classes?: Readonly<Record<string, Partial<PeriodLimits>>>;
  readonly rotates?: boolean;
  readonly destroysAtEnd?: boolean;
};

export type PeriodPolicyRecord = Required<PeriodPolicyWish> & {
  readonly source: string;
  readonly isUsual: boolean;
  readonly limits: Readonly<Record<string, PeriodLimits>>;
};

export type PeriodExceptionRecord = {
  readonly id: string;
  readonly keyId: string;
  readonly version: number;
  /** `protect` or `process`. */
  readonly act: string;
  readonly newEnd: string;
  readonly expiresAt: string;
  readonly rationale: string;
  /** `requested`, `approved`, `revoked` or `ended`. */
  readonly status: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
};

/** Times are ISO 8601; the newest version and `protect` where they are left out. */
export type PeriodExceptionWish = {
  readonly newEnd: string;
  readonly expiresAt: string;
  readonly rationale: string;
  readonly version?: number;
  readonly act?: string;
};

/** Crypto-periods: the policy of the environment, and exceptions from it. */
export function periodsOf(call: Call) {
  const exception = async (key: string, rest: string, body: object) =>
    (await call('POST', `/keys/${part(key)}/period-exceptions${rest}`, {
      ...body,
    })) as unknown as PeriodExceptionRecord;
  return {
    policy: async () => (await call('GET', '/period-policy')) as unknown as PeriodPolicyRecord,
    /** `stopsKeys`: it is meant that keys of specs that the policy does not allow protect nothing any more. */
    setPolicy: async (policy: PeriodPolicyWish, { stopsKeys = false } = {}) =>
      (await call('PUT', '/period-policy', { ...policy, stopsKeys })) as unknown as PeriodPolicyRecord,
    exceptions: (pageSize = 500) =>
      pages<PeriodExceptionRecord>(call, {
        path: '/period-exceptions',
        member: 'exceptions',
        size: pageSize,
      }),
    /** Nothing changes before somebody else approves it. */
    requestException: (key: string, wish: PeriodExceptionWish) => exception(key, '', wish),
    approveException: (key: string, id: string) => exception(key, `/${part(id)}/approve`, {}),
    revokeException: (key: string, id: string) => exception(key, `/${part(id)}/revoke`, {}),
  };
}

import { pages, part, type Call } from './transport.ts';

/** A flaw that somebody should mend, as the register keeps it; times are ISO 8601. */
export type FindingRecord = {
  readonly id: string;
  readonly detector: string;
  readonly mistake: string;
  readonly severity: string;
  /** What it was found in, e.g. `key:ID`. */
  readonly subject: string;
  readonly environment: string;
  readonly what: string;
  readonly remedy: string;
  readonly since: string | null;
  readonly notListed: number | null;
  readonly status: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly returns: number;
  readonly acknowledgement: {
    readonly rationale: string;
    readonly by: string;
    readonly at: string;
    readonly until: string;
  } | null;
  readonly resolution: {
    readonly judgedAt: string;
    readonly log: {
      readonly node: string;
      readonly origin: string;
      readonly size: number;
      readonly root: string;
    } | null;
    readonly event: { readonly index: number; readonly id: string } | null;
  } | null;
  readonly reopened: { readonly by: string; readonly at: string; readonly reason: string } | null;
};

/** What a look of all detectors came to. */
export type DetectionRecord = {
  readonly counts: { readonly open: number; readonly acknowledged: number; readonly resolved: number };
  readonly opened: number;
  readonly resolved: number;
};

/** What a list is to tell; else all that is open or acknowledged. */
export type FindingWish = {
  readonly status?: string;
  /** At least so grave. */
  readonly severity?: string;
  readonly mistake?: string;
  readonly detector?: string;
  readonly subject?: string;
};

/** The register of findings. */
export function findingsOf(call: Call) {
  const one = async (method: string, path: string, body: Record<string, string> | null = null) =>
    (await call(method, path, body)) as unknown as FindingRecord;
  return {
    /** Has all detectors look now; it answers with how many findings stand in each status, and what changed. */
    detect: async () => (await call('POST', '/findings/detect', {})) as unknown as DetectionRecord,
    list: (wish: FindingWish = {}) =>
      pages<FindingRecord>(call, {
        path: '/findings',
        member: 'findings',
        query: Object.entries(wish)
          .map(([name, value]) => (value === undefined ? '' : `&${name}=${part(value)}`))
          .join(''),
      }),
    /** By its id, or how that begins. */
    show: (id: string) => one('GET', `/findings/${part(id)}`),
    /** Answers for it that a flaw stays until then (ISO 8601), a year at most. */
    acknowledge: (id: string, rationale: string, until: string) =>
      one('POST', `/findings/${part(id)}/acknowledge`, { rationale, until }),
    reopen: (id: string, reason: string) => one('POST', `/findings/${part(id)}/reopen`, { reason }),
  };
}

import type { Instant } from '#domain';
import { severities, type Finding } from './finding.ts';
import type { LogPosition } from './population.ts';

export const findingStatuses = ['open', 'acknowledged', 'resolved'] as const;
export type FindingStatus = (typeof findingStatuses)[number];

/** Somebody answers for it that the flaw stays for a time. */
export type Acknowledgement = {
  readonly rationale: string;
  /** Name of the principal. */
  readonly by: string;
  readonly at: Instant;
  /** From then on it is open again. */
  readonly until: Instant;
};

/** By what a flaw is known to be gone: the run that did not find it any more, and what was done to its subject last, where that is known. */
export type ResolutionEvidence = {
  /** The moment for which the run judged. */
  readonly run: Instant;
  readonly log: LogPosition | null;
  /** An event of that log. */
  readonly event: { readonly index: number; readonly id: string } | null;
};

/** A finding as the register keeps it. */
export type FindingRecord = {
  readonly finding: Finding;
  readonly status: FindingStatus;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  /** How often it was found again after it had been resolved. */
  readonly returns: number;
  /** The last one, also when it has ended; null: there was none since it was opened. */
  readonly acknowledgement: Acknowledgement | null;
  /** Of a resolved one. */
  readonly resolution: ResolutionEvidence | null;
  /** Who opened it again by hand, after it was acknowledged or resolved. */
  readonly reopened: { readonly by: string; readonly at: Instant; readonly reason: string } | null;
};

/** What one run of detectors found in an environment. */
export type DetectionRun = {
  readonly at: Instant;
  /** Ids of those that looked: findings of others stay as they are. */
  readonly detectors: readonly string[];
  readonly findings: readonly Finding[];
  readonly log: LogPosition | null;
  /** What was done last to a subject. */
  readonly events: readonly {
    readonly subject: string;
    readonly at: Instant;
    readonly index: number;
    readonly id: string;
  }[];
};

/** The status at a moment: an acknowledgement ends by itself. */
export function statusAt({ status, acknowledgement }: FindingRecord, now: Instant): FindingStatus {
  const isOver = status === 'acknowledged' && (acknowledgement?.until ?? now) <= now;
  return isOver ? 'open' : status;
}

const gravity = ({ severity }: Finding): number => severities.indexOf(severity);

/** A finding that was found, with what the register has of it. */
function found(before: FindingRecord | undefined, finding: Finding, at: Instant): FindingRecord {
  if (!before) {
    return {
      finding,
      status: 'open',
      firstSeenAt: at,
      lastSeenAt: at,
      returns: 0,
      acknowledgement: null,
      resolution: null,
      reopened: null,
    };
  }
  const lastSeenAt = Math.max(at, before.lastSeenAt);
  if (before.status === 'resolved') {
    // what judged an older moment than the one that resolved it says nothing new
    if (before.resolution !== null && at <= before.resolution.run) return before;
    const returns = before.returns + 1;
    return {
      ...before,
      finding,
      status: 'open',
      lastSeenAt,
      returns,
      acknowledgement: null,
      resolution: null,
    };
  }
  // nobody answered for what it has become
  const isGraver = gravity(finding) < gravity(before.finding);
  const status = isGraver ? 'open' : statusAt(before, at);
  return { ...before, finding, status, lastSeenAt };
}

/** A finding that was not found any more. */
function missed(before: FindingRecord, run: DetectionRun): FindingRecord {
  if (before.status === 'resolved' || run.at <= before.lastSeenAt) return before;
  const done = run.events.find(
    ({ subject, at }) => subject === before.finding.subject && at >= before.lastSeenAt,
  );
  const event = done ? { index: done.index, id: done.id } : null;
  return { ...before, status: 'resolved', resolution: { run: run.at, log: run.log, event } };
}

/**
 * The register after a run: what is there and was not found is resolved, unless its detector did not look, or found more than it lists.
 * It gives only records that are other than before, ordered by id.
 */
export function merge(register: readonly FindingRecord[], run: DetectionRun): readonly FindingRecord[] {
  const before = new Map(register.map((record) => [record.finding.id, record]));
  const changed: FindingRecord[] = [];
  const seen = new Set<string>();
  for (const finding of run.findings) {
    if (seen.has(finding.id)) continue;
    seen.add(finding.id);
    const known = before.get(finding.id);
    const after = found(known, finding, run.at);
    if (after !== known) changed.push(after);
  }
  const looked = new Set(run.detectors);
  for (const { detector, more } of run.findings) if (more !== undefined) looked.delete(detector);
  for (const record of register) {
    if (seen.has(record.finding.id) || !looked.has(record.finding.detector)) continue;
    const after = missed(record, run);
    if (after !== record) changed.push(after);
  }
  return changed.sort((a, b) => (a.finding.id < b.finding.id ? -1 : 1));
}

import { z } from 'zod';
import {
  findingStatuses,
  merge,
  mistakes,
  severities,
  statusAt,
  type DetectionRun,
  type Finding,
  type FindingRecord,
  type FindingStatus,
} from '#governance';
import type { Change } from '#ports';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';

export const instant = z.int();
export const words = (max: number) => z.string().max(max);

export const findingShape = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  detector: words(64),
  mistake: z.enum(mistakes),
  severity: z.enum(severities),
  subject: words(512),
  environment: words(63),
  what: words(4096),
  remedy: words(2048),
  since: instant.nullable(),
  more: z.int().optional(),
}) as unknown as z.ZodType<Finding>;

export const logShape = z.strictObject({
  node: words(256),
  origin: words(512),
  size: z.int().min(0),
  root: words(128),
});

const recordShape = z.strictObject({
  finding: findingShape,
  status: z.enum(findingStatuses),
  firstSeenAt: instant,
  lastSeenAt: instant,
  returns: z.int().min(0),
  acknowledgement: z
    .strictObject({ rationale: words(2000), by: words(256), at: instant, until: instant })
    .nullable(),
  resolution: z
    .strictObject({
      run: instant,
      log: logShape.nullable(),
      event: z.strictObject({ index: z.int(), id: words(64) }).nullable(),
    })
    .nullable(),
  reopened: z.strictObject({ by: words(256), at: instant, reason: words(2000) }).nullable(),
}) as unknown as z.ZodType<FindingRecord>;

/** The findings of environments. */
export const register = defineCollection<FindingRecord>('finding', recordShape);
export const dayMillis = 86_400_000;
/** Resolved ones stay for six years: what HIPAA asks of documentation (164.316(b)(2)(i)). */
const resolvedMillis = 2192 * dayMillis;
export const pageSize = 500;

/** The findings of an environment that the register keeps, page by page, ordered by id. */
export async function* pagesOf(
  house: House,
  environment: string,
): AsyncGenerator<readonly Kept<FindingRecord>[], void> {
  for (let after: string | null = null; ; ) {
    const page = await register.list(house, environment, '', { after, limit: pageSize });
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.document.id ?? null;
  }
}

export type DetectionSummary = {
  /** How many stand in each status afterwards, those that were found in this run and those that were not. */
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly opened: number;
  readonly resolved: number;
};

/** What a run changes in the register of an environment; nothing is written. */
export async function recordFindings(
  house: House,
  environment: string,
  run: DetectionRun,
): Promise<{ readonly changes: readonly Change[]; readonly summary: DetectionSummary }> {
  const changes: Change[] = [];
  const counts: Record<FindingStatus, number> = { open: 0, acknowledged: 0, resolved: 0 };
  let opened = 0;
  let resolved = 0;
  const told = run.findings.filter((finding) => finding.environment === environment);
  const more = new Set(told.flatMap(({ detector, more: left }) => (left === undefined ? [] : [detector])));
  const looked = run.detectors.filter((detector) => !more.has(detector));
  const waiting = told.toSorted((a, b) => (a.id < b.id ? -1 : 1));

  function mergePage(page: readonly Kept<FindingRecord>[], findings: readonly Finding[]): void {
    const kept = new Map(page.map((each) => [each.content.finding.id, each]));
    const after = new Map(page.map(({ content }) => [content.finding.id, content]));
    const part = { ...run, findings, detectors: looked };
    for (const record of merge([...after.values()], part)) {
      const before = kept.get(record.finding.id);
      const was = before && statusAt(before.content, run.at);
      if (record.status === 'open' && was !== 'open') opened += 1;
      if (record.status === 'resolved' && was !== 'resolved') resolved += 1;
      after.set(record.finding.id, record);
      changes.push(
        before ? register.replaced(before, record) : register.created(environment, record.finding.id, record),
      );
    }
    for (const each of page) {
      const { resolution, finding } = each.content;
      const isOld = resolution !== null && run.at - resolution.run > resolvedMillis;
      if (!isOld || after.get(finding.id) !== each.content) continue;
      after.delete(finding.id);
      changes.push(register.removed(each));
    }
    for (const record of after.values()) counts[statusAt(record, run.at)] += 1;
  }

  for await (const page of pagesOf(house, environment)) {
    const last = page.at(-1)?.content.finding.id ?? '';
    const end = waiting.findIndex(({ id }) => id > last);
    mergePage(page, waiting.splice(0, end < 0 ? waiting.length : end));
  }
  mergePage([], waiting);
  return { changes, summary: { counts, opened, resolved } };
}

import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import {
  findingStatuses,
  mistakes,
  severities,
  statusAt,
  type FindingRecord,
  type FindingStatus,
} from '#governance';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { dayMillis, instant, pageSize, register, words } from './finding-register.ts';

const idPrefix = z
  .string()
  .regex(/^[0-9a-f]{8,64}$/, 'must be the id of a finding, or its first 8 characters or more');

/** The one finding whose id begins so. Throws `input-invalid` where there is none, or are several. */
async function findOne(house: House, environment: string, id: string): Promise<Kept<FindingRecord>> {
  const [first, second] = await register.list(house, environment, id, { after: null, limit: 2 });
  if (first && !second) return first;
  throw new ClavigerError(
    'input-invalid',
    first
      ? `Several findings begin with ${id}: say more of it.`
      : `There is no finding ${id}: claviger findings list tells those that there are.`,
    { details: { field: 'id' } },
  );
}

/** A finding as it is told: an acknowledgement that has ended is none. */
export type FindingView = FindingRecord & { readonly statusNow: FindingStatus };

function viewAt(record: FindingRecord, now: Instant): FindingView {
  return { ...record, statusNow: statusAt(record, now) };
}

const listInput = z.strictObject({
  /** Null: open and acknowledged ones. */
  status: z.enum(findingStatuses).nullable(),
  /** At least so grave; null: all. */
  severity: z.enum(severities).nullable(),
  mistake: z.enum(mistakes).nullable(),
  detector: words(64).nullable(),
  subject: words(512).nullable(),
  page: z.strictObject({ after: words(64).nullable(), limit: z.int().min(1).max(1000) }),
});
type ListInput = z.infer<typeof listInput>;

function wantedBy({ status, severity, mistake, detector, subject }: ListInput) {
  const gravest = severity === null ? severities.length - 1 : severities.indexOf(severity);
  return ({ finding, statusNow }: FindingView): boolean =>
    (status === null ? statusNow !== 'resolved' : statusNow === status) &&
    severities.indexOf(finding.severity) <= gravest &&
    (mistake === null || finding.mistake === mistake) &&
    (detector === null || finding.detector === detector) &&
    (subject === null || finding.subject === subject);
}

/** The findings of the caller's environment, ordered by id; `next` is the marker of the page after, also of one that is empty. */
export const listFindings = defineOperation<
  ListInput,
  { readonly findings: readonly FindingView[]; readonly next: string | null }
>({
  name: 'governance.list-findings',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'governance:list-findings',
  run: async ({ house, caller, now }, input) => {
    const isWanted = wantedBy(input);
    const found: FindingView[] = [];
    const { environment } = caller.principal;
    for (let { after } = input.page; ; ) {
      const limit = Math.min(pageSize, input.page.limit - found.length);
      const page = await register.list(house, environment, '', { after, limit });
      found.push(...page.map(({ content }) => viewAt(content, now)).filter(isWanted));
      after = page.at(-1)?.document.id ?? after;
      if (page.length < limit) return { output: { findings: found, next: null } };
      if (found.length === input.page.limit) return { output: { findings: found, next: after } };
    }
  },
});

const oneInput = z.strictObject({ id: idPrefix });

/** One finding, with all that became of it. */
export const readFinding = defineOperation<z.infer<typeof oneInput>, FindingView>({
  name: 'governance.read-finding',
  kind: 'read',
  input: oneInput,
  targets: [],
  permission: 'governance:read-finding',
  run: async ({ house, caller, now }, { id }) => {
    const { content } = await findOne(house, caller.principal.environment, id);
    return { output: viewAt(content, now), facts: { finding: content.finding.id } };
  },
});

const reason = z.string().trim().min(10, 'must say why, in 10 characters or more').max(2000);
const acknowledgeInput = z.strictObject({ id: idPrefix, rationale: reason, until: instant });
/** A year: whoever still thinks so then says it again. */
const acknowledgedMillisMax = 366 * dayMillis;

/** Takes down that somebody answers for a flaw that stays for a time; after it the finding is open again. */
export const acknowledgeFinding = defineOperation<z.infer<typeof acknowledgeInput>, FindingView>({
  name: 'governance.acknowledge-finding',
  kind: 'manage',
  input: acknowledgeInput,
  targets: [],
  permission: 'governance:acknowledge-finding',
  run: async ({ house, caller, now }, { id, rationale, until }) => {
    if (until <= now || until - now > acknowledgedMillisMax)
      throw new ClavigerError(
        'input-invalid',
        'The end must lie in the future, and no more than a year ahead.',
        {
          details: { field: 'until' },
        },
      );
    const kept = await findOne(house, caller.principal.environment, id);
    const { finding, status } = kept.content;
    if (status === 'resolved')
      throw new ClavigerError(
        'input-invalid',
        `Finding ${finding.id} is resolved: there is nothing to acknowledge.`,
        {
          details: { field: 'id' },
        },
      );
    const record: FindingRecord = {
      ...kept.content,
      status: 'acknowledged',
      acknowledgement: { rationale, by: caller.principal.name, at: now, until },
    };
    return {
      output: viewAt(record, now),
      changes: [register.replaced(kept, record)],
      facts: { finding: finding.id, detector: finding.detector, subject: finding.subject, rationale, until },
    };
  },
});

const reopenInput = z.strictObject({ id: idPrefix, reason });

/** Opens a finding again that was acknowledged or resolved; a run that does not find it resolves it again. */
export const reopenFinding = defineOperation<z.infer<typeof reopenInput>, FindingView>({
  name: 'governance.reopen-finding',
  kind: 'manage',
  input: reopenInput,
  targets: [],
  permission: 'governance:reopen-finding',
  run: async ({ house, caller, now }, { id, reason: why }) => {
    const kept = await findOne(house, caller.principal.environment, id);
    const { finding } = kept.content;
    if (statusAt(kept.content, now) === 'open')
      throw new ClavigerError('input-invalid', `Finding ${finding.id} is open.`, {
        details: { field: 'id' },
      });
    const record: FindingRecord = {
      ...kept.content,
      status: 'open',
      acknowledgement: null,
      resolution: null,
      reopened: { by: caller.principal.name, at: now, reason: why },
    };
    return {
      output: viewAt(record, now),
      changes: [register.replaced(kept, record)],
      facts: { finding: finding.id, detector: finding.detector, subject: finding.subject, reason: why },
    };
  },
});

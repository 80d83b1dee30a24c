import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import {
  ask,
  detectors,
  findingStatuses,
  merge,
  mistakes,
  severities,
  statusAt,
  type DetectionRun,
  type Finding,
  type FindingRecord,
  type FindingStatus,
  type Population,
  type Question,
} from '#governance';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { Door } from '../operation.ts';
import { gatherPopulation } from './population.ts';
import { noticeOfFindings } from './finding-notices.ts';

const instant = z.int();
const words = (max: number) => z.string().max(max);

const findingShape = z.strictObject({
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

const logShape = z.strictObject({
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

const register = defineCollection<FindingRecord>('finding', recordShape);
const dayMillis = 86_400_000;
/** Resolved ones stay for six years: what HIPAA asks of documentation (164.316(b)(2)(i)). */
const resolvedMillis = 2192 * dayMillis;
const pageSize = 500;

/** The findings of an environment that the register keeps, page by page, ordered by id. */
async function* pagesOf(
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

const runInput = z.strictObject({
  at: instant,
  detectors: z.array(words(64)).max(200),
  findings: z.array(findingShape).max(50_000),
  log: logShape.nullable(),
  events: z
    .array(z.strictObject({ subject: words(512), at: instant, index: z.int(), id: words(64) }))
    .max(50_000),
}) as unknown as z.ZodType<DetectionRun>;

/** Takes down what a run of detectors found in an environment. */
export const detectFindings = defineOperation<DetectionRun, DetectionSummary>({
  name: 'governance.detect',
  kind: 'manage',
  input: runInput,
  targets: [],
  permission: 'governance:detect',
  run: async ({ house, caller }, run) => {
    const { environment } = caller.principal;
    const { changes: recorded, summary } = await recordFindings(house, environment, run);
    const { counts, opened, resolved } = summary;
    const isNew = (change: Change) => change.kind === 'document-put' && change.expectedRevision === null;
    const fresh = new Set(recorded.filter(isNew).map((change) => 'document' in change && change.document.id));
    const findings = run.findings.filter(({ id }) => fresh.has(id));
    const told = await noticeOfFindings(house, { environment, at: run.at, findings });
    const changes = [...recorded, ...told];
    return { output: summary, changes, facts: { judgedAt: run.at, opened, closed: resolved, ...counts } };
  },
});

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

type LastEvents = DetectionRun['events'];

/** What was done last to subjects of findings that are not resolved: so many at most. */
function lastEventsOf(subjects: ReadonlySet<string>): Question<LastEvents> {
  return {
    begin() {
      const last = new Map<string, LastEvents[number]>();
      return {
        event({ index, event }) {
          const subject = `key:${event.keyId ?? ''}`;
          if (event.outcome !== 'success' || !subjects.has(subject)) return;
          last.set(subject, { subject, at: event.at, index, id: event.id });
        },
        result: () => [...last.values()],
      };
    },
  };
}

async function unresolvedSubjects(
  house: House,
  environments: readonly string[],
): Promise<ReadonlySet<string>> {
  const subjects = new Set<string>();
  for (const environment of environments)
    for await (const page of pagesOf(house, environment))
      for (const { content } of page)
        if (content.status !== 'resolved') subjects.add(content.finding.subject);
  return subjects;
}

/** What all detectors find in a population in one walk, for the register of each of its environments. */
async function runsOver(
  house: House,
  { head, ...rest }: Population,
): Promise<ReadonlyMap<string, DetectionRun>> {
  const { at, log, environments } = head;
  const names = environments.map(({ name }) => name);
  const lastEvents = lastEventsOf(await unresolvedSubjects(house, names));
  const answers = await ask<LastEvents | readonly Finding[]>({ head, ...rest }, [lastEvents, ...detectors]);
  const [events, ...found] = answers as [LastEvents, ...(readonly Finding[])[]];
  const all = { at, detectors: detectors.map(({ id }) => id), log, events };
  const findings = found.flat();
  return new Map(
    names.map((name) => [
      name,
      { ...all, findings: findings.filter(({ environment }) => environment === name) },
    ]),
  );
}

/** Runs all detectors over a population, in one walk, and takes down in each environment what they found there. */
export async function runDetectors(
  house: House,
  door: Pick<Door, 'runAsSystem'>,
  population: Population,
): Promise<ReadonlyMap<string, DetectionSummary>> {
  const summaries = new Map<string, DetectionSummary>();
  for (const [name, run] of await runsOver(house, population))
    summaries.set(name, await door.runAsSystem(detectFindings, name, run));
  return summaries;
}

const nothing = z.strictObject({});

/** Has all detectors look at the caller's environment, and at the house as a whole from the first one, and takes down what they find. */
export const findFlaws = defineOperation<{}, DetectionSummary>({
  name: 'governance.find-flaws',
  kind: 'manage',
  input: nothing,
  targets: [],
  permission: 'governance:find-flaws',
  run: async ({ house, caller, now }) => {
    const { environment } = caller.principal;
    const isWholeHouse = environment === (await house.firstEnvironment());
    const scope = { environments: [environment], isWholeHouse };
    const { population } = await gatherPopulation(house, scope, now);
    const run = (await runsOver(house, population)).get(environment);
    if (!run) throw new ClavigerError('internal', `The environment ${environment} is not there.`);
    const { changes, summary } = await recordFindings(house, environment, run);
    const { counts, opened, resolved } = summary;
    return { output: summary, changes, facts: { judgedAt: run.at, opened, closed: resolved, ...counts } };
  },
});

import { z } from 'zod';
import { findingStatuses, mistakes, severities } from '#governance';
import { operations, type FindingView } from '#operations';
import { pageOf, pageQuery } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import { timeOf, timeOr } from '../views.ts';

const time = z.iso.datetime();
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const findingAnswer = z
  .strictObject({
    id: z.string().describe('SHA-256 of detector and subject: the same flaw has the same id in every run'),
    detector: z.string(),
    mistake: z.enum(mistakes),
    severity: z.enum(severities),
    subject: z.string().describe('what it was found in, e.g. `key:ID`'),
    environment: z.string(),
    what: z.string(),
    remedy: z.string(),
    since: time.nullable().describe('since when it is so, as far as is known'),
    notListed: z
      .int()
      .nullable()
      .describe('how many of its detector are not listed, where these are too many'),
    status: z.enum(findingStatuses),
    firstSeenAt: time,
    lastSeenAt: time,
    returns: z.int().describe('how often it came back after it was resolved'),
    acknowledgement: z
      .strictObject({ rationale: z.string(), by: z.string(), at: time, until: time })
      .nullable(),
    resolution: z
      .strictObject({
        judgedAt: time,
        log: z
          .strictObject({ node: z.string(), origin: z.string(), size: z.int(), root: z.string() })
          .nullable(),
        event: z.strictObject({ index: z.int(), id: z.string() }).nullable(),
      })
      .nullable()
      .describe('the run that did not find it any more, and what was done to the subject last'),
    reopened: z.strictObject({ by: z.string(), at: time, reason: z.string() }).nullable(),
  })
  .meta({ id: 'Finding' });

/** A finding as the API tells it. */
function findingView(record: FindingView): z.input<typeof findingAnswer> {
  const { finding, acknowledgement, resolution, reopened } = record;
  const { since, more, ...told } = finding;
  return {
    ...told,
    since: timeOr(since),
    notListed: more ?? null,
    status: record.statusNow,
    firstSeenAt: timeOf(record.firstSeenAt),
    lastSeenAt: timeOf(record.lastSeenAt),
    returns: record.returns,
    acknowledgement: acknowledgement && {
      ...acknowledgement,
      at: timeOf(acknowledgement.at),
      until: timeOf(acknowledgement.until),
    },
    resolution: resolution && {
      judgedAt: timeOf(resolution.run),
      log: resolution.log && { ...resolution.log },
      event: resolution.event && { ...resolution.event },
    },
    reopened: reopened && { ...reopened, at: timeOf(reopened.at) },
  };
}

const findingIn = (path: PathParts): string => path['finding'] ?? '';

/** The register of findings. */
export const findingRoutes: readonly Route[] = [
  route('GET /findings', operations.listFindings, {
    about: 'What is wrong with keys and credentials of the environment',
    query: {
      ...pageQuery,
      status: z.enum(findingStatuses).nullable().default(null).describe('else open and acknowledged ones'),
      severity: z.enum(severities).nullable().default(null).describe('at least so grave'),
      mistake: z.enum(mistakes).nullable().default(null),
      detector: z.string().nullable().default(null),
      subject: z.string().nullable().default(null).describe('e.g. `key:ID`'),
    },
    answer: z.strictObject({ findings: z.array(findingAnswer), next: z.string().nullable() }),
    input: ({ query: { after: _after, limit: _limit, ...filter }, query }) => ({
      ...filter,
      page: pageOf(query),
    }),
    output: ({ findings, next }) => ({ findings: findings.map(findingView), next }),
  }),
  route('POST /findings/detect', operations.findFlaws, {
    about: 'Have all detectors look at the environment now, and take down what they find',
    answer: z.strictObject({
      counts: z.strictObject({ open: z.int(), acknowledged: z.int(), resolved: z.int() }),
      opened: z.int(),
      resolved: z.int(),
    }),
    input: () => ({}),
    output: ({ counts, opened, resolved }) => ({ counts: { ...counts }, opened, resolved }),
  }),
  route('GET /findings/{finding}', operations.readFinding, {
    about: 'One finding, by its id or how that begins, and what became of it',
    answer: findingAnswer,
    input: ({ path }) => ({ id: findingIn(path) }),
    output: findingView,
  }),
  route('POST /findings/{finding}/acknowledge', operations.acknowledgeFinding, {
    about: 'Answer for it that a flaw stays for a time, a year at most; after it the finding is open again',
    body: { rationale: z.string(), until: instant },
    answer: findingAnswer,
    input: ({ path, body }) => ({ id: findingIn(path), ...body }),
    output: findingView,
  }),
  route('POST /findings/{finding}/reopen', operations.reopenFinding, {
    about: 'Open a finding again that was acknowledged or resolved',
    body: { reason: z.string() },
    answer: findingAnswer,
    input: ({ path, body }) => ({ id: findingIn(path), ...body }),
    output: findingView,
  }),
];

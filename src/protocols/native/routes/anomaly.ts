import { z } from 'zod';
import { operations, type AnomalyAlert, type NoticeView, type SuspendedGrant } from '#operations';
import { pageOf, pageQuery } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import { next, timeOf } from '../views.ts';

const signal = z.strictObject({
  name: z.string(),
  weight: z.number().describe('0 to 1'),
  about: z.string(),
  baseline: z.record(z.string(), z.number()).describe('the numbers that it was measured against'),
});
const alertAnswer = z
  .strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    principal: z.string(),
    keyId: z.string().nullable(),
    score: z.number().describe('0 to 1'),
    response: z.enum(['notify', 'require-approval', 'suspend-grant']).describe('what is recommended'),
    signals: z.array(signal),
    references: z
      .array(z.strictObject({ log: z.string(), index: z.int() }))
      .describe('events of the audit log'),
    escalates: z.string().nullable().describe('the alert that this one makes worse'),
    suppressed: z.int().describe('alerts that were held back since the last one'),
    suspended: z.boolean().describe('whether the principal was refused the key for it'),
    acknowledged: z.strictObject({ by: z.string(), at: z.iso.datetime(), note: z.string() }).nullable(),
  })
  .meta({ id: 'AnomalyAlert' });

function alertView(alert: AnomalyAlert): z.input<typeof alertAnswer> {
  const { acknowledged } = alert;
  return {
    ...alert,
    at: timeOf(alert.at),
    acknowledged: acknowledged && { ...acknowledged, at: timeOf(acknowledged.at) },
  };
}

const settings = {
  suspends: z.boolean(),
  asksApproval: z.boolean().default(false),
  canaryKeys: z.array(z.string()),
};

const grantAnswer = z.strictObject({
  keyId: z.string(),
  principal: z.string(),
  alert: z.string(),
  since: z.iso.datetime(),
});
const grantView = (grant: SuspendedGrant) => ({ ...grant, since: timeOf(grant.since) });

const noticeAnswer = z
  .strictObject({
    id: z.string(),
    destination: z.string(),
    kind: z.enum(['alert', 'finding', 'test']),
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    at: z.iso.datetime(),
    title: z.string(),
    state: z.enum(['waiting', 'delivered', 'dead']),
    attempts: z.int(),
    nextAt: z.iso.datetime().nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'Notice' });
const noticeView = (notice: NoticeView) => ({
  ...notice,
  at: timeOf(notice.at),
  nextAt: notice.nextAt === null ? null : timeOf(notice.nextAt),
});

const alertIn = (path: PathParts): string => path['alert'] ?? '';

/** What the watch saw, who is refused a key for it, and who outside was told. */
export const anomalyRoutes: readonly Route[] = [
  route('GET /anomaly/alerts', operations.listAlerts, {
    about: 'What the watch saw, newest first',
    query: { ...pageQuery, state: z.enum(['open', 'acknowledged']).optional() },
    answer: z.strictObject({ alerts: z.array(alertAnswer), next }),
    input: ({ query }) => ({ state: query.state ?? null, page: pageOf(query) }),
    output: (done) => ({ alerts: done.alerts.map(alertView), next: done.next }),
  }),
  route('GET /anomaly/alerts/{alert}', operations.readAlert, {
    about: 'One alert, with the numbers that it was measured against',
    answer: alertAnswer,
    input: ({ path }) => ({ id: alertIn(path) }),
    output: alertView,
  }),
  route('POST /anomaly/alerts/{alert}/acknowledge', operations.acknowledgeAlert, {
    about: 'Say that somebody looked at an alert, and what it was',
    body: { note: z.string() },
    answer: alertAnswer,
    input: ({ path, body }) => ({ id: alertIn(path), note: body.note }),
    output: alertView,
  }),
  route('GET /anomaly/settings', operations.readAnomalySettings, {
    about: 'How the environment is watched',
    answer: z.strictObject(settings),
    input: () => ({}),
    output: (done) => done,
  }),
  route('PUT /anomaly/settings', operations.writeAnomalySettings, {
    about: 'Say how the environment is watched',
    body: settings,
    answer: z.strictObject(settings),
    input: ({ body }) => body,
    output: (done) => done,
  }),
  route('GET /anomaly/suspended-grants', operations.listSuspendedGrants, {
    about: 'Who is refused a key for what the watch saw',
    answer: z.strictObject({ grants: z.array(grantAnswer) }),
    input: () => ({}),
    output: ({ grants }) => ({ grants: grants.map(grantView) }),
  }),
  route('POST /anomaly/suspended-grants/lift', operations.liftSuspendedGrant, {
    about: 'Give a principal the key back',
    body: { keyId: z.string(), principal: z.string() },
    answer: grantAnswer,
    input: ({ body }) => body,
    output: grantView,
  }),
  route('GET /notices', operations.listNotices, {
    about: 'Notices that wait to be sent, or were sent or given up',
    query: { ...pageQuery, state: z.enum(['waiting', 'ended']).default('waiting') },
    answer: z.strictObject({ notices: z.array(noticeAnswer), next }),
    input: ({ query }) => ({ state: query.state, page: pageOf(query) }),
    output: (done) => ({ notices: done.notices.map(noticeView), next: done.next }),
  }),
];

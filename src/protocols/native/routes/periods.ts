import { z } from 'zod';
import { periodProfiles, profileNames, purposeClasses, type PeriodPolicy } from '#domain';
import { operations, type PeriodException, type PeriodPolicyView } from '#operations';
import { keyIn, pageOf, pageQuery } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import { next, time, timeOf, timeOr } from '../views.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const exceptionIn = (path: PathParts): string => path['exception'] ?? '';

const seconds = z.int().nullable().optional().describe('from the activation of a version; null: no bound');
const amount = z.int().nullable().optional().describe('null: no bound');
const classes = z.partialRecord(
  z.enum(purposeClasses),
  z.strictObject({
    originatorSeconds: seconds,
    recipientSeconds: seconds,
    operationsMax: amount,
    bytesMax: amount,
  }),
);
const profile = z.enum(profileNames);

const policyAnswer = z
  .strictObject({
    profile,
    source: z.string().describe('the standard that the profile is of'),
    classes,
    rotates: z.boolean(),
    destroysAtEnd: z.boolean(),
    isUsual: z.boolean().describe('the environment says nothing: this is what holds then'),
    limits: z
      .record(
        z.string(),
        z.strictObject({
          originatorSeconds: z.number().nullable(),
          recipientSeconds: z.number().nullable(),
          operationsMax: z.number().nullable(),
          bytesMax: z.number().nullable(),
        }),
      )
      .describe('what holds for each class; bounds of a spec itself that are narrower hold all the same'),
  })
  .meta({ id: 'PeriodPolicy' });

function policyView({ policy, isUsual, limits }: PeriodPolicyView): z.input<typeof policyAnswer> {
  const { profile: name, rotates, destroysAtEnd } = policy;
  return {
    profile: name,
    source: periodProfiles[name].source,
    classes: policy.classes,
    rotates,
    destroysAtEnd,
    isUsual,
    limits,
  };
}

const who = z.string().nullable();
const exceptionAnswer = z
  .strictObject({
    id: z.string(),
    keyId: z.string(),
    version: z.int(),
    act: z.enum(['protect', 'process']),
    newEnd: time.describe('when the version stops instead'),
    expiresAt: time.describe('when the policy holds again'),
    rationale: z.string(),
    status: z.enum(['requested', 'approved', 'revoked', 'ended']),
    requestedBy: who,
    requestedAt: time,
    approvedBy: who,
    approvedAt: time.nullable(),
  })
  .meta({ id: 'PeriodException' });

function exceptionView(found: PeriodException): z.input<typeof exceptionAnswer> {
  const { requestedBy, requestedAt, approvedBy, approvedAt, newEnd, expiresAt } = found;
  return {
    ...found,
    newEnd: timeOf(newEnd),
    expiresAt: timeOf(expiresAt),
    requestedBy: requestedBy.name,
    requestedAt: timeOf(requestedAt),
    approvedBy: approvedBy?.name ?? null,
    approvedAt: timeOr(approvedAt),
  };
}

const ofException = {
  answer: exceptionAnswer,
  input: ({ path }: { path: PathParts }) => ({ key: keyIn(path), id: exceptionIn(path) }),
  output: exceptionView,
};

/** Crypto-periods: the policy of the environment, and exceptions from it. */
export const periodRoutes: readonly Route[] = [
  route('GET /period-policy', operations.readPeriodPolicy, {
    about: 'What the environment says of crypto-periods, or what holds where it says nothing',
    answer: policyAnswer,
    input: () => ({}),
    output: policyView,
  }),
  route('PUT /period-policy', operations.writePeriodPolicy, {
    about: 'Say it anew; versions that are there are held to it, and none gets a longer period by it',
    body: {
      profile,
      classes: classes.default({}),
      rotates: z.boolean().default(true).describe('keys whose users can’t tell are rotated in time'),
      destroysAtEnd: z
        .boolean()
        .default(false)
        .describe('what may not even process any more is destroyed, 30 days later'),
      stopsKeys: z
        .boolean()
        .default(false)
        .describe('it is meant that keys of specs that it does not allow protect nothing any more'),
    },
    answer: policyAnswer,
    // what is absent is absent, and what is null bounds nothing
    input: ({ body: { stopsKeys, ...policy } }) => ({
      policy: JSON.parse(JSON.stringify(policy)) as PeriodPolicy,
      stopsKeys,
    }),
    output: policyView,
  }),
  route('GET /period-exceptions', operations.listPeriodExceptions, {
    about: 'Exceptions from the policy, those that are over too',
    query: pageQuery,
    answer: z.strictObject({ exceptions: z.array(exceptionAnswer), next }),
    input: ({ query }) => ({ page: pageOf(query) }),
    output: (done) => ({ exceptions: done.exceptions.map(exceptionView), next: done.next }),
  }),
  route('POST /keys/{key}/period-exceptions', operations.requestPeriodException, {
    about: 'Ask for a longer period of a version; nothing changes before somebody else approves it',
    body: {
      version: z.int().nullable().default(null).describe('else the newest'),
      act: z.enum(['protect', 'process']).default('protect'),
      newEnd: instant,
      expiresAt: instant,
      rationale: z.string(),
    },
    answer: exceptionAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: exceptionView,
  }),
  route('POST /keys/{key}/period-exceptions/{exception}/approve', operations.approvePeriodException, {
    about: 'Let the version go on; whoever asked can’t approve',
    ...ofException,
  }),
  route('POST /keys/{key}/period-exceptions/{exception}/revoke', operations.revokePeriodException, {
    about: 'Take an exception back: the policy holds at once',
    ...ofException,
  }),
];

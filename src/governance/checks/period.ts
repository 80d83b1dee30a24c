import {
  originatorEnd,
  recipientEnd,
  versionOf,
  type CryptoPeriod,
  type Instant,
  type Key,
  type KeyVersion,
  type PeriodLimits,
} from '#domain';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf, nodesAgreeMillis, type KeyView } from './key-view.ts';
import type { Tally } from './tally.ts';

/** How late a rotation may be: it needs a leader, and a server that runs. */
const rotationToleranceMillis = 7 * dayMillis;

/** What the policy granted a version: its period without exceptions that are in force. */
function grantedTo(
  { periodExtensions = [] }: Key,
  { number, cryptoPeriod }: KeyVersion,
  at: Instant,
): CryptoPeriod {
  return periodExtensions
    .filter(({ version, until }) => version === number && at < until)
    .reduce(
      (period, { act, otherwise }) => ({
        ...period,
        [act === 'protect' ? 'originatorSeconds' : 'recipientSeconds']: otherwise,
      }),
      cryptoPeriod,
    );
}

const axes = [
  ['originatorSeconds', 'originator-usage period', ' s'],
  ['recipientSeconds', 'recipient-usage period', ' s'],
  ['operationsMax', 'number of operations', ''],
  ['bytesMax', 'number of bytes', ''],
] as const;

/** Why a period is longer than its bounds allow, or null. */
function excessOf(granted: CryptoPeriod, limits: PeriodLimits): string | null {
  for (const [axis, what, unit] of axes) {
    const given = granted[axis];
    const bound = limits[axis];
    if (bound !== null && (given === null || given > bound))
      return `Its ${what} is ${given === null ? 'not bounded' : `${given}${unit}`}; the policy allows ${bound}${unit}.`;
  }
  return null;
}

/** When a version was replaced by the next one; null: it is the newest. */
function replacedAt({ key }: KeyView, { number }: KeyVersion): Instant | null {
  const next = versionOf(key, number + 1);
  return next ? (next.activatedAt ?? next.createdAt) : null;
}

function judgeRotation(view: KeyView, tally: Tally, at: Instant): void {
  const { key, subject, isLiving, isProtecting, current } = view;
  if (!isLiving) return;
  tally.judge();
  const late = key.versions.find((version) => {
    const replaced = replacedAt(view, version);
    const end = originatorEnd(version);
    if (replaced === null || end === null) return false;
    // one that was ended before its time had nothing to be replaced for
    const wasEnded = version.history.some((change) => change.state === 'deactivated' && change.at < end);
    return !wasEnded && replaced > end + rotationToleranceMillis;
  });
  const end = originatorEnd(current);
  const due = key.rotation?.nextAt ?? Infinity;
  if (late)
    tally.except(
      subject,
      `Version ${late.number} ended on ${dayOf(originatorEnd(late) ?? 0)} and was replaced on ${dayOf(replacedAt(view, late) ?? 0)}.`,
    );
  else if (isProtecting && due + rotationToleranceMillis < at)
    tally.except(subject, `Its rotation was due on ${dayOf(due)}.`);
  else if (isProtecting && end !== null && end + rotationToleranceMillis < at)
    tally.except(subject, `Version ${current.number} should have been replaced by ${dayOf(end)}.`);
}

const living = {
  of: 'living keys',
  empty: ['no-data', 'There is no living key'],
} as const;

/** Whether crypto-periods are there, are kept, and end in a rotation. */
export const periodChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    ...living,
    id: 'period-defined',
    title: 'Every version that may still be used has a crypto-period within the policy of its environment.',
    holds: 'each has a crypto-period within the policy of its environment',
    fails: 'no crypto-period, or a longer one than the policy of the environment allows',
    judge: ({ key, subject, isLiving, limits }, tally, { at }) => {
      if (!isLiving) return;
      tally.judge();
      for (const version of key.versions) {
        if (version.state !== 'active' && version.state !== 'suspended' && version.state !== 'pre-activation')
          continue;
        const excess =
          version.cryptoPeriod.originatorSeconds > 0
            ? excessOf(grantedTo(key, version, at), limits)
            : 'It has no originator-usage period.';
        if (excess === null) continue;
        tally.except(subject, `Version ${version.number}: ${excess}`);
        return;
      }
    },
  }),
  keyCheck({
    ...living,
    id: 'period-not-over',
    title: 'No version stays active after the end of its originator-usage period.',
    holds: 'none has an active version whose originator-usage period is over',
    fails: 'a version is active still, though its originator-usage period is over',
    judge: ({ key, subject, isLiving }, tally, { at }) => {
      if (!isLiving) return;
      tally.judge();
      const over = key.versions.find(
        (version) => version.state === 'active' && (originatorEnd(version) ?? Infinity) <= at,
      );
      if (over)
        tally.except(
          subject,
          `Version ${over.number} is active; its period ended on ${dayOf(originatorEnd(over) ?? 0)}.`,
        );
    },
  }),
  keyCheck({
    id: 'period-honoured',
    title:
      'No version protected after its originator-usage period, nor processed after its recipient-usage period.',
    of: 'records of who used which version how',
    holds: 'none shows a use after the end of its period',
    fails: 'used after the end of the period',
    empty: ['no-data', 'No use of any key is known'],
    judge: ({ key, subject, facts }, tally) => {
      for (const use of facts.uses) {
        const version = versionOf(key, use.version);
        tally.judge();
        if (!version) {
          tally.lack(subject, `Version ${use.version} was used and is not known.`);
          continue;
        }
        const end = use.act === 'protect' ? originatorEnd(version) : recipientEnd(version);
        if (end !== null && use.lastAt > end + nodesAgreeMillis)
          tally.except(
            subject,
            `${use.principal} used version ${use.version} to ${use.act} on ${dayOf(use.lastAt)}; its period ended on ${dayOf(end)}.`,
          );
      }
    },
  }),
  keyCheck({
    id: 'usage-within-limits',
    title: 'No version protected more often, or more bytes, than its crypto-period allows.',
    of: 'versions with a count of uses',
    holds: 'each is within its limits',
    fails: 'used more than the crypto-period allows',
    empty: ['no-data', 'No use of any version was counted'],
    judge: ({ key, subject, facts }, tally) => {
      for (const { version: number, operations, bytes } of facts.counts) {
        tally.judge();
        const period = versionOf(key, number)?.cryptoPeriod;
        if (!period) tally.lack(subject, `Version ${number} was counted and is not known.`);
        else if (operations > (period.operationsMax ?? Infinity) || bytes > (period.bytesMax ?? Infinity))
          tally.except(subject, `Version ${number} protected ${operations} times and ${bytes} bytes.`);
      }
    },
  }),
  keyCheck({
    ...living,
    id: 'rotation-on-time',
    title:
      'Versions were replaced before their originator-usage period was over by a week, and none is due for longer.',
    holds: 'each was rotated in time, or is not due',
    fails: 'rotated too late, or overdue',
    judge: (view, tally, { at }) => judgeRotation(view, tally, at),
    cites: ({ event }) =>
      event.outcome === 'success' &&
      (event.operation === 'keys.rotate' || event.operation === 'keys.rotate-due'),
  }),
  keyCheck({
    id: 'rotation-planned',
    title: 'Keys that can be rotated without their clients have a schedule, or a policy that rotates them.',
    of: 'keys that can be rotated without their clients',
    holds: 'each has a schedule, or an environment that rotates it',
    fails: 'neither a schedule nor a policy that rotates them',
    empty: ['not-applicable', 'No living key can be rotated without its clients'],
    judge: ({ key, subject, isProtecting, isUnseen, policy }, tally) => {
      if (!isProtecting || !isUnseen || key.destruction) return;
      tally.judge();
      if (!key.rotation && !policy.rotates)
        tally.except(subject, 'It has no schedule, and its environment does not rotate.');
    },
  }),
  keyCheck({
    id: 'period-exceptions',
    title:
      'Every crypto-period that is longer than the policy allows is so by an exception with a rationale, and until a date.',
    of: 'exceptions from crypto-period policies',
    holds: 'each is in force and has a rationale',
    fails: 'over, or without a rationale',
    empty: ['not-applicable', 'No key has an exception from its crypto-period policy'],
    judge: ({ key, subject }, tally, { at, periodExceptions }) => {
      for (const { id, until } of key.periodExtensions ?? []) {
        tally.judge();
        const told = periodExceptions?.find((one) => one.id === id);
        if (until <= at) tally.except(subject, `Exception ${id} was over on ${dayOf(until)}.`);
        else if (!periodExceptions) tally.lack(subject, `The rationale of exception ${id} is not known.`);
        else if (!told || told.rationale.trim() === '')
          tally.except(subject, `Exception ${id} has no rationale.`);
      }
    },
  }),
]);

import {
  currentVersion,
  isDestroyed,
  originatorEnd,
  purposeOf,
  recipientEnd,
  rotatesItself,
  rotationDue,
  versionOf,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import type { KeyFacts, KeyUse } from '../population.ts';
import { detectorOf, enteredAt, isInService, ofKey } from './define.ts';
import { dayMillis, dayOf, said } from './known.ts';
import { limits } from './limits.ts';

const yearSeconds = 365 * 86_400;
const minuteMillis = 60_000;

const rotateCommand = ({ id }: Key): string => `claviger key rotate ${id}`;

/** What to do for a successor: material from outside can't be made here. */
function remedyOf(key: Key): string {
  return key.origin === 'imported' && !key.localRotation
    ? `Bring new material: claviger key import, or its owner's own way; or make a key here and protect anew under it`
    : rotateCommand(key);
}

/** Versions that protect for too long. */
export const periodTooLong = detectorOf('period-too-long', ({ at }, tell) => ({
  key({ key }) {
    const version = currentVersion(key);
    const years = limits.originatorYears[purposeOf(key)];
    const isOne = version.state === 'active' || version.state === 'pre-activation';
    if (!isOne || version.cryptoPeriod.originatorSeconds <= years * yearSeconds) return;
    // somebody answers for it, until a day
    const isExcepted = key.periodExtensions?.some(
      ({ version: number, act, until }) => number === version.number && act === 'protect' && until > at,
    );
    if (isExcepted) return;
    const days = Math.round(version.cryptoPeriod.originatorSeconds / 86_400);
    tell({
      ...ofKey(key),
      what: `Key ${key.id} may protect for ${days} days with one version; SP 800-57 knows ${years * 365} at most for keys that are to ${key.usage}.`,
      remedy: rotateCommand(key),
      since: version.activatedAt,
    });
  },
}));

/** Which part of what a version may protect is spent, by operations or bytes, 0 to 1 and more. */
function spentShare({ number, cryptoPeriod }: KeyVersion, counts: KeyFacts['counts']): number {
  const { operationsMax, bytesMax } = cryptoPeriod;
  if (operationsMax === null && bytesMax === null) return 0;
  const used = counts.find(({ version }) => version === number);
  if (!used) return 0;
  return Math.max(operationsMax ? used.operations / operationsMax : 0, bytesMax ? used.bytes / bytesMax : 0);
}

const ended: ReadonlySet<string> = new Set(['originator-period-over', 'usage-limit-reached']);

/** How the newest version of a key in service stands to its end. */
function overdueBy({ key, counts }: KeyFacts, at: Instant): { why: string; since: Instant | null } | null {
  if (key.suspendedAt !== null || key.destruction) return null;
  const version = currentVersion(key);
  const last = version.history.at(-1);
  if (version.state === 'deactivated' && last && ended.has(last.cause)) {
    // after that it is a key that nobody destroys
    if (at - last.at > limits.retention * dayMillis) return null;
    return { why: `came to its end on ${dayOf(last.at)} and protects no more`, since: last.at };
  }
  if (version.state !== 'active') return null;
  const end = rotationDue(key) ?? originatorEnd(version);
  if (end !== null && at - end > limits.rotationGrace * dayMillis)
    return { why: `should have been followed by another on ${dayOf(end)}`, since: end };
  if (spentShare(version, counts) >= 1)
    return { why: 'has protected as much as its crypto-period allows', since: null };
  return null;
}

/** Keys whose successor is late. */
export const rotationOverdue = detectorOf('rotation-overdue', ({ at }, tell) => ({
  key(facts) {
    const overdue = overdueBy(facts, at);
    if (!overdue) return;
    const { key, lastUse } = facts;
    const isUsed = lastUse !== null && at - lastUse.at <= limits.sharing * dayMillis;
    tell({
      ...ofKey(key),
      what: `Version ${currentVersion(key).number} of key ${key.id} ${overdue.why}.`,
      remedy: remedyOf(key),
      since: overdue.since,
      ...(isUsed ? {} : { severity: 'medium' }),
    });
  },
}));

/** Keys that near their end and that nothing rotates. */
export const rotationNear = detectorOf('rotation-near', ({ at }, tell) => ({
  key(facts) {
    const { key, counts } = facts;
    if (!isInService(key) || rotatesItself(key)) return;
    const version = currentVersion(key);
    const end = originatorEnd(version);
    const begin = version.activatedAt;
    if (end === null || begin === null || overdueBy(facts, at)) return;
    const byTime = begin + (end - begin) * limits.nearShare;
    const isSpent = spentShare(version, counts) >= limits.nearShare;
    if (at < byTime && !isSpent) return;
    const why = isSpent ? 'has protected most of what it may' : `protects until ${dayOf(end)}`;
    tell({
      ...ofKey(key),
      what: `Version ${version.number} of key ${key.id} ${why}, and nothing rotates it by itself.`,
      remedy: remedyOf(key),
      since: isSpent ? null : byTime,
    });
  },
}));

/** From when on a use should have been refused; null: it is allowed. */
function forbiddenFrom(version: KeyVersion, act: KeyUse['act']): Instant | null {
  const byPeriod = act === 'protect' ? originatorEnd(version) : recipientEnd(version);
  const { state } = version;
  const isForbidden = act === 'protect' ? state !== 'active' : state !== 'active' && state !== 'deactivated';
  const byState = isForbidden ? leftAt(version, act) : null;
  if (byPeriod === null) return byState;
  return byState === null ? byPeriod : Math.min(byPeriod, byState);
}

/** When a version that may not do this came to be so. */
function leftAt({ history }: KeyVersion, act: KeyUse['act']): Instant | null {
  const at = history.findLastIndex(
    ({ state }) => state === 'active' || (act === 'process' && state === 'deactivated'),
  );
  return history[at + 1]?.at ?? null;
}

/** Versions that were used when that was over. */
export const usedAfterEnd = detectorOf('used-after-end', (_known, tell) => ({
  key({ key, uses }) {
    for (const { version: number, act, lastAt, principal } of uses) {
      const version = versionOf(key, number);
      const from = version && forbiddenFrom(version, act);
      if (!from || lastAt <= from + limits.clockMinutes * minuteMillis) continue;
      tell({
        ...ofKey(key),
        what: `Version ${number} of key ${key.id} was used on ${dayOf(lastAt)} by ${said(principal)} to ${act}, which was over since ${dayOf(from)}.`,
        remedy: `Look at what happened: claviger audit list --key ${key.id}; then claviger key rotate ${key.id}, and claviger audit verify`,
        since: lastAt,
      });
      return;
    }
  },
}));

/** Imported keys that never end. */
export const importedWithoutEnd = detectorOf('imported-without-end', (_known, tell) => ({
  key({ key }) {
    if (key.origin !== 'imported' || !isInService(key) || rotatesItself(key)) return;
    if (key.imported?.isPresent === false || (key.imported?.expiresAt ?? null) !== null || key.pending)
      return;
    const version = currentVersion(key);
    if (isDestroyed(version.state) || (version.imported?.expiresAt ?? null) !== null) return;
    tell({
      ...ofKey(key),
      what: `The material of key ${key.id} came from outside, never expires, and nothing is there to follow it.`,
      remedy: `Import it with an end, or say when its successor comes and rotate then: claviger key rotation enable ${key.id} where it may be made here`,
      since: enteredAt(version, (state) => state === 'active') ?? version.createdAt,
    });
  },
}));

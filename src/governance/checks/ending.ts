import { isDestroyed, recipientEnd, type Destruction, type Instant } from '#domain';
import type { Copy } from '#ports';
import type { PopulationHead } from '../population.ts';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf, since, type KeyView } from './key-view.ts';

/** How long a compromised version may be the one that a key has. */
const replacedDaysMax = 3;
/** How long what is over may lie before it is destroyed. */
const lyingDaysMax = 90;

/** Why a destroyed key has no complete proof of its end, or null. */
function missingOf(destruction: Destruction | null): string | null {
  if (!destruction) return 'It is destroyed, and there is no record of how.';
  const opens = destruction.checks.find((check) => check.opens);
  if (opens) return `Node ${opens.node} could open version ${opens.version} afterwards.`;
  if (destruction.step === 'verified' && destruction.execution) return null;
  return `Its destruction is ${destruction.step}, not verified.`;
}

function isEnded({ key }: KeyView): boolean {
  return key.versions.every(({ state }) => isDestroyed(state));
}

/** Whether an escrow holds what opens a key: it was begun before the key's end, and read after its making. */
function holdsKey({ createdAt, detail }: Copy, madeAt: Instant, endedAt: Instant): boolean {
  const read = detail['readUntil'];
  return (typeof read === 'number' ? read : Infinity) >= madeAt && createdAt <= endedAt;
}

/** How many registered copies can open a key that was destroyed. */
function openingCopies({ key, facts }: KeyView, { copies }: PopulationHead): number {
  const endedAt = facts.destruction?.execution?.at ?? Infinity;
  const exports = facts.copies.filter(({ status }) => status !== 'destroyed').length;
  const escrows = copies.filter(
    (copy) => copy.kind === 'escrow' && copy.status !== 'destroyed' && holdsKey(copy, key.createdAt, endedAt),
  ).length;
  return exports + escrows;
}

const destroyed = {
  of: 'destroyed keys',
  empty: ['not-applicable', 'No key was destroyed'],
} as const;

/** Whether keys end as they should: destroyed with proof, replaced after a compromise. */
export const endingChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    ...destroyed,
    id: 'destruction-certified',
    title: 'The end of every destroyed key was verified on every node, so that a certificate can be given.',
    holds: 'the end of each was verified',
    fails: 'no verified destruction',
    judge: (view, tally) => {
      if (!isEnded(view)) return;
      tally.judge();
      const missing = missingOf(view.facts.destruction);
      if (missing) tally.except(view.subject, missing);
    },
    cites: ({ event }) => event.outcome === 'success' && event.operation === 'keys.destroy',
  }),
  keyCheck({
    ...destroyed,
    id: 'destruction-complete',
    title: 'No registered copy can open a destroyed key.',
    holds: 'no registered copy can open any',
    fails: 'registered copies can still open them',
    judge: (view, tally, head) => {
      if (!isEnded(view)) return;
      tally.judge();
      const open = openingCopies(view, head);
      if (open > 0)
        tally.except(view.subject, `${open} registered ${open === 1 ? 'copy' : 'copies'} can still open it.`);
    },
  }),
  keyCheck({
    id: 'ended-destroyed',
    title: `What may not be used any more is destroyed within ${lyingDaysMax} days.`,
    of: 'versions whose recipient-usage period is over',
    holds: 'each is destroyed, or is to be',
    fails: `there still, ${lyingDaysMax} days after the end of the recipient-usage period`,
    empty: ['not-applicable', 'No version has reached the end of a recipient-usage period'],
    judge: ({ key, subject }, tally, { at }) => {
      for (const version of key.versions) {
        const end = recipientEnd(version);
        if (end === null || end > at) continue;
        tally.judge();
        if (!isDestroyed(version.state) && !key.destruction && at - end > lyingDaysMax * dayMillis)
          tally.except(
            subject,
            `Version ${version.number} is ${version.state}; its period ended on ${dayOf(end)}.`,
          );
      }
    },
  }),
  keyCheck({
    id: 'compromise-handled',
    title: `Every compromised version was replaced, or set to be destroyed, within ${replacedDaysMax} days.`,
    of: 'compromised versions',
    holds: `each was replaced or set to be destroyed within ${replacedDaysMax} days`,
    fails: `not replaced within ${replacedDaysMax} days`,
    empty: ['not-applicable', 'No version was reported as compromised'],
    judge: ({ key, subject }, tally, { at }) => {
      for (const version of key.versions) {
        const reported = since(version, 'compromised');
        if (reported === null) continue;
        tally.judge();
        const next = key.versions.find(({ number }) => number > version.number);
        const ended = since(version, 'destroyed-compromised') ?? key.destruction?.requestedAt ?? Infinity;
        const handled = Math.min(next?.createdAt ?? Infinity, ended);
        if (Math.min(handled, at) - reported > replacedDaysMax * dayMillis)
          tally.except(
            subject,
            `Version ${version.number} was reported on ${dayOf(reported)} and ${handled === Infinity ? 'is not replaced' : `replaced on ${dayOf(handled)}`}.`,
          );
      }
    },
    cites: ({ event }) => event.outcome === 'success' && event.operation === 'keys.report-compromise',
  }),
]);

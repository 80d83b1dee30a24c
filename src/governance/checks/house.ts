import type { Instant } from '#domain';
import type { Copy } from '#ports';
import type { KeyFacts, PopulationHead } from '../population.ts';
import { attestationOf, needed } from './attested.ts';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf, viewerOf, yearMillis } from './key-view.ts';
import { newTally } from './tally.ts';

const backupDaysMax = 35;

/** Certificates of FIPS 140-2 are all historical from this day on. */
const end1402: Instant = Date.UTC(2026, 8, 21);

/** A number as the validation programme gives them: `#4985`, `certificate 4985`, `No. 4985`. */
const certificateNumber = /(?:#|\b(?:certificate|cert\.|no\.|number)\s*#?\s*)(\d{4,5})\b/i;
/** What a certificate is that is none any more. */
const isOver = /\b(?:historical|revoked|expired|withdrawn|not active)\b/i;

/** The validated module: never passed without the number of its certificate. */
const fipsModule: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'fips-module',
  version: 1,
  title: 'A cryptographic module with an active FIPS 140-3 certificate does the cryptography.',
  method: 'TEST',
  begin: (head: PopulationHead) => ({
    result: () => {
      const base = {
        population: 1,
        exceptions: [],
        exceptionsTotal: 0,
        evidence: [{ kind: 'population' }],
      } as const;
      const failed = (why: string) =>
        ({
          ...base,
          outcome: 'fail',
          reason: why,
          exceptions: [{ subject: 'module', why }],
          exceptionsTotal: 1,
        }) as const;
      if (head.fips === null)
        return failed('The server does not run in FIPS mode: no validated module does the cryptography.');
      const stated = attestationOf(head, 'fips-certificate');
      const text = stated ? `${stated.statement} ${stated.reference ?? ''}` : '';
      const number = certificateNumber.exec(text)?.[1];
      if (!stated || !number)
        return {
          ...base,
          outcome: 'manual',
          reason: `The server says: ${head.fips}. Needed: ${needed(head, 'fips-certificate')}`,
        };
      if (!text.includes('140-3') && head.at >= end1402)
        return failed(
          `Certificate ${number} is not of FIPS 140-3; those of 140-2 are historical since ${dayOf(end1402)}.`,
        );
      if (isOver.test(text)) return failed(`Certificate ${number} is not active: "${stated.statement}".`);
      return {
        ...base,
        outcome: 'pass',
        reason: `The server says: ${head.fips}. ${stated.by} stated certificate ${number}: "${stated.statement}".`,
        evidence: [...base.evidence, { kind: 'attestation', id: stated.id }],
      };
    },
  }),
});

/** Roots that are nowhere beside the store. */
const apart: ReadonlySet<string> = new Set(['pkcs11', 'shamir', 'aws-kms', 'vault-transit', 'external-kms']);

const rootApart: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'root-apart',
  version: 1,
  title: 'The key that wraps all others is kept apart from what it wraps.',
  method: 'TEST',
  begin: (head: PopulationHead) => ({
    result: () => {
      const base = {
        population: 1,
        exceptions: [],
        exceptionsTotal: 0,
        evidence: [{ kind: 'population' }],
      } as const;
      if (apart.has(head.root))
        return {
          ...base,
          outcome: 'pass',
          reason: `The root of trust is ${head.root}: the root key is not beside the store.`,
        };
      if (head.root === 'passphrase') {
        const stated = attestationOf(head, 'root-custody');
        if (!stated)
          return {
            ...base,
            outcome: 'manual',
            reason: `A passphrase opens the root key. Needed: ${needed(head, 'root-custody')}`,
          };
        return {
          ...base,
          outcome: 'pass',
          reason: `A passphrase opens the root key; ${stated.by} stated: "${stated.statement}".`,
          evidence: [...base.evidence, { kind: 'attestation', id: stated.id }],
        };
      }
      const why = `The root of trust is ${head.root}: the root key is not known to be kept apart from the store.`;
      return {
        ...base,
        outcome: 'fail',
        reason: why,
        exceptions: [{ subject: `root:${head.root}`, why }],
        exceptionsTotal: 1,
      };
    },
  }),
});

type Kept = { readonly id: string; readonly title: string; readonly kind: Copy['kind'] };

/** A whole, recent copy of a kind for the living keys that the stores hold. */
function recentCopy({ id, title, kind }: Kept): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version: 1,
    title,
    method: 'TEST',
    begin: (head: PopulationHead) => {
      const viewOf = viewerOf(head);
      const tally = newTally();
      tally.cite({ kind: 'population' });
      const newest = head.copies
        .filter((copy) => copy.kind === kind && copy.status === 'live' && copy.detail['readUntil'] !== null)
        .reduce<Copy | null>((last, copy) => (last && last.createdAt >= copy.createdAt ? last : copy), null);
      const isOld = newest !== null && head.at - newest.createdAt > backupDaysMax * dayMillis;
      return {
        key: (facts: KeyFacts) => {
          const { key, isLiving, subject } = viewOf(facts);
          if (!isLiving || key.tier === 'hsm') return;
          tally.judge();
          if (newest === null) tally.except(subject, `There is no ${kind}.`);
          else if (isOld) tally.except(subject, `The newest ${kind} is of ${dayOf(newest.createdAt)}.`);
        },
        result: () =>
          tally.result({
            of: 'living keys that the stores hold',
            holds: newest ? `the newest ${kind} is of ${dayOf(newest.createdAt)}` : '',
            fails: newest
              ? `the newest ${kind} is of ${dayOf(newest.createdAt)}, older than ${backupDaysMax} days`
              : `there is no ${kind}`,
            empty: ['no-data', 'No living key is held by the stores'],
          }),
      };
    },
  });
}

/** What stands behind all keys: the module, the root, the copies for bad days. */
export const houseChecks: readonly LibraryCheck[] = Object.freeze([
  fipsModule,
  rootApart,
  recentCopy({
    id: 'backup-recent',
    title: `There is a backup that is not older than ${backupDaysMax} days.`,
    kind: 'backup',
  }),
  recentCopy({
    id: 'escrow-recent',
    title: `There is an escrow of what opens the keys that is not older than ${backupDaysMax} days.`,
    kind: 'escrow',
  }),
  keyCheck({
    id: 'recovery-proven',
    title: 'A drill recovered every key of more than a year within the last year.',
    of: 'living keys that the stores hold and that are a year old',
    holds: 'a drill recovered each within the year',
    fails: 'no drill recovered them within the year',
    empty: ['not-applicable', 'The stores hold no living key that is a year old'],
    judge: ({ key, subject, isLiving }, tally, { at }) => {
      if (!isLiving || key.tier === 'hsm' || at - key.createdAt <= yearMillis) return;
      tally.judge();
      const proven = key.provenRecoverableAt;
      if (proven === undefined) tally.except(subject, 'No drill ever recovered it.');
      else if (at - proven > yearMillis)
        tally.except(subject, `The last drill that recovered it was on ${dayOf(proven)}.`);
    },
    cites: ({ event }) => event.outcome === 'success' && event.operation === 'recovery.record-drill',
  }),
]);

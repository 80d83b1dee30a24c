import type { Instant } from '#domain';
import { attestationSubjects, type AttestationSubjectId } from '../attestation-subjects.ts';
import type { Attestation, PopulationHead } from '../population.ts';
import type { LibraryCheck } from './key-check.ts';
import { dayOf, yearMillis } from './key-view.ts';

/** The newest attestation of a subject that holds at the moment of the population; null: there is none. */
export function attestationOf(
  { attestations, at }: PopulationHead,
  subject: AttestationSubjectId,
): Attestation | null {
  return attestations.reduce<Attestation | null>(
    (best, one) => (holds(one, subject, at) && (best === null || isNewer(one, best)) ? one : best),
    null,
  );
}

/** Whether it is about a subject, was stated by now, is not over, and is not older than its subject lets it be. */
export function holds(one: Attestation, subject: AttestationSubjectId, at: Instant): boolean {
  const { monthsMax } = attestationSubjects[subject];
  return (
    one.subject === subject && one.at <= at && at < one.until && at - one.at <= (monthsMax / 12) * yearMillis
  );
}

function isNewer(a: Attestation, b: Attestation): boolean {
  return a.at === b.at ? a.id < b.id : a.at > b.at;
}

/** What is missing where no attestation holds: two sentences, of which the first one began before. */
export function needed(head: PopulationHead, subject: AttestationSubjectId): string {
  const { shows, monthsMax } = attestationSubjects[subject];
  const last = head.attestations
    .filter((one) => one.subject === subject)
    .reduce((latest, { until }) => Math.max(latest, until), 0);
  const ended = last > 0 && last <= head.at ? ` (the last one ended on ${dayOf(last)})` : '';
  return `an attestation "${subject}" of the last ${monthsMax} months${ended}. To be shown: ${shows}`;
}

type Attested = {
  readonly id: string;
  readonly subject: AttestationSubjectId;
  readonly title: string;
  readonly method: 'EXAMINE' | 'INTERVIEW';
};

/** A check that a person stated something, of which a machine sees no more. */
function attested({ id, subject, title, method }: Attested): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version: 1,
    title,
    method,
    begin: (head: PopulationHead) => ({
      result: () => {
        const found = attestationOf(head, subject);
        return {
          outcome: found ? 'pass' : 'manual',
          reason: found
            ? `${found.by} stated on ${dayOf(found.at)}: "${found.statement}" (holds until ${dayOf(found.until)}).`
            : `Needed: ${needed(head, subject)}`,
          population: found ? 1 : 0,
          exceptions: [],
          exceptionsTotal: 0,
          evidence: found ? [{ kind: 'attestation', id: found.id }] : [],
        };
      },
    }),
  });
}

type Stated = readonly [subject: AttestationSubjectId, title: string, method?: 'INTERVIEW'];

/** One check for each subject of which nothing else is asked than that it is stated. */
export const attestedChecks: readonly LibraryCheck[] = Object.freeze(
  (
    [
      ['account-data-hashes', 'Hashes of account numbers are keyed.'],
      ['change-procedure', 'Cryptographic changes go through a procedure.'],
      ['cipher-suite-review', 'Cipher suites, protocols and algorithms are reviewed every year.'],
      ['cost-benefit-review', 'Costs and benefits of cryptographic changes are weighed.'],
      ['crypto-architecture', 'The cryptographic architecture is written down.'],
      ['crypto-policy', 'A policy on cryptography is in force.'],
      ['custodian-departure', 'What departed custodians knew was replaced.', 'INTERVIEW'],
      ['customer-guidance', 'Customers with whom keys are shared have guidance.', 'INTERVIEW'],
      ['customer-managed-keys', 'Customers can manage their own keys.', 'INTERVIEW'],
      ['data-encryption', 'Data at rest is encrypted.'],
      ['data-inventory', 'Stores of protected data are known, each with the keys that protect it.'],
      ['disk-encryption', 'Disk encryption is not the only protection of account data on fixed media.'],
      ['distribution-procedure', 'Keys are distributed by a procedure.'],
      ['encryption-decision', 'The decision on encryption is written down.'],
      ['incident-procedure', 'There is a procedure for compromised keys.'],
      ['key-audit', 'Key management is audited.'],
      ['key-management-procedure', 'Procedures cover the whole life of keys.'],
      ['key-transport', 'Keys and shares travel by protected ways.', 'INTERVIEW'],
      ['legal-access', 'Demands of authorities are handled by a procedure.', 'INTERVIEW'],
      ['log-review', 'Records of key use are reviewed.', 'INTERVIEW'],
      ['module-policy', 'The module is operated as its security policy says.'],
      ['physical-security', 'Machines, devices, shares and backups are protected physically.', 'INTERVIEW'],
      ['reconciliation', 'The inventory of keys and certificates is compared with what is in use.'],
      ['record-keeping', 'Policies, procedures and records are kept for six years.'],
      ['risk-assessment', 'The risks of cryptography and key management are assessed.'],
      ['roles-assigned', 'Roles in key management are assigned.', 'INTERVIEW'],
      ['storage-procedure', 'Keys, and what opens them, are stored by a procedure.'],
      ['substitution-procedure', 'Keys that nobody authorised are kept out by a procedure.'],
      ['transit-encryption', 'Connections are encrypted with strong protocols.'],
    ] satisfies readonly Stated[]
  ).map(([subject, title, method]: Stated) =>
    attested({ id: `stated-${subject}`, subject, title, method: method ?? 'EXAMINE' }),
  ),
);

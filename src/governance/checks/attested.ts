import type { Instant } from '#domain';
import type { Attestation, PopulationHead } from '../population.ts';
import type { LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf } from './key-view.ts';

/** Subjects of attestations that checks ask for: what a person states who states it. */
export const attestationSubjects = Object.freeze({
  __proto__: null as never,
  'account-data-protection': 'which stores hold account data, and by which method each makes it unreadable',
  'account-data-hashes':
    'that hashes of account numbers are keyed over the whole number, and with which keys',
  'certificate-inventory':
    'that the inventory of trusted keys and certificates is current, and when it was reconciled',
  'change-procedure': 'the procedure by which cryptographic changes are proposed, reviewed and approved',
  'cost-benefit-review': 'what cryptographic changes cost and bring, as it was weighed',
  'crypto-architecture':
    'the description of the cryptographic architecture, with algorithms, keys, strengths and devices',
  'crypto-inventory-review':
    'that cipher suites, protocols and algorithms in use were reviewed, with the plan for weak ones',
  'crypto-policy': 'the policy on cryptography and key management that management approved',
  'custodian-acknowledgement': 'that the custodian understands and accepts the duties of a key custodian',
  'customer-guidance': 'the guidance for customers with whom keys are shared, and to whom it was given',
  'customer-managed-keys': 'that customers can manage their own data-encryption keys, and how',
  'custodian-departure': 'that keys and parts which departed custodians knew were replaced',
  'data-encryption': 'which stores and connections are encrypted, and which keys protect each',
  'disk-encryption':
    'where disk encryption is used, and that its keys are not tied to accounts of the operating system',
  'encryption-decision': 'the decision on encryption as an addressable specification, with its reasons',
  'fips-certificate':
    'number and status of the validation certificate of the cryptographic module (as #4985, 140-3, active)',
  'imported-key-generation': 'how and where keys that were brought from outside were generated',
  'incident-procedure':
    'the procedure for keys that are suspected to be compromised, and when it was exercised',
  'key-audit': 'that encryption and key management were audited, by whom and with what result',
  'key-ceremony':
    'the signed record of each operation on key material in the clear, with those who took part',
  'key-distribution': 'the procedure by which keys are distributed, and who may receive them',
  'key-management-procedures':
    'the procedures for generation, distribution, storage, change, end and destruction of keys',
  'key-storage':
    'where keys and what opens them are kept, in how few places and by how few, with nothing beside the data',
  'legal-access': 'how demands of authorities for keys or plaintext are handled',
  'log-review': 'that records of key use were reviewed, how often and by whom',
  'module-policy': 'that the module is operated as its security policy says',
  'quantum-migration': 'the plan by which keys that a quantum computer breaks are replaced',
  'record-keeping': 'that policies, procedures and records are kept for six years',
  'risk-assessment': 'the assessment of the risks of cryptography and key management',
  'roles-assigned': 'who holds which role in key management',
  'root-custody':
    'where the passphrase or the shares of the root key are kept, and that nobody can use them alone',
  'system-boundary': 'the physical and logical boundary of the module and how it is protected',
  'transit-encryption': 'that connections are encrypted, by which protocols and suites',
});

export type AttestationSubject = Exclude<keyof typeof attestationSubjects, '__proto__'>;

const ageDaysMax = 365;

/** The newest attestation of a subject that holds at the moment of the population; null: there is none. */
export function attestationOf(
  { attestations, at }: PopulationHead,
  subject: AttestationSubject,
): Attestation | null {
  return attestations.reduce<Attestation | null>(
    (best, one) => (holds(one, subject, at) && (best === null || isNewer(one, best)) ? one : best),
    null,
  );
}

/** Whether it is about a subject, was stated by now, is not over, and is not older than a year. */
export function holds(one: Attestation, subject: AttestationSubject, at: Instant): boolean {
  return one.subject === subject && one.at <= at && at < one.until && at - one.at <= ageDaysMax * dayMillis;
}

function isNewer(a: Attestation, b: Attestation): boolean {
  return a.at === b.at ? a.id < b.id : a.at > b.at;
}

/** What is missing where no attestation holds: the end of a sentence. */
export function needed(head: PopulationHead, subject: AttestationSubject): string {
  const what = `an attestation "${subject}" of the last ${ageDaysMax} days that states ${attestationSubjects[subject]}`;
  const last = head.attestations
    .filter((one) => one.subject === subject)
    .reduce((latest, { until }) => Math.max(latest, until), 0);
  return last > 0 && last <= head.at ? `${what} (the last one ended on ${dayOf(last)}).` : `${what}.`;
}

type Attested = {
  readonly id: string;
  readonly subject: AttestationSubject;
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

/** One check for each subject of which nothing else is asked than that it is stated. */
export const attestedChecks: readonly LibraryCheck[] = Object.freeze(
  (
    [
      [
        'account-data-protection',
        'Stores of account data are known, each with the method that makes it unreadable.',
      ],
      ['account-data-hashes', 'Hashes of account numbers are keyed.'],
      ['certificate-inventory', 'The inventory of trusted keys and certificates is kept current.'],
      ['change-procedure', 'Cryptographic changes go through a procedure.'],
      ['cost-benefit-review', 'Costs and benefits of cryptographic changes are weighed.'],
      ['crypto-architecture', 'The cryptographic architecture is written down.'],
      ['crypto-inventory-review', 'Cipher suites, protocols and algorithms are reviewed every year.'],
      ['crypto-policy', 'A policy on cryptography is in force.'],
      ['custodian-departure', 'What departed custodians knew was replaced.', 'INTERVIEW'],
      ['customer-guidance', 'Customers with whom keys are shared have guidance.', 'INTERVIEW'],
      ['customer-managed-keys', 'Customers can manage their own keys.', 'INTERVIEW'],
      ['data-encryption', 'Data at rest and in transit is encrypted.'],
      ['disk-encryption', 'Disk encryption is not the only protection of account data on fixed media.'],
      ['encryption-decision', 'The decision on encryption is written down.'],
      ['incident-procedure', 'There is a procedure for compromised keys.'],
      ['key-audit', 'Key management is audited.'],
      ['key-distribution', 'Keys are distributed by a procedure.'],
      ['key-management-procedures', 'Procedures cover the whole life of keys.'],
      ['key-storage', 'Keys, and what opens them, are stored by a procedure.'],
      ['legal-access', 'Demands of authorities are handled by a procedure.', 'INTERVIEW'],
      ['log-review', 'Records of key use are reviewed.', 'INTERVIEW'],
      ['module-policy', 'The module is operated as its security policy says.'],
      ['record-keeping', 'Policies, procedures and records are kept for six years.'],
      ['risk-assessment', 'The risks of cryptography and key management are assessed.'],
      ['roles-assigned', 'Roles in key management are assigned.', 'INTERVIEW'],
      ['system-boundary', 'Boundary and physical protection of the module are described.'],
      ['transit-encryption', 'Connections are encrypted with strong protocols.'],
    ] as const satisfies readonly (readonly [AttestationSubject, string, 'INTERVIEW'?])[]
  ).map(([subject, title, method]) =>
    attested({ id: `stated-${subject}`, subject, title, method: method ?? 'EXAMINE' }),
  ),
);

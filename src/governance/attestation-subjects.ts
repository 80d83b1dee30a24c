/** What persons state of a subject, because no machine can see it. */
export type AttestationSubject = {
  /** Some requirements that ask for it, as PCI DSS 4.0.1 counts them where it has them, else as the standard that does. */
  readonly requirements: readonly string[];
import { attestationSubjects, type AttestationSubject } from './checks/index.ts';

/** On which terms a statement of a subject is taken. */
export type AttestationTerms = {
  /** What it must show, in words for who states it. */
  readonly shows: string;
  /** Who states it: each custodian for themselves, or one person for all. */
  readonly by: 'each custodian' | 'one responsible person';
  /** For how many months it holds at most. */
  readonly monthsMax: number;
  /** A document has to be named, with its SHA-256. */
  readonly needsDocument: boolean;
};

/** Statements about a written document: which one it was has to be seen afterwards. */
const ofDocuments: ReadonlySet<AttestationSubject> = new Set([
  'crypto-architecture',
  'crypto-policy',
  'custodian-acknowledgement',
  'customer-guidance',
  'incident-procedure',
  'key-distribution',
  'key-management-procedures',
]);

const withDocument = { needsDocument: true } as const;

/**
 * Everything that can be attested, by the id under which checks ask for it. A statement of another subject is refused: nothing would ever ask for it.
 */
//= pci-dss-4.0.1 3.5 to 3.7, 10.4.1, 12.3.3, 12.10
export const attestationSubjects = Object.freeze({
  'custodian-acknowledgement': subject(
    ['3.7.8'],
    'That the custodian has read the present key-management procedures, understands what a custodian answers for, and accepts it.',
    { ...withDocument, by: 'each custodian' },
  ),
  'crypto-policy': subject(
    ['3.5.1', '3.6.1'],
    'That there is a policy of which cryptography is used for what, who approved it and when, and that it is the present one.',
    withDocument,
  ),
  'key-management-procedure': subject(
    ['3.6.1', '3.7.1', '3.7.4', '3.7.5'],
    'That there are written procedures for generating, distributing, storing, changing, retiring and destroying keys, and that people know and follow them.',
    withDocument,
  ),
  'distribution-procedure': subject(
    ['3.7.2'],
    'How keys are given out: to whom, by which wrap or in which parts, never in clear, and who has seen to it.',
    withDocument,
  ),
  'storage-procedure': subject(
    ['3.7.3', '3.6.1.3', '3.6.1.4'],
    'Where keys and what opens them are kept, in how few places and by how few custodians, with nothing beside the data.',
    withDocument,
  ),
  'split-knowledge-procedure': subject(
    ['3.7.6'],
    'How keys are handled by hand in clear, if ever: in parts that alone say nothing, by two persons at least, neither of whom knows the whole.',
    withDocument,
  ),
  'substitution-procedure': subject(
    ['3.7.7'],
    'How keys that nobody authorised are kept from taking the place of others.',
    withDocument,
  ),
  'customer-guidance': subject(
    ['3.7.9'],
    'That customers who share keys have been given guidance on sending, storing and updating them.',
    withDocument,
  ),
  'incident-procedure': subject(
    ['3.7.5', '12.10'],
    'What is done when a key is known or suspected to be in wrong hands, who does it, and when it was last practised.',
    withDocument,
  ),
  'custodian-departure': subject(
    ['3.7.5'],
    'That the keys and parts which custodians knew who have left, or have changed their duty, were replaced.',
  ),
  'crypto-architecture': subject(
    ['3.6.1.1'],
    'That the description of the cryptographic architecture is complete, and says what is there.',
    withDocument,
  ),
  'disk-encryption': subject(
    ['3.5.1.2', '3.5.1.3'],
    'Where disks or partitions are encrypted as a whole, that this is on removable media alone, or besides another encryption, with access that the system does not decide.',
  ),
  'cipher-suite-review': subject(
    ['12.3.3'],
    'That the protocols and cipher suites in use were looked through, what was found weak, and what is planned against it.',
    withDocument,
  ),
  reconciliation: subject(
    ['3.6.1.1', '4.2.1.1'],
    'That the inventory of keys and certificates was compared with what is really in use, and what was found.',
    { ...withDocument, monthsMax: 12 },
  ),
  'physical-security': subject(
    ['3.6.1.2', '3.7.3'],
    'Where the machines, devices, shares and backups are, who can come to them, and when that was last looked at.',
  ),
  'key-transport': subject(
    ['4.2.1'],
    'By which protected ways keys and shares travel outside the house, and how their arrival is made sure of.',
  ),
  'data-inventory': subject(
    ['3.2.1', '3.5.1'],
    'Which stores hold the data that keys protect, and which key protects which store.',
    withDocument,
  ),
  'account-data-hashes': subject(
    ['3.5.1.1'],
    'That hashes which hide account numbers are keyed over the whole number, and with which keys of the inventory.',
  ),
  'data-encryption': subject(
    ['3.5.1', 'CEK-03', 'CC6.1'],
    'Which data at rest is encrypted, and which keys protect each store.',
  ),
  'transit-encryption': subject(
    ['4.2.1', '164.312(e)(1)', 'CEK-03'],
    'That connections are encrypted, by which protocols and cipher suites.',
  ),
  'encryption-decision': subject(
    ['164.312(a)(2)(iv)', '164.312(e)(2)(ii)'],
    'What was decided of encryption where it is an addressable specification, with the reasons.',
    withDocument,
  ),
  'imported-key-generation': subject(
    ['3.7.1', 'CEK-10'],
    'How and where keys that were brought from outside were generated.',
  ),
  'log-review': subject(
    ['10.4.1', '164.312(b)', 'CC7.2'],
    'That the records of what was done with keys are reviewed, how often, and by whom.',
  ),
  'record-keeping': subject(
    ['164.316(b)(2)(i)'],
    'That policies, procedures and records are kept for six years.',
  ),
  'roles-assigned': subject(
    ['3.7.8', 'CEK-02'],
    'Who has which role in the management of keys, and that each knows it.',
  ),
  'change-procedure': subject(
    ['CEK-05', 'A.8.9'],
    'How changes of cryptography are proposed, reviewed, approved and carried out.',
    withDocument,
  ),
  'cost-benefit-review': subject(
    ['CEK-06'],
    'What changes of cryptography cost and bring, as it was weighed.',
  ),
  'risk-assessment': subject(
    ['CEK-07', 'CEK-20'],
    'What can go wrong with cryptography and keys, that of losing keys among it, and what is done about it.',
    withDocument,
  ),
  'customer-managed-keys': subject(
    ['CEK-08'],
    'That customers can manage the keys of their own data, and how.',
  ),
  'key-audit': subject(
    ['CEK-09', 'SP 800-57 9.4'],
    'That cryptography and key management were audited, by whom and with what result.',
    withDocument,
  ),
  'quantum-migration': subject(
    ['12.3.3', 'CEK-06'],
    'By when and how keys that a quantum computer breaks are replaced.',
  ),
  'legal-access': subject(
    ['A.8.24'],
    'How demands of authorities for keys or for what they protect are handled.',
  ),
  'fips-certificate': subject(
    ['FIPS 140-3'],
    'Number and status of the certificate of the cryptographic module, as in: certificate #4985, FIPS 140-3, active.',
  ),
  'module-policy': subject(
    ['FIPS 140-3 7.2', 'FIPS 140-3 7.6'],
    'That the cryptographic module runs as its security policy says, in an environment that was validated.',
  ),
} satisfies Readonly<Record<string, AttestationSubject>>);

export type AttestationSubjectId = keyof typeof attestationSubjects;
/** The ids of all subjects, ordered. */
export const attestationSubjectIds = Object.freeze(
  Object.keys(attestationSubjects).toSorted(),
) as readonly AttestationSubject[];

/** The terms of every subject that checks ask for; a statement of another one is refused: nothing would ever ask for it. */
//= pci-dss-4.0.1 3.7.8: acknowledgements are renewed every twelve months
export const attestationTerms: Readonly<Record<AttestationSubject, AttestationTerms>> = Object.freeze(
  Object.fromEntries(
    attestationSubjectIds.map((subject): [AttestationSubject, AttestationTerms] => [
      subject,
      Object.freeze({
        shows: attestationSubjects[subject],
        by: subject === 'custodian-acknowledgement' ? 'each custodian' : 'one responsible person',
        monthsMax: 12,
        needsDocument: ofDocuments.has(subject),
      }),
    ]),
  ) as Record<AttestationSubject, AttestationTerms>,
);

export const statementMax = 2000;
export const referenceMax = 500;

/** The command by which somebody states something of a subject. */
export function attestCommand(subject: AttestationSubject): string {
  const document = attestationTerms[subject].needsDocument ? ' --document FILE --reference TEXT' : '';
  return `claviger attest add ${subject} --statement TEXT${document}`;
}

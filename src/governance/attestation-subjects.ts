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

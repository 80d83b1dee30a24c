import type { Instant } from '#domain';

/** What can fall due; the order is that in which they are told where they fall on the same moment. */
export const deadlineKinds = [
  'destruction',
  'originator-period-ends',
  'rotation',
  'recipient-period-ends',
  'imported-material-expires',
  'period-exception-ends',
  'credential-expires',
  'certificate-ends',
  'attestation-ends',
] as const;
export type DeadlineKind = (typeof deadlineKinds)[number];

/** A moment after which something is not as it was before. */
export type Deadline = {
  readonly kind: DeadlineKind;
  readonly at: Instant;
  /** What it is about, the same in each run: `key:ID/VERSION`, `credential:ID`, `attestation:ID` ... */
  readonly subject: string;
  /** Null: of the whole house. */
  readonly environment: string | null;
  /** What people call it. */
  readonly name: string;
  /** Who answers for it; null: nobody is named. */
  readonly owner: string | null;
  /** One sentence: what ends or begins. */
  readonly what: string;
  /** What the server does by itself; null: nothing. */
  readonly byItself: string | null;
  /** What a person has to do; null: nothing. */
  readonly todo: string | null;
  /** The command of it. */
  readonly command: string | null;
};

/** A deadline before it is told: most of a large population never are. */
export type Candidate = Pick<Deadline, 'kind' | 'at' | 'subject'> & {
  readonly tell: () => Omit<Deadline, 'kind' | 'at' | 'subject'>;
};

/** A word of a command, so that a shell takes it for one. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import { attestCommand } from '../attestation-subjects.ts';
import type { AttestationSubject } from '../checks/index.ts';
import type { Attestation, PopulationHead } from '../population.ts';
import { dayOf, type Gaps } from './document.ts';

/** The statements of a subject that hold, the one that holds longest first. */
export function statementsOf(head: PopulationHead, subject: AttestationSubject): readonly Attestation[] {
  return head.attestations
    .filter((each) => each.subject === subject && each.until > head.at)
    .toSorted((a, b) => b.until - a.until || (a.id < b.id ? -1 : 1));
}

/** Where the document of a statement is, with what identifies it. */
export function referenceText({ reference, sha256 }: Attestation): string {
  if (reference === null) return 'no document is named';
  return sha256 ? `${reference} (SHA-256 ${sha256})` : reference;
}

/** A statement of a subject in a sentence; where none holds, a mark and a line among what is missing. */
export function stated(
  head: PopulationHead,
  subject: AttestationSubject,
  about: { readonly gaps: Gaps; readonly what: string },
): string {
  const [newest] = statementsOf(head, subject);
  const text =
    newest &&
    `${about.what}: ${newest.statement} Stated by ${newest.by} on ${dayOf(newest.at)}, until ${dayOf(newest.until)}; document: ${referenceText(newest)}.`;
  return about.gaps.need(text, `${about.what}: nobody has stated it (${attestCommand(subject)})`);
}

/** What is said of every document as a whole. */
export function aboutOf(head: PopulationHead, keys: number, gaps: Gaps): [string, string][] {
  const { log } = head;
  const position = log && `${log.origin}, ${log.size} events, root ${log.root}`;
  return [
    ['As of', new Date(head.at).toISOString()],
    ['Written by', head.software],
    ['Environments', head.environments.map(({ name }) => name).join(', ')],
    ['Keys', `${keys}`],
    ['Log', gaps.need(position, 'The place in the audit log for which this holds')],
  ];
}

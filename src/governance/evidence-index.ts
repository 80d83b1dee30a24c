import { createHash } from 'node:crypto';
import type { EvidenceReference } from './check.ts';
import type { ComplianceRun } from './framework.ts';

/** What a run rests on, once, with a short id by which reports speak of it. */
export type EvidenceItem = {
  /** `EV-` and 12 hexadecimal characters: the same event, attestation or population has the same id in every report. */
  readonly id: string;
  readonly reference: EvidenceReference;
  /** One line: what it is and where. */
  readonly what: string;
  /** Checks whose results rest on it, ordered. */
  readonly checks: readonly string[];
  /** Requirements that name those, in the order of the framework. */
  readonly requirements: readonly string[];
};

function wordsOf(run: ComplianceRun, reference: EvidenceReference): string {
  if (reference.kind === 'event')
    return `Event ${reference.id}, number ${reference.index} of the log ${run.log?.origin ?? '(none)'}`;
  if (reference.kind === 'attestation') return `Attestation ${reference.id}`;
  const where = run.log ? `, at size ${run.log.size} of the log ${run.log.origin}` : '';
  return `The whole population: ${run.keys} keys at ${new Date(run.at).toISOString()}${where}`;
}

const kinds = ['population', 'attestation', 'event'] as const;

function precedes(a: EvidenceItem, b: EvidenceItem): number {
  const byKind = kinds.indexOf(a.reference.kind) - kinds.indexOf(b.reference.kind);
  if (byKind !== 0) return byKind;
  if (a.reference.kind === 'event' && b.reference.kind === 'event')
    return a.reference.index - b.reference.index;
  return a.what < b.what ? -1 : 1;
}

/** The id of a reference, as all reports of a run use it. */
export function evidenceId(run: ComplianceRun, reference: EvidenceReference): string {
  return `EV-${createHash('sha256').update(wordsOf(run, reference)).digest('hex').slice(0, 12)}`;
}

/** Everything that a run rests on: the population, then attestations, then events in the order of the log. */
export function evidenceIndex(run: ComplianceRun): readonly EvidenceItem[] {
  const found = new Map<string, { readonly reference: EvidenceReference; readonly checks: Set<string> }>();
  for (const check of run.checks) {
    for (const reference of check.evidence) {
      const id = evidenceId(run, reference);
      const item = found.get(id) ?? { reference, checks: new Set<string>() };
      item.checks.add(check.id);
      found.set(id, item);
    }
  }
  return [...found]
    .map(
      ([id, { reference, checks }]): EvidenceItem => ({
        id,
        reference,
        what: wordsOf(run, reference),
        checks: [...checks].sort(),
        requirements: run.requirements
          .filter((requirement) => requirement.checks.some((check) => checks.has(check)))
          .map((requirement) => requirement.id),
      }),
    )
    .sort(precedes);
}

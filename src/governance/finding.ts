import { createHash } from 'node:crypto';
import type { Instant } from '#domain';
import type { Question } from './evaluate.ts';

/** The seven mistakes of key management that companies make. */
export const mistakes = [
  'key-in-source',
  'shared-across-environments',
  'no-rotation',
  'stored-with-data',
  'no-destruction',
  'shared-key',
  'no-inventory',
] as const;
export type Mistake = (typeof mistakes)[number];

export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** A flaw that somebody should mend, found in one thing. */
export type Finding = {
  /** SHA-256 of detector and subject, hexadecimal: the same flaw has the same id in every run. */
  readonly id: string;
  readonly detector: string;
  readonly mistake: Mistake;
  readonly severity: Severity;
  /** What it was found in, e.g. `key:ID`, `credential:ID`. */
  readonly subject: string;
  readonly environment: string;
  /** One sentence for a reader who knows nothing of it yet: what is wrong. */
  readonly what: string;
  /** What to do about it: a command where there is one. */
  readonly remedy: string;
  /** Since when, as far as is known. */
  readonly since: Instant | null;
  /** Of the last finding of a detector that found more than it lists: how many are not listed. */
  readonly more?: number;
};

export type Detector = Question<readonly Finding[]> & { readonly id: string; readonly mistake: Mistake };

/** The gravest first. */
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** The id of a finding. */
export function findingId(detector: string, subject: string): string {
  return createHash('sha256').update(`${detector}\n${subject}`).digest('hex');
}

import { createHash } from 'node:crypto';
import type { LogEvidence } from '#domain';
import { canonicalJson } from '#encoding';
import type { CeremonyRole } from './roles.ts';

export const transcriptFormat = 'claviger-ceremony-transcript/1';

/** What happened at a ceremony, as it was recorded once and is never changed. Times are ISO 8601 in UTC. */
export type CeremonyRecord = {
  /** UUID. */
  readonly id: string;
  readonly environment: string;
  readonly kind: string;
  /** SHA-256 of the script that was read, hexadecimal. */
  readonly script: string;
  readonly place: string;
  readonly began: string;
  readonly ended: string;
  /** Who has two roles stands twice. */
  readonly attendees: readonly {
    readonly role: CeremonyRole;
    readonly principal: { readonly id: string; readonly name: string };
  }[];
  readonly steps: readonly {
    readonly step: number;
    readonly role: CeremonyRole;
    readonly at: string;
    readonly note: string | null;
  }[];
  /** What was made, e.g. envelopes, backups, public keys. */
  readonly artefacts: readonly { readonly name: string; readonly sha256: string }[];
  readonly deviations: readonly { readonly step: number | null; readonly what: string }[];
  readonly recordedBy: string;
  readonly recordedAt: string;
};

/** An attendee's own word, and where it stands in the log. */
export type Attendance = {
  readonly principal: { readonly id: string; readonly name: string };
  readonly at: string;
  /** The event of it. */
  readonly eventId: string;
  readonly node: string;
  /** Null: the log of that node is on another machine, or has not published it yet. */
  readonly log: LogEvidence | null;
};

/** What is signed: the record, and who has stated that they were there. */
export type CeremonyTranscript = {
  readonly format: typeof transcriptFormat;
  readonly issuedAt: string;
  readonly issuedBy: { readonly node: string; readonly software: string };
  /** `complete`: everybody who was there has stated it. */
  readonly status: 'complete' | 'pending';
  readonly record: CeremonyRecord;
  /** Of the record: what each attendee agreed to. */
  readonly digest: string;
  readonly attendances: readonly Attendance[];
};

/** SHA-256 of a record, hexadecimal: what those who were there agree to. */
export function recordDigest(record: CeremonyRecord): string {
  return createHash('sha256')
    .update(`claviger ceremony record v1\n${canonicalJson(record)}`)
    .digest('hex');
}

/** What is signed of a transcript. */
export function transcriptText(transcript: CeremonyTranscript): string {
  return `${transcriptFormat}\n${canonicalJson(transcript)}\n`;
}

/** Those who were there and have not stated it, by name. */
export function absentOf(
  { attendees }: CeremonyRecord,
  attendances: readonly Pick<Attendance, 'principal'>[],
): readonly string[] {
  const there = new Set(attendances.map(({ principal }) => principal.id));
  const absent = attendees.filter(({ principal }) => !there.has(principal.id));
  return [...new Set(absent.map(({ principal }) => principal.name))];
}

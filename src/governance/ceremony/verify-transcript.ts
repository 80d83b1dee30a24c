import { z } from 'zod';
import { attestationFindings, eventOf, evidenceFindings, type TrustedKeys } from '#audit';
import { ClavigerError } from '#domain';
import { readJsonObject } from '#encoding';
import type { Attestation as Signature } from '#ports';
import { ceremonyRoles, roleFaults } from './roles.ts';
import {
  absentOf,
  recordDigest,
  transcriptFormat,
  transcriptText,
  type Attendance,
  type CeremonyRecord,
  type CeremonyTranscript,
} from './transcript.ts';

/** A transcript with its signatures, as it is handed out. */
export type SignedTranscript = {
  readonly transcript: CeremonyTranscript;
  readonly signatures: readonly Signature[];
};

const text = z.string().max(2048);
const time = z.iso.datetime();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const principal = z.strictObject({ id: text, name: text });
const role = z.enum(ceremonyRoles);
const entriesMax = 1000;

/** The form of a record. */
export const ceremonyRecordShape: z.ZodType<CeremonyRecord> = z.strictObject({
  id: z.uuid(),
  environment: text,
  kind: text,
  script: hash,
  place: text,
  began: time,
  ended: time,
  attendees: z.array(z.strictObject({ role, principal })).max(entriesMax),
  steps: z
    .array(z.strictObject({ step: z.int().min(1), role, at: time, note: text.nullable() }))
    .max(entriesMax),
  artefacts: z.array(z.strictObject({ name: text, sha256: hash })).max(entriesMax),
  deviations: z.array(z.strictObject({ step: z.int().min(1).nullable(), what: text })).max(entriesMax),
  recordedBy: text,
  recordedAt: time,
});

const signedShape = z.strictObject({
  transcript: z.strictObject({
    format: z.literal(transcriptFormat),
    issuedAt: time,
    issuedBy: z.strictObject({ node: text, software: text }),
    status: z.enum(['complete', 'pending']),
    record: ceremonyRecordShape,
    digest: hash,
    attendances: z
      .array(
        z.strictObject({
          principal,
          at: time,
          eventId: text,
          node: text,
          log: z
            .strictObject({
              origin: text,
              index: z.int().min(0),
              entry: z.base64().max(131_072),
              proof: z.array(z.base64().max(128)).max(64),
              checkpoint: z.string().max(16_384),
            })
            .nullable(),
        }),
      )
      .max(entriesMax),
  }),
  signatures: z
    .array(
      z.strictObject({
        kind: z.enum(['ed25519', 'mlDsa44']),
        publicKey: z.base64().max(16_384),
        signature: z.base64().max(16_384),
      }),
    )
    .length(2),
});

/** How large a transcript may be, bytes. */
export const transcriptBytesMax = 4 * 1024 * 1024;

function unreadable(why: string): ClavigerError {
  return new ClavigerError('input-invalid', `This is no transcript of a ceremony: ${why}.`);
}

/** Reads a signed transcript of a stranger, strictly. Throws `input-invalid`. */
export function readTranscript(bytes: Uint8Array): SignedTranscript {
  if (bytes.length > transcriptBytesMax) throw unreadable('it is too large');
  const { value, fault } = readJsonObject(bytes, 16);
  if (fault !== null) throw unreadable(`it is no JSON object (${fault})`);
  const read = signedShape.safeParse(value);
  if (read.success) return read.data;
  throw unreadable(`${read.error.issues[0]?.path.join('.') || 'it'} is not as it must be`);
}

/** What is wrong with a record by itself; none: it is one of a ceremony under dual control. */
export function recordFaults(
  record: Omit<CeremonyRecord, 'id' | 'recordedBy' | 'recordedAt'>,
): readonly string[] {
  const { attendees, steps, deviations, began, ended } = record;
  const faults = [...roleFaults(attendees.map((each) => ({ role: each.role, person: each.principal.name })))];
  const [from, to] = [Date.parse(began), Date.parse(ended)];
  if (from > to) faults.push('it ended before it began');
  if (steps.length === 0) faults.push('it has no steps');
  const roles = new Set(attendees.map((each) => each.role));
  let before = { step: 0, at: from };
  for (const { step, at, role: who } of steps) {
    const moment = Date.parse(at);
    if (step <= before.step) faults.push(`step ${step} does not follow step ${before.step}`);
    if (moment < before.at) faults.push(`step ${step} was done before the one before it, or before it began`);
    if (moment > to) faults.push(`step ${step} was done after it ended`);
    if (!roles.has(who)) faults.push(`step ${step} was done by a ${who}, and none was there`);
    before = { step, at: moment };
  }
  const numbers = new Set(steps.map(({ step }) => step));
  for (const { step } of deviations)
    if (step !== null && !numbers.has(step))
      faults.push(`a deviation is of step ${step}, which was not done`);
  return faults;
}

function attendanceFindings(
  { principal: who, eventId, node, log }: Attendance,
  { record, digest }: CeremonyTranscript,
  trusted: readonly TrustedKeys[],
): readonly string[] {
  const of = (finding: string) => `${who.name}: ${finding}`;
  if (!record.attendees.some((each) => each.principal.id === who.id && each.principal.name === who.name))
    return [of('was not there by the record')];
  // of another node's log: the signature of the transcript alone speaks for it
  if (log === null) return [];
  const findings = evidenceFindings(log, node, trusted).map(of);
  const event = eventOf(log);
  const isIt =
    event !== null &&
    event.operation === 'governance.join-ceremony' &&
    event.outcome === 'success' &&
    event.id === eventId &&
    event.node === node &&
    event.principal === who.name &&
    event.environment === record.environment &&
    event.facts?.['ceremony'] === record.id &&
    event.facts?.['digest'] === digest;
  return isIt ? findings : [...findings, of('the event of the log is not their word about this record')];
}

/**
 * Everything that is wrong with a transcript; none: a node whose keys are trusted recorded it, and those who are named stated by calls of their own that
 * they were there. `script` is the SHA-256 of the script that is at hand.
 */
export function transcriptFindings(
  { transcript, signatures }: SignedTranscript,
  trusted: readonly TrustedKeys[],
  script: string | null = null,
): readonly string[] {
  const { record, digest, attendances, status } = transcript;
  const findings = [
    ...attestationFindings(transcriptText(transcript), signatures, trusted),
    ...recordFaults(record),
    ...attendances.flatMap((each) => attendanceFindings(each, transcript, trusted)),
  ];
  if (recordDigest(record) !== digest) findings.push('the digest is not that of the record');
  if (script !== null && script !== record.script)
    findings.push('the script is another than the one that was read');
  const ids = attendances.map((each) => each.principal.id);
  if (new Set(ids).size < ids.length) findings.push('somebody stated twice that they were there');
  if ((status === 'complete') !== (absentOf(record, attendances).length === 0))
    findings.push('its status is not what the attendances say');
  return findings;
}

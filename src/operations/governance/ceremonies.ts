import { z } from 'zod';
import { newId } from '#crypto';
import { ClavigerError, type Instant } from '#domain';
import {
  absentOf,
  ceremonyRecordShape,
  ceremonyRoles,
  recordDigest,
  recordFaults,
  transcriptFormat,
  transcriptText,
  type Attendance,
  type CeremonyRecord,
  type CeremonyTranscript,
  type SignedTranscript,
} from '#governance';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { page, textLine } from '../inputs.ts';
import type { Caller } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { requirePerson, sha256Text } from './attestations.ts';

const instant = z.int().min(0).max(8_000_000_000_000);
const role = z.enum(ceremonyRoles);
const personName = z.string().min(1).max(256);
const stepNumber = z.int().min(1).max(1000);

const recordInput = z.strictObject({
  /** What it was, e.g. `root-in-shares`. */
  kind: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(64),
  /** SHA-256 of the script that was read. */
  script: sha256Text,
  place: textLine,
  began: instant,
  ended: instant,
  /** Names of principals; who had two roles stands twice. */
  attendees: z
    .array(z.strictObject({ role, principal: personName }))
    .min(1)
    .max(40),
  steps: z
    .array(z.strictObject({ step: stepNumber, role, at: instant, note: textLine.nullable() }))
    .min(1)
    .max(200),
  artefacts: z.array(z.strictObject({ name: textLine, sha256: sha256Text })).max(100),
  deviations: z.array(z.strictObject({ step: stepNumber.nullable(), what: textLine })).max(100),
});
type RecordInput = z.infer<typeof recordInput>;

const storedAttendance = z.strictObject({
  principal: z.strictObject({ id: z.string(), name: z.string() }),
  at: z.int(),
  eventId: z.string(),
  node: z.string(),
});

const stored = z.strictObject({
  /** As it is signed; it is never changed. */
  record: ceremonyRecordShape,
  digest: sha256Text,
  recordedAt: z.int(),
  attendances: z.array(storedAttendance),
});
type StoredCeremony = z.infer<typeof stored>;

const ceremonies = defineCollection<StoredCeremony>('ceremony', stored);

/** Within which time those who were there can say so. */
const joinDays = 30;
const joinMillis = joinDays * 86_400_000;

const timeOf = (at: Instant): string => new Date(at).toISOString();

function refuse(field: string, message: string): never {
  throw new ClavigerError('input-invalid', message, { details: { field } });
}

async function attendeesOf(house: House, caller: Caller, named: RecordInput['attendees']) {
  const { environment } = caller.principal;
  const found: CeremonyRecord['attendees'][number][] = [];
  for (const { role: duty, principal: name } of named) {
    const principal = await house.store.principalByName(environment, name);
    if (!principal || principal.disabled || principal.kind !== 'user')
      refuse('attendees', `${name} is no person of environment ${environment} (a principal of kind user).`);
    found.push({ role: duty, principal: { id: principal.id, name } });
  }
  return found;
}

/** A ceremony as it was recorded, and who has stated that they were there. */
export type Ceremony = {
  readonly record: CeremonyRecord;
  readonly digest: string;
  readonly status: CeremonyTranscript['status'];
  /** Names of those who were there and have not said so. */
  readonly absent: readonly string[];
};

function viewOf({ record, digest, attendances }: StoredCeremony): Ceremony {
  const absent = absentOf(record, attendances);
  return { record, digest, status: absent.length === 0 ? 'complete' : 'pending', absent };
}

function requireSound(record: Parameters<typeof recordFaults>[0]): void {
  const faults = recordFaults(record);
  if (faults.length > 0)
    refuse('attendees', `This was no ceremony under dual control: ${faults.join('; ')}.`);
}

/** Takes down what happened at a ceremony. It is never changed afterwards; those who were there state it by calls of their own. */
export const recordCeremony = defineOperation<RecordInput, Ceremony>({
  name: 'governance.record-ceremony',
  kind: 'manage',
  input: recordInput,
  targets: [],
  permission: 'governance:record-ceremony',
  run: async ({ house, caller, now }, { began, ended, steps, attendees, ...wish }) => {
    requirePerson(caller, 'A ceremony is recorded');
    if (ended > now) refuse('ended', 'A ceremony is recorded when it is over.');
    const { environment, name } = caller.principal;
    const id = newId();
    const record: CeremonyRecord = {
      ...wish,
      id,
      environment,
      began: timeOf(began),
      ended: timeOf(ended),
      attendees: await attendeesOf(house, caller, attendees),
      steps: steps.map((step) => ({ ...step, at: timeOf(step.at) })),
      recordedBy: name,
      recordedAt: timeOf(now),
    };
    requireSound(record);
    const digest = recordDigest(record);
    const content: StoredCeremony = { record, digest, recordedAt: now, attendances: [] };
    return {
      output: viewOf(content),
      changes: [ceremonies.created(environment, id, content)],
      facts: { ceremony: id, digest, kind: record.kind, script: record.script },
    };
  },
});

async function find(house: House, caller: Caller, id: string): Promise<Kept<StoredCeremony>> {
  const found = await ceremonies.find(house, caller.principal.environment, id);
  return found ?? refuse('ceremony', `There is no ceremony ${id}.`);
}

const joinInput = z.strictObject({
  ceremony: z.uuid(),
  /** Of the record that the caller has seen. */
  digest: sha256Text,
});
type JoinInput = z.infer<typeof joinInput>;

/** Takes down that the caller was there, and that it was as the record has it. */
export const joinCeremony = defineOperation<JoinInput, Ceremony>({
  name: 'governance.join-ceremony',
  kind: 'manage',
  input: joinInput,
  targets: [],
  permission: 'governance:join-ceremony',
  run: async ({ house, caller, now }, { ceremony, digest }) => {
    requirePerson(caller, 'A ceremony is joined');
    const before = await find(house, caller, ceremony);
    const { record, digest: known, recordedAt, attendances } = before.content;
    const { id, name } = caller.principal;
    if (digest !== known)
      refuse('digest', `The record of ceremony ${ceremony} is another than this: look at it again.`);
    if (!record.attendees.some(({ principal }) => principal.id === id))
      throw new ClavigerError('access-denied', `By its record, ${name} was not at ceremony ${ceremony}.`);
    const facts = { ceremony, digest };
    if (attendances.some(({ principal }) => principal.id === id)) return { output: viewOf(before.content) };
    if (now > recordedAt + joinMillis)
      refuse('ceremony', `Those who were there say so within ${joinDays} days of its record.`);
    const attendance = {
      principal: { id, name },
      at: now,
      eventId: caller.requestId,
      node: house.log.node,
    };
    const content = { ...before.content, attendances: [...attendances, attendance] };
    return { output: viewOf(content), changes: [ceremonies.replaced(before, content)], facts };
  },
});

async function proven(house: House, { content }: Kept<StoredCeremony>): Promise<Attendance[]> {
  return Promise.all(
    content.attendances.map(async ({ at, ...attendance }) => ({
      ...attendance,
      at: timeOf(at),
      log: await house.log.evidence({ id: attendance.eventId, at, node: attendance.node }),
    })),
  );
}

const showInput = z.strictObject({ ceremony: z.uuid() });
type ShowInput = z.infer<typeof showInput>;

/** The transcript of a ceremony, signed by the keys of the log. It is made anew each time, since its status changes as people join. */
export const showCeremony = defineOperation<ShowInput, SignedTranscript>({
  name: 'governance.show-ceremony',
  kind: 'read',
  input: showInput,
  targets: [],
  permission: 'governance:show-ceremony',
  run: async ({ house, caller, now }, { ceremony }) => {
    const kept = await find(house, caller, ceremony);
    const { record, digest, status } = viewOf(kept.content);
    const transcript: CeremonyTranscript = {
      format: transcriptFormat,
      issuedAt: timeOf(now),
      issuedBy: { node: house.log.node, software: house.software },
      status,
      record,
      digest,
      attendances: await proven(house, kept),
    };
    return {
      output: { transcript, signatures: await house.log.attest(transcriptText(transcript)) },
      facts: { ceremony, digest, status },
    };
  },
});

const listInput = z.strictObject({ page });
type ListInput = z.infer<typeof listInput>;

/** The ceremonies of the caller's environment, ordered by id. */
export const listCeremonies = defineOperation<
  ListInput,
  { readonly ceremonies: readonly Ceremony[]; readonly next: string | null }
>({
  name: 'governance.list-ceremonies',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'governance:list-ceremonies',
  run: async ({ house, caller }, { page: asked }) => {
    const { entries, next } = await pageOf(
      asked,
      (wanted) => ceremonies.list(house, caller.principal.environment, '', wanted),
      ({ document }) => document.id,
    );
    return { output: { ceremonies: entries.map(({ content }) => viewOf(content)), next } };
  },
});

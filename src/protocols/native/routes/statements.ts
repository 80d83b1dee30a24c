import { z } from 'zod';
import { attestationSubjectIds, ceremonyRoles, type CeremonyRecord } from '#governance';
import { operations, type AttestationView, type Ceremony } from '#operations';
import { pageOf, pageQuery } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, next, timeOf } from '../views.ts';

const time = z.iso.datetime();
const millisOf = (text: string): number => Date.parse(text);
const hash = z.string().describe('SHA-256, hexadecimal');

const attestationAnswer = z
  .strictObject({
    id: z.string(),
    environment: z.string().nullable(),
    subject: z.string(),
    statement: z.string(),
    reference: z.string().nullable().describe('where the document is'),
    sha256: hash.nullable(),
    by: z.string().describe('who stated it'),
    at: time,
    until: time,
    withdrawn: z.strictObject({ by: z.string(), at: time, reason: z.string() }).nullable(),
  })
  .meta({ id: 'Attestation' });

function attestationView(view: AttestationView): z.input<typeof attestationAnswer> {
  const { id, environment = null, subject, statement, reference, sha256 = null, by, withdrawn } = view;
  return {
    id,
    environment,
    subject,
    statement,
    reference,
    sha256,
    by,
    at: timeOf(view.at),
    until: timeOf(view.until),
    withdrawn: withdrawn && { ...withdrawn, at: timeOf(withdrawn.at) },
  };
}

const role = z.enum(ceremonyRoles);

const recordAnswer = z
  .strictObject({
    id: z.string(),
    environment: z.string(),
    kind: z.string(),
    script: hash,
    place: z.string(),
    began: time,
    ended: time,
    attendees: z.array(
      z.strictObject({ role, principal: z.strictObject({ id: z.string(), name: z.string() }) }),
    ),
    steps: z.array(z.strictObject({ step: z.int(), role, at: time, note: z.string().nullable() })),
    artefacts: z.array(z.strictObject({ name: z.string(), sha256: hash })),
    deviations: z.array(z.strictObject({ step: z.int().nullable(), what: z.string() })),
    recordedBy: z.string(),
    recordedAt: time,
  })
  .meta({ id: 'CeremonyRecord' });

function recordView(record: CeremonyRecord): z.input<typeof recordAnswer> {
  return {
    ...record,
    attendees: [...record.attendees],
    steps: [...record.steps],
    artefacts: [...record.artefacts],
    deviations: [...record.deviations],
  };
}

const status = z
  .enum(['complete', 'pending'])
  .describe('pending: somebody has not stated yet to have been there');

const ceremonyAnswer = z
  .strictObject({
    record: recordAnswer,
    digest: hash.describe('SHA-256 of the record, to which those who were there agree'),
    status,
    absent: z.array(z.string()).describe('names of those who have not joined'),
  })
  .meta({ id: 'Ceremony' });

function ceremonyView({ record, digest, status: how, absent }: Ceremony): z.input<typeof ceremonyAnswer> {
  return { record: recordView(record), digest, status: how, absent: [...absent] };
}

const transcriptAnswer = z.strictObject({
  transcript: z
    .looseObject({ format: z.string(), issuedAt: time, status, digest: hash })
    .describe('docs/governance-documents.md has all members'),
  signatures: z.array(
    z.strictObject({ kind: z.enum(['ed25519', 'mlDsa44']), publicKey: base64, signature: base64 }),
  ),
});

const reason = { reason: z.string().describe('why it holds no more, in one line') };

/** What persons state: attestations, and ceremonies. */
export const statementRoutes: readonly Route[] = [
  route('POST /attestations', operations.attest, {
    about: 'State something that no machine can see, in your own name',
    body: {
      subject: z.enum(attestationSubjectIds as unknown as [(typeof attestationSubjectIds)[number]]),
      statement: z.string(),
      reference: z.string().nullable().default(null).describe('where the document is'),
      sha256: z.string().nullable().default(null).describe('SHA-256 of the document, hexadecimal'),
      until: time.nullable().default(null).describe('null: as long as a statement of the subject may hold'),
    },
    answer: attestationAnswer,
    input: ({ body: { until, ...wish } }) => ({ ...wish, until: until === null ? null : millisOf(until) }),
    output: attestationView,
  }),
  route('GET /attestations', operations.listAttestations, {
    about: 'What was stated in the environment, by id',
    query: {
      ...pageQuery,
      all: z.enum(['true', 'false']).default('false').describe('those too that hold no more'),
    },
    answer: z.strictObject({ attestations: z.array(attestationAnswer), next }),
    input: ({ query }) => ({ all: query.all === 'true', page: pageOf(query) }),
    output: ({ attestations, next: marker }) => ({
      attestations: attestations.map(attestationView),
      next: marker,
    }),
  }),
  route('POST /attestations/{attestation}/revoke', operations.revokeAttestation, {
    about: 'Have a statement of anybody in the environment hold no more',
    body: reason,
    answer: attestationAnswer,
    input: ({ path, body }) => ({ attestation: path['attestation'] ?? '', ...body }),
    output: attestationView,
  }),
  route('POST /attestations/{attestation}/withdraw', operations.withdrawAttestation, {
    about: 'Take back what you stated yourself',
    body: reason,
    answer: attestationAnswer,
    input: ({ path, body }) => ({ attestation: path['attestation'] ?? '', ...body }),
    output: attestationView,
  }),
  route('POST /ceremonies', operations.recordCeremony, {
    about: 'Take down what happened at a key ceremony; it is never changed afterwards',
    body: {
      kind: z.string(),
      script: z.string().describe('SHA-256 of the script that was read, hexadecimal'),
      place: z.string(),
      began: time,
      ended: time,
      attendees: z
        .array(z.strictObject({ role, principal: z.string() }))
        .describe('names of principals; who had two roles stands twice'),
      steps: z.array(
        z.strictObject({ step: z.int(), role, at: time, note: z.string().nullable().default(null) }),
      ),
      artefacts: z.array(z.strictObject({ name: z.string(), sha256: z.string() })).default([]),
      deviations: z.array(z.strictObject({ step: z.int().nullable(), what: z.string() })).default([]),
    },
    answer: ceremonyAnswer,
    input: ({ body }) => ({
      ...body,
      began: millisOf(body.began),
      ended: millisOf(body.ended),
      steps: body.steps.map((step) => ({ ...step, at: millisOf(step.at) })),
    }),
    output: ceremonyView,
  }),
  route('GET /ceremonies', operations.listCeremonies, {
    about: 'The ceremonies of the environment, by id',
    query: pageQuery,
    answer: z.strictObject({ ceremonies: z.array(ceremonyAnswer), next }),
    input: ({ query }) => ({ page: pageOf(query) }),
    output: ({ ceremonies, next: marker }) => ({ ceremonies: ceremonies.map(ceremonyView), next: marker }),
  }),
  route('GET /ceremonies/{ceremony}', operations.showCeremony, {
    about: 'The transcript of a ceremony, signed by the keys of the log',
    answer: transcriptAnswer,
    input: ({ path }) => ({ ceremony: path['ceremony'] ?? '' }),
    output: ({ transcript, signatures }) => ({
      transcript: { ...transcript },
      signatures: [...signatures],
    }),
  }),
  route('POST /ceremonies/{ceremony}/join', operations.joinCeremony, {
    about: 'State that you were there, and that it was as the record has it',
    body: { digest: z.string().describe('of the record that you have seen') },
    answer: ceremonyAnswer,
    input: ({ path, body }) => ({ ceremony: path['ceremony'] ?? '', digest: body.digest }),
    output: ceremonyView,
  }),
];

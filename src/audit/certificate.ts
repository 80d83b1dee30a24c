import { z } from 'zod';
import { certificateFormat, ClavigerError, type DestructionCertificate } from '#domain';
import { canonicalJson, readJsonObject } from '#encoding';
import type { Attestation } from '#ports';
import { attestationFindings, eventOf, evidenceFindings, type TrustedKeys } from './statement.ts';

/** A certificate with its signatures, as it is handed out. */
export type SignedCertificate = {
  readonly certificate: DestructionCertificate;
  readonly signatures: readonly Attestation[];
};

/** What is signed of a certificate. */
export function certificateText(certificate: DestructionCertificate): string {
  return `${certificateFormat}\n${canonicalJson(certificate)}\n`;
}

const text = z.string().max(8192);
const time = z.iso.datetime();
const line = text.nullable();
const count = z.int().min(0);
const list = <T extends z.ZodType>(entry: T) => z.array(entry).max(10_000);
const base64 = z.base64().max(16_384);

const certificateShape = z.strictObject({
  format: z.literal(certificateFormat),
  id: text,
  issuedAt: time,
  issuedBy: z.strictObject({ node: text, software: text }),
  status: z.enum(['complete', 'pending']),
  key: z.strictObject({
    id: text,
    environment: text,
    region: text,
    names: list(text),
    spec: text,
    usage: text,
    owner: text,
    description: text,
    dataClassification: text,
    origin: text,
    tier: text,
    createdAt: time,
    createdBy: text,
  }),
  versions: list(
    z.strictObject({
      number: count,
      fingerprint: text,
      device: line,
      createdAt: time,
      activatedAt: time.nullable(),
      protectUntil: time.nullable(),
      processUntil: time.nullable(),
      history: list(z.strictObject({ state: text, at: time, cause: text })),
    }),
  ).min(1),
  request: z.strictObject({
    id: text,
    requestedBy: z.strictObject({ id: text, name: line }),
    reason: line,
    requestedAt: time,
    dueAt: time,
    waitingDays: count,
  }),
  execution: z.strictObject({ at: time, node: text, eventId: text, method: text, tool: text }),
  verification: list(
    z.strictObject({ node: text, version: count, at: time, method: text, opens: z.literal(false) }),
  ).min(1),
  lastUse: z.strictObject({ operation: text, at: time, principal: text }).nullable(),
  demand: list(z.strictObject({ principal: text, operation: text, count, firstAt: time, lastAt: time })),
  copies: list(z.strictObject({ kind: text, madeAt: time, place: text, holder: text, status: text })),
  log: z.strictObject({
    origin: text,
    index: count,
    entry: z.base64().max(131_072),
    proof: z.array(base64).max(64),
    checkpoint: z.string().max(16_384),
  }),
  operator: line,
  verifier: line,
  limits: list(text).min(1),
});

const signedShape = z.strictObject({
  certificate: certificateShape,
  signatures: z
    .array(z.strictObject({ kind: z.enum(['ed25519', 'mlDsa44']), publicKey: base64, signature: base64 }))
    .length(2),
});

const bytesMax = 4 * 1024 * 1024;

/** Reads a signed certificate of a stranger, strictly. Throws `input-invalid`. */
export function readCertificate(bytes: Uint8Array): SignedCertificate {
  if (bytes.length > bytesMax) throw unreadable('it is too large');
  const { value, fault } = readJsonObject(bytes, 16);
  if (fault !== null) throw unreadable(`it is no JSON object (${fault})`);
  const read = signedShape.safeParse(value);
  if (read.success) return read.data as SignedCertificate;
  throw unreadable(`${read.error.issues[0]?.path.join('.') || 'it'} is not as it must be`);
}

function unreadable(why: string): ClavigerError {
  return new ClavigerError('input-invalid', `This is no certificate of destruction: ${why}.`);
}

function signatureFindings(
  { certificate, signatures }: SignedCertificate,
  trusted: readonly TrustedKeys[],
): readonly string[] {
  return attestationFindings(certificateText(certificate), signatures, trusted);
}

function logFindings(
  { execution, log }: DestructionCertificate,
  trusted: readonly TrustedKeys[],
): readonly string[] {
  return evidenceFindings(log, execution.node, trusted);
}

const destroying: ReadonlySet<string> = new Set(['keys.destroy', 'backup.replay-destruction']);

function eventFindings({ key, execution, log }: DestructionCertificate): string[] {
  const event = eventOf(log);
  if (!event) return ['the event of the log can not be read'];
  const isIt =
    destroying.has(event.operation) &&
    event.outcome === 'success' &&
    event.id === execution.eventId &&
    event.node === execution.node &&
    event.keyId === key.id &&
    event.environment === key.environment;
  return isIt ? [] : ['the event of the log is not the destruction of this key'];
}

function contentFindings({ status, copies, versions, verification }: DestructionCertificate): string[] {
  const findings: string[] = [];
  if ((status === 'complete') !== (copies.length === 0))
    findings.push('its status is not what its copies say');
  const checked = new Set(verification.map(({ version }) => version));
  if (!versions.every(({ number }) => checked.has(number))) findings.push('a version was not checked');
  if (!versions.every(({ history }) => history.at(-1)?.state.startsWith('destroyed')))
    findings.push('a version is not destroyed');
  return findings;
}

/** Everything that is wrong with a certificate; none: it is what a node whose keys are trusted stated, and its log has the destruction. */
export function certificateFindings(
  signed: SignedCertificate,
  trusted: readonly TrustedKeys[],
): readonly string[] {
  const { certificate } = signed;
  return [
    ...signatureFindings(signed, trusted),
    ...logFindings(certificate, trusted),
    ...eventFindings(certificate),
    ...contentFindings(certificate),
  ];
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { certificateFormat, ClavigerError, type AuditEvent, type DestructionCertificate } from '#domain';
import { canonicalJson, readJsonObject } from '#encoding';
import type { Attestation } from '#ports';
import { isAttested } from './attestation.ts';
import { openNote, originOf } from './checkpoint.ts';
import { readEvent } from './event-text.ts';
import { leafHash } from './merkle-hash.ts';
import { isIncluded } from './proofs.ts';

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

const keysShape = z.strictObject({ v: z.literal(1), ed25519: base64, mlDsa44: base64 });

/** The public keys of one log. */
export type TrustedKeys = { readonly ed25519: KeyObject; readonly mlDsa44: KeyObject };

/** Reads the file `keys.json` of a log. Throws `input-invalid`. */
export function readTrustedKeys(bytes: Uint8Array): TrustedKeys {
  const { value } = readJsonObject(bytes, 4);
  const read = keysShape.safeParse(value);
  if (!read.success) throw new ClavigerError('input-invalid', 'This is no keys.json of an audit log.');
  const open = (key: string) =>
    createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
  try {
    return { ed25519: open(read.data.ed25519), mlDsa44: open(read.data.mlDsa44) };
  } catch (cause) {
    throw new ClavigerError('input-invalid', 'A key of keys.json can not be read.', { cause });
  }
}

const spki = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');

function signatureFindings(
  { certificate, signatures }: SignedCertificate,
  trusted: readonly TrustedKeys[],
): string[] {
  const [first, second] = signatures;
  if (first?.kind !== 'ed25519' || second?.kind !== 'mlDsa44')
    return ['the signatures are not one of Ed25519 and one of ML-DSA-44'];
  const keys = trusted.find((one) => spki(one.ed25519) === first.publicKey);
  if (!keys || spki(keys.mlDsa44) !== second.publicKey)
    return ['it is signed by keys that are not among those that you trust'];
  const what = certificateText(certificate);
  return signatures
    .filter(({ kind, signature }) => !isAttested(what, signature, keys[kind]))
    .map(({ kind }) => `the ${kind} signature is not that of this certificate`);
}

function openCheckpoint(note: string, trusted: readonly TrustedKeys[]): ReturnType<typeof openNote> | null {
  for (const { ed25519, mlDsa44 } of trusted) {
    try {
      return openNote(note, [
        { kind: 'ed25519', publicKey: ed25519 },
        { kind: 'mlDsa44', publicKey: mlDsa44 },
      ]);
    } catch (error) {
      if (!(error instanceof ClavigerError)) throw error;
    }
  }
  return null;
}

function logFindings({ execution, log }: DestructionCertificate, trusted: readonly TrustedKeys[]): string[] {
  const checkpoint = openCheckpoint(log.checkpoint, trusted);
  if (!checkpoint) return ['the checkpoint of the log is not signed by keys that you trust'];
  const findings: string[] = [];
  if (checkpoint.origin !== log.origin || log.origin !== originOf(execution.node))
    findings.push('the checkpoint is of another log than that of the node that executed');
  const leaf = { hash: leafHash(Buffer.from(log.entry, 'base64')), index: log.index };
  const proof = log.proof.map((hash) => Buffer.from(hash, 'base64'));
  if (!isIncluded(leaf, checkpoint, proof)) findings.push('the event is not proved to be in the log');
  return findings;
}

const destroying: ReadonlySet<string> = new Set(['keys.destroy', 'backup.replay-destruction']);

function eventFindings({ key, execution, log }: DestructionCertificate): string[] {
  let event: AuditEvent;
  try {
    event = readEvent(Buffer.from(log.entry, 'base64'));
  } catch {
    return ['the event of the log can not be read'];
  }
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

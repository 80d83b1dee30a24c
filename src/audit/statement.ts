import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ClavigerError, type AuditEvent, type LogEvidence } from '#domain';
import { readJsonObject } from '#encoding';
import type { Attestation } from '#ports';
import { isAttested } from './attestation.ts';
import { openNote, originOf } from './checkpoint.ts';
import { readEvent } from './event-text.ts';
import { leafHash } from './merkle-hash.ts';
import { isIncluded } from './proofs.ts';

const base64 = z.base64().max(16_384);
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

/** What is wrong with the signatures of a text that a house attested; none: a log whose keys are trusted did. */
export function attestationFindings(
  text: string,
  signatures: readonly Attestation[],
  trusted: readonly TrustedKeys[],
): readonly string[] {
  const [first, second] = signatures;
  if (first?.kind !== 'ed25519' || second?.kind !== 'mlDsa44' || signatures.length !== 2)
    return ['the signatures are not one of Ed25519 and one of ML-DSA-44'];
  const keys = trusted.find((one) => spki(one.ed25519) === first.publicKey);
  if (!keys || spki(keys.mlDsa44) !== second.publicKey)
    return ['it is signed by keys that are not among those that you trust'];
  return signatures
    .filter(({ kind, signature }) => !isAttested(text, signature, keys[kind]))
    .map(({ kind }) => `the ${kind} signature is not that of this text`);
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

/** What is wrong with the proof that an event is in the log of a node; none: it is. */
export function evidenceFindings(
  log: LogEvidence,
  node: string,
  trusted: readonly TrustedKeys[],
): readonly string[] {
  const checkpoint = openCheckpoint(log.checkpoint, trusted);
  if (!checkpoint) return ['the checkpoint of the log is not signed by keys that you trust'];
  const findings: string[] = [];
  if (checkpoint.origin !== log.origin || log.origin !== originOf(node))
    findings.push('the checkpoint is of another log than that of the node that executed');
  const leaf = { hash: leafHash(Buffer.from(log.entry, 'base64')), index: log.index };
  const proof = log.proof.map((hash) => Buffer.from(hash, 'base64'));
  if (!isIncluded(leaf, checkpoint, proof)) findings.push('the event is not proved to be in the log');
  return findings;
}

/** The event of a piece of evidence; null: it can't be read. */
export function eventOf({ entry }: Pick<LogEvidence, 'entry'>): AuditEvent | null {
  try {
    return readEvent(Buffer.from(entry, 'base64'));
  } catch {
    return null;
  }
}

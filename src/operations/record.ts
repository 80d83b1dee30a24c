import { sha256Hex } from '#crypto';
import { ClavigerError, type AuditEvent, type ErrorCode, type Instant } from '#domain';
import type { Caller, CheckedKey, Operation } from './operation.ts';

/** What the record of an operation is made of. */
export type RecordParts = {
  readonly operation: Pick<Operation<never, unknown>, 'name'>;
  readonly caller: Caller;
  readonly now: Instant;
  readonly node: string;
  readonly keys: readonly CheckedKey[];
  readonly outcome: AuditEvent['outcome'];
  readonly reason: ErrorCode | null;
  readonly keyId: string | null;
  readonly facts: AuditEvent['facts'];
};

/** The audit event of one operation. */
export function recordOf(parts: RecordParts): AuditEvent {
  const { caller, keys } = parts;
  const first = keys[0];
  const context = first?.context;
  // the second key was found and refused before it was checked
  const otherFound = first && parts.keyId !== first.key.id ? parts.keyId : null;
  return {
    id: caller.requestId,
    at: parts.now,
    node: parts.node,
    environment: caller.principal.environment,
    principal: caller.principal.name,
    operation: parts.operation.name,
    outcome: parts.outcome,
    reason: parts.reason,
    keyId: first?.key.id ?? parts.keyId,
    keyVersion: first?.version.number ?? null,
    otherKeyId: keys[1]?.key.id ?? otherFound,
    protocol: caller.protocol,
    protocolOperation: caller.protocolOperation,
    region: caller.region,
    sourceAddress: caller.sourceAddress,
    userAgent: caller.userAgent,
    contextDigest: context && context.length > 0 ? sha256Hex(context) : null,
    facts: parts.facts,
  };
}

/** Any failure as an error of ours; what was not foreseen becomes `internal`, with its cause kept for the log. */
export function asClavigerError(error: unknown): ClavigerError {
  if (error instanceof ClavigerError) return error;
  return new ClavigerError('internal', 'An internal error happened; the server log has the request id.', {
    cause: error,
  });
}

const failures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'store-unavailable',
  'root-unavailable',
  'root-refused',
  'integrity-failed',
  'audit-unavailable',
]);

/** Whether an error is the house's failure; all others refuse what the caller asked. */
export function outcomeOf(code: ErrorCode): 'refused' | 'failed' {
  return failures.has(code) ? 'failed' : 'refused';
}

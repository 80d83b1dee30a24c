import { type AuditEvent, type ErrorCode, errorCodes } from '#domain';
import type { FieldReader } from './fields.ts';

const members: ReadonlySet<string> = new Set<keyof AuditEvent>([
  'id',
  'at',
  'node',
  'environment',
  'principal',
  'operation',
  'outcome',
  'reason',
  'keyId',
  'keyVersion',
  'otherKeyId',
  'protocol',
  'protocolOperation',
  'region',
  'sourceAddress',
  'userAgent',
  'contextDigest',
  'facts',
]);

const reasons: ReadonlySet<string> = new Set(errorCodes);
/** The last millisecond that a date can have. */
const instantMax = 8_640_000_000_000_000;

function reasonOf(fields: FieldReader): ErrorCode | null {
  const reason = fields.optionalText('reason');
  if (reason !== null && !reasons.has(reason)) throw fields.fault('reason', 'is no error code');
  return reason as ErrorCode | null;
}

/** An event as `claviger audit export` writes it: every member must be there and no other. */
export function readAuditEvent(fields: FieldReader): AuditEvent {
  fields.only(members);
  const at = fields.whole('at');
  if (at > instantMax) throw fields.fault('at', 'is no time');
  return {
    id: fields.text('id'),
    at,
    node: fields.text('node'),
    environment: fields.text('environment'),
    principal: fields.text('principal'),
    operation: fields.text('operation'),
    outcome: fields.oneOf('outcome', ['success', 'refused', 'failed']),
    reason: reasonOf(fields),
    keyId: fields.optionalText('keyId'),
    keyVersion: fields.optionalWhole('keyVersion'),
    otherKeyId: fields.optionalText('otherKeyId'),
    protocol: fields.text('protocol'),
    protocolOperation: fields.text('protocolOperation'),
    region: fields.text('region'),
    sourceAddress: fields.text('sourceAddress'),
    userAgent: fields.text('userAgent'),
    contextDigest: fields.optionalText('contextDigest'),
    // no signal reads them
    facts: null,
  };
}

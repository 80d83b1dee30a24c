import { newId } from '#crypto';
import type { AuditEvent } from '#domain';

type What = Pick<AuditEvent, 'at' | 'node' | 'environment' | 'operation'> &
  Partial<Pick<AuditEvent, 'keyId' | 'facts'>>;

/** The event of something that the house did by itself and that goes through no door: seeding, unsealing, a restore. */
export function houseEvent({ keyId = null, facts = null, ...what }: What): AuditEvent {
  return {
    ...what,
    id: newId(),
    principal: 'system',
    outcome: 'success',
    reason: null,
    keyId,
    keyVersion: null,
    otherKeyId: null,
    protocol: 'internal',
    protocolOperation: '-',
    region: '-',
    sourceAddress: '-',
    userAgent: '-',
    contextDigest: null,
    facts,
  };
}

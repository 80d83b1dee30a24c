import type { AuditEvent } from '#domain';
import { agentFamilyOf, familyOf, networkOf } from './network.ts';
import { classOfOperation } from './operation-class.ts';
import { refusalOfReason } from './refusal-class.ts';
import type { LogReference, UsageEvent } from './usage-event.ts';

/**
 * The use that an event of the house's own log tells of. Names of principals are unique only inside an environment, so that the
 * environment goes before them.
 */
export function usageOfAuditEvent(
  event: AuditEvent,
  reference: LogReference,
  isNumbered: boolean,
): UsageEvent {
  const { environment, contextDigest } = event;
  return {
    at: event.at,
    principal: `${environment}/${event.principal}`,
    family: `${environment}/${familyOf(event.principal)}`,
    keyId: event.keyId,
    operation: classOfOperation(event.operation),
    refusal: event.outcome === 'success' ? null : refusalOfReason(event.reason ?? 'internal'),
    keyVersion: event.keyVersion,
    network: event.protocol === 'internal' ? 'local' : networkOf(event.sourceAddress),
    agent: agentFamilyOf(event.userAgent),
    contextShape: contextDigest === null ? 'none' : 'some',
    contextDigest,
    environment,
    keyEnvironment: null,
    isInternal: event.protocol === 'internal',
    reference,
    isNumbered,
  };
}

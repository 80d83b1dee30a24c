import { ClavigerError, type AuditEvent } from '#domain';

const userAgentMax = 256;
const factsMax = 4096;

function string(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value);
}

/**
 * The bytes of an event as the log keeps and hashes them: one JSON object in a fixed order of members, its format first, its
 * id second. Strings that callers control are bounded.
 */
export function eventBytes(event: AuditEvent): Buffer {
  const facts = event.facts === null ? 'null' : JSON.stringify(event.facts).slice(0, factsMax);
  return Buffer.from(
    `{"v":1,"id":"${event.id}","at":${event.at},"node":"${event.node}","environment":"${event.environment}"` +
      `,"principal":${string(event.principal)},"operation":"${event.operation}","outcome":"${event.outcome}"` +
      `,"reason":${string(event.reason)},"keyId":${string(event.keyId)},"keyVersion":${event.keyVersion}` +
      `,"otherKeyId":${string(event.otherKeyId)},"protocol":"${event.protocol}"` +
      `,"protocolOperation":${string(event.protocolOperation)},"region":${string(event.region)}` +
      `,"sourceAddress":${string(event.sourceAddress)},"userAgent":${string(event.userAgent.slice(0, userAgentMax))}` +
      `,"contextDigest":${string(event.contextDigest)},"facts":${facts}}`,
  );
}

const idAt = '{"v":1,"id":"'.length;

/** The id of an event, without reading the rest. */
export function eventId(bytes: Buffer): string {
  return bytes.toString('latin1', idAt, bytes.indexOf('"', idAt));
}

/** Reads an event back. Throws `integrity-failed` for bytes that no event has. */
export function readEvent(bytes: Uint8Array): AuditEvent {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new ClavigerError('integrity-failed', 'An entry of the log is not an event.', { cause });
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || value.v !== 1) {
    throw new ClavigerError('integrity-failed', 'An entry of the log has an unknown format.');
  }
  const { v: _format, ...event } = value as { v: 1 } & AuditEvent;
  return event;
}

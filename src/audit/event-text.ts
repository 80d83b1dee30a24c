import { ClavigerError, type AuditEvent } from '#domain';

const userAgentMax = 256;
const factsMax = 4096;

// principals, addresses, clients and operations come again and again: each is quoted once
const quoted = new Map<string, string>();
const quotedMax = 4096;

function string(value: string): string {
  let text = quoted.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    if (quoted.size >= quotedMax) quoted.clear();
    quoted.set(value, text);
  }
  return text;
}

/** A word of the house's own (an id, a code, a digest), which needs no escape. */
function word(value: string | null): string {
  return value === null ? 'null' : `"${value}"`;
}

function factsText(facts: AuditEvent['facts']): string {
  if (facts === null) return 'null';
  const text = JSON.stringify(facts);
  return text.length <= factsMax ? text : '{"truncated":true}';
}

/**
 * An event as the log keeps and hashes it (in UTF-8): one JSON object in a fixed order of members, its format first, its id
 * second. Strings that callers control are bounded.
 */
export function eventText(event: AuditEvent): string {
  const { userAgent } = event;
  const agent = userAgent.length > userAgentMax ? userAgent.slice(0, userAgentMax) : userAgent;
  return (
    `{"v":1,"id":"${event.id}","at":${event.at},"node":"${event.node}","environment":"${event.environment}"` +
    `,"principal":${string(event.principal)},"operation":"${event.operation}","outcome":"${event.outcome}"` +
    `,"reason":${word(event.reason)},"keyId":${word(event.keyId)},"keyVersion":${event.keyVersion}` +
    `,"otherKeyId":${word(event.otherKeyId)},"protocol":"${event.protocol}"` +
    `,"protocolOperation":${string(event.protocolOperation)},"region":${string(event.region)}` +
    `,"sourceAddress":${string(event.sourceAddress)},"userAgent":${string(agent)}` +
    `,"contextDigest":${word(event.contextDigest)},"facts":${factsText(event.facts)}}`
  );
}

const idAt = '{"v":1,"id":"'.length;

/** The id of an event, without reading the rest. */
export function eventId(bytes: Buffer): string {
  return bytes.toString('latin1', idAt, bytes.indexOf('"', idAt));
}

const operationMark = ',"operation":"';

/** The operation of an event, without reading the rest: no string of a caller has this mark, since its quotes are escaped. */
export function eventOperation(bytes: Buffer): string {
  const at = bytes.indexOf(operationMark) + operationMark.length;
  return bytes.toString('latin1', at, bytes.indexOf('"', at));
}

/** Reads an event back. Throws `integrity-failed` for bytes that no event has. */
export function readEvent(bytes: Uint8Array): AuditEvent {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw new ClavigerError('integrity-failed', 'An entry of the log is not an event.', { cause });
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || value.v !== 1) {
    throw new ClavigerError('integrity-failed', 'An entry of the log has an unknown format.');
  }
  const { v: _format, ...event } = value as { v: 1 } & AuditEvent;
  return event;
}

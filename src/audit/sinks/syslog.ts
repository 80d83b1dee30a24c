import type { AuditEvent } from '#domain';
import { type Notice, type NoticeSeverity, oneLine } from './notice.ts';

/** What a message of syslog says, before it is written as RFC 5424 wants it. */
export type SyslogMessage = {
  /** Emergency 0 to debug 7. */
  readonly severity: number;
  readonly at: number;
  readonly host: string;
  /** What kind of message it is. */
  readonly messageId: string;
  /** Structured data; null members are left out. */
  readonly parameters: Readonly<Record<string, string | number | null>>;
  readonly text: string;
};

export type SyslogWays = {
  /** RFC 5424 table 1; 10 is security and authorization, 13 log audit. */
  readonly facility: number;
  /** The private enterprise number behind the name of the structured data. */
  readonly enterprise: number;
  /** The text is cut so that the message has no more bytes. */
  readonly bytesMax: number;
};

/** A word of the header: printable ASCII without spaces; `-` where nothing is left. */
function word(text: string, charactersMax: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, charactersMax) || '-';
}

//= rfc5424 6.3.3: quotation marks, backslashes and closing brackets are escaped, in UTF-8
function parameter(name: string, value: string | number): string {
  const text = oneLine(String(value), 1024).replace(/["\\\]]/g, '\\$&');
  return ` ${name.replace(/[^\x21-\x7e]|[= \]"]/g, '').slice(0, 32)}="${text}"`;
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** As many bytes of a text as there is room for, no character cut. */
function cut(text: string, bytesMax: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return bytes;
  let end = Math.max(0, bytesMax);
  // a byte of 10xxxxxx goes on with the character before it
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** A message in the bytes of RFC 5424. */
export function syslogBytes(message: SyslogMessage, ways: SyslogWays): Buffer {
  const { severity, at, host, messageId, parameters, text } = message;
  const data = Object.entries(parameters)
    .map(([name, value]) => (value === null ? '' : parameter(name, value)))
    .join('');
  const head =
    `<${ways.facility * 8 + severity}>1 ${new Date(at).toISOString()} ${word(host, 255)} claviger - ` +
    `${word(messageId, 32)} [claviger@${ways.enterprise}${data}] `;
  const start = Buffer.concat([Buffer.from(head), byteOrderMark]);
  return Buffer.concat([start, cut(oneLine(text, ways.bytesMax), ways.bytesMax - start.length)]);
}

/** A message in a stream. */
export function octetCounted(message: Buffer): Buffer {
  //= rfc6587 3.4.1
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

const noticeLevels: Readonly<Record<NoticeSeverity, number>> = { low: 5, medium: 4, high: 3, critical: 2 };

/** A notice as a message of this host. */
export function noticeMessage(notice: Notice, host: string): SyslogMessage {
  const { id, at, kind, severity, environment, title, text } = notice;
  return {
    severity: kind === 'test' ? 6 : noticeLevels[severity],
    at,
    host,
    messageId: kind,
    parameters: { id, severity, environment, title },
    text: `${title}. ${text}`,
  };
}

const outcomeLevels: Readonly<Record<AuditEvent['outcome'], number>> = { success: 6, refused: 5, failed: 4 };

/** An event of the log as a message of its node; `text` is what goes behind the structured data. */
export function auditMessage(event: AuditEvent, index: number, text: string): SyslogMessage {
  return {
    severity: outcomeLevels[event.outcome],
    at: event.at,
    host: event.node,
    messageId: 'audit',
    parameters: {
      id: event.id,
      index,
      environment: event.environment,
      principal: event.principal,
      operation: event.operation,
      outcome: event.outcome,
      reason: event.reason,
      key: event.keyId,
      source: event.sourceAddress,
    },
    text,
  };
}

import type { AuditEvent } from '#domain';
import type { Notice, NoticeKind } from './notice.ts';

/** An event as CloudEvents 1.0 has it, in its JSON format. */
export type CloudEvent = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: unknown;
};

//= cloudevents json-format 1.0.2 3 and 4
export const cloudEventType = 'application/cloudevents+json; charset=UTF-8';
export const cloudEventBatchType = 'application/cloudevents-batch+json; charset=UTF-8';

const types: Readonly<Record<NoticeKind, string>> = {
  alert: 'claviger.anomaly.alert',
  finding: 'claviger.governance.finding',
  test: 'claviger.notice.test',
};

/** A notice as a CloudEvent; `source` names this house (a URI reference), and with the id tells one event from all others. */
export function noticeEvent(notice: Notice, source: string): CloudEvent {
  const { id, at, kind, severity, environment, title, text, data } = notice;
  return {
    specversion: '1.0',
    id,
    source,
    type: types[kind],
    subject: environment,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data: { severity, environment, title, text, ...data },
  };
}

/** An event of the log of a node as a CloudEvent; it is the same at each try. */
export function auditCloudEvent(event: AuditEvent, index: number, source: string): CloudEvent {
  return {
    specversion: '1.0',
    id: `${event.node}/${index}`,
    source,
    type: 'claviger.audit.event',
    ...(event.keyId === null ? {} : { subject: event.keyId }),
    time: new Date(event.at).toISOString(),
    datacontenttype: 'application/json',
    data: { index, event },
  };
}

import { isIP } from 'node:net';
import type { AuditEvent } from '#domain';
import { type Notice, type NoticeSeverity, oneLine } from './notice.ts';

/** The version of the schema whose words are used. */
const schemaVersion = '1.8.0';

/** Who speaks: the name and version of the program. */
export type OcsfSource = { readonly version: string };

/** The classes that are used, and the categories that they are of. */
const classes = Object.freeze({
  entityManagement: { uid: 3004, category: 3, name: 'Entity Management' },
  apiActivity: { uid: 6003, category: 6, name: 'API Activity' },
  complianceFinding: { uid: 2003, category: 2, name: 'Compliance Finding' },
  detectionFinding: { uid: 2004, category: 2, name: 'Detection Finding' },
});
type ClassFacts = (typeof classes)[keyof typeof classes];

type Activity = { readonly id: number; readonly name: string };

const activities = Object.freeze({
  create: { id: 1, name: 'Create' },
  read: { id: 2, name: 'Read' },
  update: { id: 3, name: 'Update' },
  delete: { id: 4, name: 'Delete' },
});

// as CloudTrail: what uses a key changes nothing
const reading =
  /\.(?:describe|list|get-|read|look-up|last-use|status|rekey-status|check-|certify-|encrypt|decrypt|sign|verify|mac-|generate-|digest|reencrypt|rewrap-|derive-)/;
const creating = /\.(?:create|import|restore|register|issue|make|begin-escrow)/;
const deleting = /\.(?:delete|destroy|remove|revoke|trim|sweep|shred|schedule-destruction|begin-destruction)/;

function activityOf(operation: string): Activity {
  if (reading.test(operation)) return activities.read;
  if (deleting.test(operation)) return activities.delete;
  return creating.test(operation) ? activities.create : activities.update;
}

/** What uses a key or only looks; every other operation on keys is of their life. */
const use =
  /^keys\.(?:encrypt|decrypt|reencrypt|rewrap-items|sign|verify|mac-items|generate-|derive-|digest|describe|list|get-|last-use|check-|certify-)/;

function isLifecycle({ operation, keyId }: AuditEvent): boolean {
  return keyId !== null && operation.startsWith('keys.') && !use.test(operation);
}

const severityOfOutcome: Readonly<Record<AuditEvent['outcome'], number>> = {
  success: 1,
  refused: 2,
  failed: 3,
};
const severityNames = ['Unknown', 'Informational', 'Low', 'Medium', 'High', 'Critical'] as const;

type Head = {
  readonly of: ClassFacts;
  readonly activity: Activity;
  readonly severity: number;
  readonly at: number;
};

function head({ of, activity, severity, at }: Head): object {
  return {
    class_uid: of.uid,
    class_name: of.name,
    category_uid: of.category,
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: of.uid * 100 + activity.id,
    severity_id: severity,
    severity: severityNames[severity],
    time: at,
  };
}

function product({ version }: OcsfSource): object {
  return { name: 'Claviger', vendor_name: 'Claviger', version };
}

function endpoint({ sourceAddress, node, protocol }: AuditEvent): object {
  if (isIP(sourceAddress) !== 0) return { ip: sourceAddress };
  return protocol === 'internal' ? { svc_name: 'claviger', name: node } : { name: sourceAddress };
}

/** An event of a node's log in the words of OCSF: Entity Management where it is of a key's life, else API Activity. */
export function ocsfOfEvent(event: AuditEvent, index: number, source: OcsfSource): object {
  const isOfLife = isLifecycle(event);
  const isSuccess = event.outcome === 'success';
  const keys = [event.keyId, event.otherKeyId].filter((id) => id !== null);
  const actor = {
    user: { name: event.principal, domain: event.environment },
    ...(event.protocol === 'internal' ? { invoked_by: 'claviger' } : {}),
  };
  return {
    ...head({
      of: isOfLife ? classes.entityManagement : classes.apiActivity,
      activity: activityOf(event.operation),
      severity: severityOfOutcome[event.outcome],
      at: event.at,
    }),
    status_id: isSuccess ? 1 : 2,
    status: isSuccess ? 'Success' : 'Failure',
    ...(event.reason === null ? {} : { status_code: event.reason }),
    metadata: {
      version: schemaVersion,
      product: product(source),
      uid: event.id,
      log_name: event.node,
      sequence: index,
      event_code: event.operation,
    },
    actor,
    api: {
      operation: event.operation,
      service: { name: event.protocol },
      request: { uid: event.id },
      ...(event.reason === null ? {} : { response: { error: event.reason } }),
    },
    src_endpoint: endpoint(event),
    ...(event.userAgent === '-' ? {} : { http_request: { user_agent: event.userAgent } }),
    ...(isOfLife
      ? { entity: { uid: event.keyId, type: 'cryptographic key' } }
      : { resources: keys.map((uid) => ({ uid, type: 'cryptographic key' })) }),
    unmapped: {
      environment: event.environment,
      region: event.region,
      protocol_operation: event.protocolOperation,
      key_version: event.keyVersion,
      other_key_id: event.otherKeyId,
      encryption_context_sha256: event.contextDigest,
      facts: event.facts,
    },
  };
}

const severityOfNotice: Readonly<Record<NoticeSeverity, number>> = {
  low: 2,
  medium: 3,
  high: 4,
  critical: 5,
};

/** An alert or a finding in the words of OCSF; a test is an alert of the least severity that says so. */
export function ocsfOfNotice(notice: Notice, source: OcsfSource): object {
  const { id, at, kind, severity, environment, title, text, data } = notice;
  const isFinding = kind === 'finding';
  return {
    ...head({
      of: isFinding ? classes.complianceFinding : classes.detectionFinding,
      activity: activities.create,
      severity: kind === 'test' ? 1 : severityOfNotice[severity],
      at,
    }),
    status_id: 1,
    status: 'New',
    message: oneLine(title, 1024),
    metadata: { version: schemaVersion, product: product(source), uid: id, event_code: kind },
    finding_info: { uid: id, title: oneLine(title, 1024), desc: text, created_time: at },
    ...(isFinding
      ? {
          compliance: {
            standards: ['Claviger findings'],
            control: typeof data['detector'] === 'string' ? data['detector'] : kind,
            status_id: 3,
            status: 'Fail',
          },
        }
      : { is_alert: kind === 'alert' }),
    unmapped: { environment, ...data },
  };
}

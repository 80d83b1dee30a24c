import type { ExpectedChange } from '../expected-change.ts';
import { usageOfAuditEvent } from '../normal/from-audit-event.ts';
import { operationClasses, type UsageEvent } from '../normal/usage-event.ts';
import type { TrafficLabel } from '../traffic/traffic-event.ts';
import { type Entry, malformed } from './entry-splitter.ts';
import { FieldReader, type Fields, isFields } from './fields.ts';
import { readAuditEvent } from './read-audit-event.ts';
import { readCloudTrail } from './read-cloudtrail.ts';

/** What a file says of itself, in a line of its own. */
export type TrafficHeader = {
  /** Every event of its logs is there: then a missing index is a finding. */
  readonly isWhole: boolean;
  /** Every incident in it has labels: then alerts can be judged. */
  readonly isLabelled: boolean;
  readonly canaryKeys: readonly string[];
};

export type ReadEntry =
  | { readonly kind: 'event'; readonly event: UsageEvent; readonly label: TrafficLabel | null }
  | { readonly kind: 'expected'; readonly change: ExpectedChange }
  | { readonly kind: 'header'; readonly header: TrafficHeader }
  /** An event of another service. */
  | { readonly kind: 'foreign' };

const numberedMembers: ReadonlySet<string> = new Set(['index', 'event', 'label']);
const headerMembers: ReadonlySet<string> = new Set(['isWhole', 'isLabelled', 'canaryKeys']);
const labelMembers: ReadonlySet<string> = new Set(['scenario', 'incident', 'isTwin']);
const changeMembers: ReadonlySet<string> = new Set([
  'principal',
  'keyId',
  'operations',
  'from',
  'until',
  'ticket',
]);
const canaryKeysMax = 1_000;

function objectOf({ line, text }: Entry): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(line, 'it is not JSON.');
  }
  if (!isFields(value)) throw malformed(line, 'it is not a JSON object.');
  return value;
}

function labelOf(fields: FieldReader): TrafficLabel | null {
  const label = fields.optionalObject('label');
  if (!label) return null;
  label.only(labelMembers);
  return { scenario: label.text('scenario'), incident: label.text('incident'), isTwin: label.flag('isTwin') };
}

function changeOf(fields: FieldReader): ExpectedChange {
  fields.only(changeMembers);
  const operations = fields.raw['operations'] === null ? null : fields.texts('operations', 20);
  const unknown = operations?.find((word) => !operationClasses.some((name) => name === word));
  if (unknown !== undefined)
    throw fields.fault('operations', `has the unknown class ${JSON.stringify(unknown)}`);
  return {
    principal: fields.text('principal'),
    keyId: fields.optionalText('keyId'),
    operations: operations as ExpectedChange['operations'],
    from: fields.whole('from'),
    until: fields.whole('until'),
    ticket: fields.text('ticket'),
  };
}

function headerOf(fields: FieldReader): TrafficHeader {
  fields.only(headerMembers);
  const isLabelled = fields.flag('isLabelled');
  return {
    isWhole: fields.flag('isWhole'),
    isLabelled,
    canaryKeys: fields.texts('canaryKeys', canaryKeysMax),
  };
}

/**
 * Reads one entry: an event of ours (bare, or with its index in the log and a label), a CloudTrail record, an expected change
 * (`{"expected":...}`), or a header (`{"traffic":...}`). Throws `input-invalid` with the line.
 */
export function readEntry(entry: Entry, isWhole: boolean): ReadEntry {
  const value = objectOf(entry);
  const fields = new FieldReader(value, entry.line);
  const here = { log: 'line', index: entry.line };
  const has = (name: string) => Object.hasOwn(value, name);
  if (has('eventSource')) {
    const event = readCloudTrail(fields, here);
    return event ? { kind: 'event', event, label: null } : { kind: 'foreign' };
  }
  if (has('event')) {
    fields.only(numberedMembers);
    const event = readAuditEvent(fields.object('event'));
    const reference = { log: event.node, index: fields.whole('index') };
    return { kind: 'event', event: usageOfAuditEvent(event, reference, isWhole), label: labelOf(fields) };
  }
  const isAlone = Object.keys(value).length === 1;
  if (isAlone && has('expected')) return { kind: 'expected', change: changeOf(fields.object('expected')) };
  if (isAlone && has('traffic')) return { kind: 'header', header: headerOf(fields.object('traffic')) };
  if (!has('operation'))
    throw malformed(entry.line, 'it is neither an event of Claviger nor a record of CloudTrail.');
  return { kind: 'event', event: usageOfAuditEvent(readAuditEvent(fields), here, false), label: null };
}

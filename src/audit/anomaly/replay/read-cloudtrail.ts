import { canonicalJson } from '#encoding';
import { sha256Hex } from '#crypto';
import { agentFamilyOf, networkOf } from '../normal/network.ts';
import { familyOf } from '../normal/network.ts';
import { classOfEventName } from '../normal/operation-class.ts';
import { refusalOfErrorCode } from '../normal/refusal-class.ts';
import type { LogReference, UsageEvent } from '../normal/usage-event.ts';
import { type FieldReader, type Fields, isFields } from './fields.ts';

const source = 'kms.amazonaws.com';
//= ISO 8601 as CloudTrail writes it, in UTC to the second
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const keyArn = /^arn:[a-z-]+:kms:[a-z0-9-]*:(\d{12}):key\/([A-Za-z0-9-]{1,64})$/;
const roleSession = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/(.+)\/[^/]+$/;

function timeOf(fields: FieldReader): number {
  const text = fields.text('eventTime');
  const at = time.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw fields.fault('eventTime', 'is no time of CloudTrail');
  return at;
}

//= AWS CloudTrail user guide, userIdentity element; a session of a role is the role's
function principalOf(identity: FieldReader): string {
  const issuer = identity.optionalObject('sessionContext')?.optionalObject('sessionIssuer');
  const arn = issuer?.optionalText('arn') ?? identity.optionalText('arn');
  if (arn !== null && arn !== undefined) return arn.replace(roleSession, 'arn:$1:iam::$2:role/$3');
  return (
    identity.optionalText('invokedBy') ??
    identity.optionalText('userName') ??
    identity.optionalText('principalId') ??
    identity.optionalText('type') ??
    '-'
  );
}

type KeyName = { readonly keyId: string | null; readonly account: string | null };

/** The key by its ARN among the resources; else what the request calls it, where that is no alias. */
function keyOf(fields: FieldReader, parameters: FieldReader | null): KeyName {
  for (const resource of fields.list('resources')) {
    const arn =
      isFields(resource) && typeof resource['ARN'] === 'string' ? keyArn.exec(resource['ARN']) : null;
    if (arn) return { keyId: arn[2] ?? null, account: arn[1] ?? null };
  }
  const named = parameters?.optionalText('keyId') ?? null;
  if (named === null) return { keyId: null, account: null };
  const arn = keyArn.exec(named);
  return arn ? { keyId: arn[2] ?? null, account: arn[1] ?? null } : { keyId: named, account: null };
}

function contextOf(parameters: FieldReader | null, additional: FieldReader | null) {
  const ours = additional?.optionalText('encryptionContextSha256') ?? null;
  if (ours !== null) return { contextShape: 'some', contextDigest: ours };
  const context: Fields | null = parameters?.optionalObject('encryptionContext')?.raw ?? null;
  if (context === null) return { contextShape: 'none', contextDigest: null };
  return {
    contextShape: Object.keys(context).sort().join(' ').slice(0, 256),
    contextDigest: sha256Hex(Buffer.from(canonicalJson(context))),
  };
}

/** The use that a CloudTrail record of AWS KMS tells of; null for a record of another service. Only the members that are read are checked. */
export function readCloudTrail(fields: FieldReader, reference: LogReference): UsageEvent | null {
  if (fields.text('eventSource') !== source) return null;
  const name = fields.text('eventName');
  const identity = fields.object('userIdentity');
  // a request that could not be understood has none
  const parameters = fields.optionalObject('requestParameters');
  const additional = fields.optionalObject('additionalEventData');
  const errorCode = fields.optionalText('errorCode');
  const principal = principalOf(identity);
  const { keyId, account } = keyOf(fields, parameters);
  const recipient = fields.optionalText('recipientAccountId') ?? '-';
  const environment = identity.optionalText('accountId') ?? recipient;
  const isInternal = fields.optionalText('eventType') === 'AwsServiceEvent';
  return {
    at: timeOf(fields),
    principal,
    family: familyOf(principal),
    keyId,
    operation: classOfEventName(name),
    refusal: errorCode === null ? null : refusalOfErrorCode(errorCode),
    keyVersion: additional?.optionalWhole('keyVersion') ?? null,
    network: networkOf(fields.optionalText('sourceIPAddress') ?? 'unknown'),
    agent: agentFamilyOf(fields.optionalText('userAgent') ?? ''),
    ...contextOf(parameters, additional),
    environment,
    keyEnvironment: account,
    isInternal,
    reference,
    isNumbered: false,
  };
}

import type { AuditEvent } from '#domain';

const readOnlyOperations =
  /^[a-z]+\.(describe|list|get-|last-use|status|encrypt|decrypt|sign|verify|generate-|reencrypt|derive-)/;

/** What a record needs besides its event. */
export type CloudTrailFacts = {
  readonly accountId: string;
  /** The region of the event, or of its key where the event is of all regions. */
  readonly region: string;
  /** The operation in the word of AWS. */
  readonly eventName: string;
  /** The reason of a failure in the word of AWS; null where there was none. */
  readonly errorCode: string | null;
};

const house = 'AWS Internal';

function caller(event: AuditEvent, accountId: string): object {
  const { principal } = event;
  const arn = `arn:aws:iam::${accountId}:user/${principal}`;
  return {
    userIdentity: { type: 'IAMUser', principalId: principal, arn, accountId, userName: principal },
    sourceIPAddress: event.sourceAddress,
    userAgent: event.userAgent,
    eventType: 'AwsApiCall',
  };
}

/** The house's own work, as AWS records what the service does by itself. */
function service(accountId: string): object {
  const userIdentity = { accountId, invokedBy: house };
  return { userIdentity, sourceIPAddress: house, userAgent: house, eventType: 'AwsServiceEvent' };
}

/** The record of an event in the shape that AWS CloudTrail gives to events of AWS KMS, all of which are management events. */
export function cloudTrailRecord(event: AuditEvent, facts: CloudTrailFacts): object {
  const { accountId, region, eventName, errorCode } = facts;
  const isService = event.protocol === 'internal';
  const arn = (id: string) => `arn:aws:kms:${region}:${accountId}:key/${id}`;
  const keys = [event.keyId, event.otherKeyId].filter((id) => id !== null);
  const named = event.keyId === null ? {} : { keyId: arn(event.keyId) };
  const parameters = event.keyId === null && event.facts === null ? null : { ...named, ...event.facts };
  return {
    eventVersion: '1.11',
    ...(isService ? service(accountId) : caller(event, accountId)),
    eventTime: `${new Date(event.at).toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    eventName,
    awsRegion: region,
    ...(errorCode === null ? {} : { errorCode }),
    requestParameters: isService ? null : parameters,
    responseElements: null,
    additionalEventData: {
      node: event.node,
      protocol: event.protocol,
      ...(event.reason === null ? {} : { reason: event.reason }),
      ...(event.keyVersion === null ? {} : { keyVersion: event.keyVersion }),
      ...(event.contextDigest === null ? {} : { encryptionContextSha256: event.contextDigest }),
    },
    ...(isService ? { serviceEventDetails: parameters } : { requestID: event.id }),
    eventID: event.id,
    readOnly: readOnlyOperations.test(event.operation),
    resources: keys.map((id) => ({ accountId, type: 'AWS::KMS::Key', ARN: arn(id) })),
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}

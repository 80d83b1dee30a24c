import type { AuditEvent } from '#domain';

const readOnlyOperations =
  /^(keys\.(describe|list|get-|last-use|list-|encrypt|decrypt|sign|verify|generate-|reencrypt|derive-)|names\.list)/;
const dataOperations = /^keys\.(encrypt|decrypt|reencrypt|generate-|sign|verify|derive-)/;

/** The record of an event in the shape of AWS CloudTrail. */
export function cloudTrailRecord(event: AuditEvent, accountId: string): object {
  const arn = (id: string) => `arn:aws:kms:${event.region}:${accountId}:key/${id}`;
  const keys = [event.keyId, event.otherKeyId].filter((id) => id !== null);
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: event.principal,
      arn: `arn:aws:iam::${accountId}:user/${event.principal}`,
      accountId,
      userName: event.principal,
    },
    eventTime: `${new Date(event.at).toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    eventName: event.protocolOperation === '-' ? event.operation : event.protocolOperation,
    awsRegion: event.region,
    sourceIPAddress: event.sourceAddress,
    userAgent: event.userAgent,
    ...(event.reason === null ? {} : { errorCode: event.reason }),
    requestParameters: event.facts,
    responseElements: null,
    requestID: event.id,
    eventID: event.id,
    readOnly: readOnlyOperations.test(event.operation),
    resources: keys.map((id) => ({ accountId, type: 'AWS::KMS::Key', ARN: arn(id) })),
    eventType: 'AwsApiCall',
    managementEvent: !dataOperations.test(event.operation),
    recipientAccountId: accountId,
    eventCategory: dataOperations.test(event.operation) ? 'Data' : 'Management',
  };
}

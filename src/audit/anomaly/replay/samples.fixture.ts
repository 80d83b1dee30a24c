/** Records in the shapes that AWS documents for CloudTrail events of KMS, shortened. */
export const cloudTrailRecords: readonly object[] = [
  {
    eventVersion: '1.08',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:i-0abc',
      arn: 'arn:aws:sts::111122223333:assumed-role/billing/i-0abc',
      accountId: '111122223333',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          arn: 'arn:aws:iam::111122223333:role/service/billing',
          userName: 'billing',
        },
        attributes: { mfaAuthenticated: 'false' },
      },
    },
    eventTime: '2026-01-05T10:00:00Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    awsRegion: 'us-east-1',
    sourceIPAddress: '10.1.2.3',
    userAgent: 'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.23.1',
    requestParameters: {
      encryptionContext: { tenant: '7', 'aws:s3:arn': 'arn:aws:s3:::bucket/object' },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    },
    responseElements: null,
    readOnly: true,
    resources: [
      {
        accountId: '111122223333',
        type: 'AWS::KMS::Key',
        ARN: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
    ],
    recipientAccountId: '111122223333',
  },
  {
    // the session issuer is not told
    userIdentity: {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::111122223333:assumed-role/path/waf-role/session-9',
      accountId: '111122223333',
    },
    eventTime: '2026-01-05T10:00:01.250Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    sourceIPAddress: '203.0.113.9',
    userAgent: 'aws-cli/2.17.40',
    errorCode: 'AccessDenied',
    errorMessage: 'User is not authorized',
    requestParameters: null,
    responseElements: null,
    recipientAccountId: '111122223333',
  },
  {
    // a service that calls for someone
    userIdentity: { type: 'AWSService', invokedBy: 'secretsmanager.amazonaws.com' },
    eventTime: '2026-01-05T10:00:02Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'GenerateDataKey',
    sourceIPAddress: 'secretsmanager.amazonaws.com',
    userAgent: 'secretsmanager.amazonaws.com',
    requestParameters: {
      keyId: 'arn:aws:kms:us-east-1:444455556666:key/mrk-00000000000000000000000000000001',
    },
    resources: [],
    recipientAccountId: '111122223333',
  },
  {
    // the service's own work
    userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
    eventTime: '2026-01-05T10:00:03Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'RotateKey',
    sourceIPAddress: 'AWS Internal',
    userAgent: 'AWS Internal',
    requestParameters: null,
    eventType: 'AwsServiceEvent',
    serviceEventDetails: { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' },
    recipientAccountId: '111122223333',
  },
  {
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ada', accountId: '111122223333' },
    eventTime: '2026-01-05T10:00:04Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
  },
];

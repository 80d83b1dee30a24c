import { unsupported } from './aws-error.ts';
import type { Handler } from './handler.ts';
import {
  description,
  flag,
  key,
  limit,
  marker,
  matching,
  policy,
  required,
  tags,
  tokens,
  values,
  type Members,
  type Shape,
} from './shape.ts';

function text(min: number, max: number, pattern?: string): Extract<Shape, { type: 'string' }> {
  return { type: 'string', min, max, ...(pattern === undefined ? {} : matching(pattern)) };
}

const { required: _required, ...keyId } = key;
const blob = { type: 'blob', min: 1, max: 6144, ...required } as const;
const context = { type: 'map' } as const;
const principal = text(1, 256, '^[\\w+=,.@:/-]+$');
const service = text(1, 128, '^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$');
const region = { ...text(1, 32, '^([a-z]+-){2,3}\\d+$'), ...required };
const grantId = text(1, 128);
const storeId = text(1, 64);
const encapsulation = { type: 'string', values: values('ML_KEM'), ...required } as const;
const onlyStore: Members = { CustomKeyStoreId: { ...storeId, ...required } };
const paging: Members = { Limit: limit, Marker: marker };

const grantOperations = values(
  'Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo Sign Verify GetPublicKey ' +
    'CreateGrant RetireGrant DescribeKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateMac VerifyMac ' +
    'DeriveSharedSecret Encapsulate Decapsulate',
);

const storeMembers: Members = {
  CloudHsmClusterId: text(19, 24, 'cluster-[2-7a-zA-Z]{11,16}'),
  KeyStorePassword: { ...text(7, 32), sensitive: true },
  XksProxyUriEndpoint: text(10, 128, '^https://[a-zA-Z0-9.-]+$'),
  XksProxyUriPath: text(10, 128, '^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$'),
  XksProxyVpcEndpointServiceName: text(
    20,
    64,
    '^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$',
  ),
  XksProxyVpcEndpointServiceOwner: text(12, 12, '[0-9]{12}'),
  XksProxyAuthenticationCredential: {
    type: 'structure',
    members: {
      AccessKeyId: { ...text(20, 30, '^[A-Z2-7]+$'), sensitive: true, ...required },
      RawSecretAccessKey: { ...text(43, 64, '^[a-zA-Z0-9\\/+=]+$'), sensitive: true, ...required },
    },
  },
  XksProxyConnectivity: { type: 'string', values: values('PUBLIC_ENDPOINT VPC_ENDPOINT_SERVICE') },
};

/** The members of the operations that are not served: a malformed request is told so first, as AWS does. */
export const unservedShapes: Readonly<Record<string, Members>> = Object.freeze({
  __proto__: null as never,
  ConnectCustomKeyStore: onlyStore,
  CreateCustomKeyStore: {
    CustomKeyStoreName: { ...text(1, 256), ...required },
    TrustAnchorCertificate: text(1, 5000),
    CustomKeyStoreType: { type: 'string', values: values('AWS_CLOUDHSM EXTERNAL_KEY_STORE') },
    ...storeMembers,
  },
  CreateGrant: {
    KeyId: key,
    GranteePrincipal: principal,
    RetiringPrincipal: principal,
    Operations: { type: 'list', of: { type: 'string', values: grantOperations }, ...required },
    Constraints: {
      type: 'structure',
      members: {
        EncryptionContextSubset: context,
        EncryptionContextEquals: context,
        SourceArn: text(20, 512, '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$'),
      },
    },
    GrantTokens: tokens,
    Name: text(1, 256, '^[a-zA-Z0-9:/_-]+$'),
    DryRun: flag,
    GranteeServicePrincipal: service,
    RetiringServicePrincipal: service,
  },
  Decapsulate: {
    KeyId: key,
    SharedSecretCiphertextBlob: blob,
    EncapsulationAlgorithm: encapsulation,
    GrantTokens: tokens,
    DryRun: flag,
  },
  DeleteCustomKeyStore: onlyStore,
  DescribeCustomKeyStores: { CustomKeyStoreId: storeId, CustomKeyStoreName: text(1, 256), ...paging },
  DisconnectCustomKeyStore: onlyStore,
  Encapsulate: { KeyId: key, EncapsulationAlgorithm: encapsulation, GrantTokens: tokens, DryRun: flag },
  ListGrants: {
    ...paging,
    KeyId: key,
    GrantId: grantId,
    GranteePrincipal: principal,
    GranteeServicePrincipal: service,
  },
  ListRetirableGrants: { ...paging, RetiringPrincipal: principal, RetiringServicePrincipal: service },
  ReplicateKey: {
    KeyId: key,
    ReplicaRegion: region,
    Policy: policy,
    BypassPolicyLockoutSafetyCheck: flag,
    Description: description,
    Tags: tags,
  },
  RetireGrant: { GrantToken: tokens.of, KeyId: keyId, GrantId: grantId, DryRun: flag },
  RevokeGrant: { KeyId: key, GrantId: { ...grantId, ...required }, DryRun: flag },
  UpdateCustomKeyStore: { ...onlyStore, NewCustomKeyStoreName: text(1, 256), ...storeMembers },
  UpdatePrimaryRegion: { KeyId: key, PrimaryRegion: region },
});

function unserved(operation: string): Handler {
  return async () => {
    throw unsupported(`${operation} is not supported by this server.`);
  };
}

/** Answers the operations of the service that are not served: their clients are told so. */
export const unservedHandlers: Readonly<Record<string, Handler>> = Object.freeze(
  Object.fromEntries(Object.keys(unservedShapes).map((operation) => [operation, unserved(operation)])),
);

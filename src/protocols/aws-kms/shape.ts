/** What a member of a request may be. Lengths are characters, for blobs bytes. */
export type Shape =
  | {
      readonly type: 'string';
      readonly min?: number;
      readonly max?: number;
      readonly pattern?: RegExp;
      /** The pattern as AWS prints it. */
      readonly patternText?: string;
      readonly values?: readonly string[];
    }
  | { readonly type: 'blob'; readonly min?: number; readonly max?: number }
  | { readonly type: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'timestamp' }
  | { readonly type: 'map' }
  | { readonly type: 'list'; readonly of: Shape; readonly min?: number; readonly max?: number }
  | { readonly type: 'structure'; readonly members: Members };

export type Members = Readonly<Record<string, Shape & { readonly required?: boolean }>>;

function values(text: string): readonly string[] {
  return Object.freeze(text.split(' '));
}

const keySpecs = values(
  'SYMMETRIC_DEFAULT RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 ' +
    'ECC_NIST_EDWARDS25519 HMAC_224 HMAC_256 HMAC_384 HMAC_512 ML_DSA_44 ML_DSA_65 ML_DSA_87 SM2',
);
const encryptionAlgorithms = values('SYMMETRIC_DEFAULT RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256 SM2PKE');

const required = { required: true } as const;
const keyId = { type: 'string', min: 1, max: 2048 } as const;
const key = { ...keyId, ...required } as const;
const flag = { type: 'boolean' } as const;
const context = { type: 'map' } as const;
const tokens = { type: 'list', of: { type: 'string', min: 1, max: 8192 }, max: 10 } as const;
const plaintext = { type: 'blob', min: 1, max: 4096 } as const;
const message = { type: 'blob', min: 0, max: 4096, ...required } as const;
const ciphertext = { type: 'blob', min: 1, max: 6144 } as const;
const recipient = {
  type: 'structure',
  members: {
    KeyEncryptionAlgorithm: { type: 'string', values: values('RSAES_OAEP_SHA_256') },
    AttestationDocument: { type: 'blob', min: 1, max: 262_144 },
  },
} as const;
const aliasName = {
  type: 'string',
  min: 1,
  max: 256,
  pattern: /^[a-zA-Z0-9:/_-]+$/,
  patternText: '^[a-zA-Z0-9:/_-]+$',
  ...required,
} as const;
const limit = { type: 'integer', min: 1, max: 1000 } as const;
const marker = {
  type: 'string',
  min: 1,
  max: 1024,
  pattern: /^[\u0020-\u00FF]*$/,
  patternText: '[\\u0020-\\u00FF]*',
} as const;
const description = { type: 'string', min: 0, max: 8192 } as const;
const policyName = { type: 'string', min: 1, max: 128, pattern: /^\w+$/, patternText: '[\\w]+' } as const;
const policy = { type: 'string', min: 1, max: 131_072 } as const;
const encryptionAlgorithm = { type: 'string', values: encryptionAlgorithms } as const;
const signingAlgorithm = {
  type: 'string',
  values: values(
    'RSASSA_PSS_SHA_256 RSASSA_PSS_SHA_384 RSASSA_PSS_SHA_512 RSASSA_PKCS1_V1_5_SHA_256 RSASSA_PKCS1_V1_5_SHA_384 ' +
      'RSASSA_PKCS1_V1_5_SHA_512 ECDSA_SHA_256 ECDSA_SHA_384 ECDSA_SHA_512 SM2DSA ML_DSA_SHAKE_256 ' +
      'ED25519_SHA_512 ED25519_PH_SHA_512',
  ),
  ...required,
} as const;
const macAlgorithm = {
  type: 'string',
  values: values('HMAC_SHA_224 HMAC_SHA_256 HMAC_SHA_384 HMAC_SHA_512'),
  ...required,
} as const;
const messageType = { type: 'string', values: values('RAW DIGEST EXTERNAL_MU') } as const;
const tag = {
  type: 'structure',
  members: {
    TagKey: { type: 'string', min: 1, max: 128, ...required },
    TagValue: { type: 'string', min: 0, max: 256, ...required },
  },
} as const;
const tags = { type: 'list', of: tag, max: 50 } as const;
const modifiers = { type: 'list', of: { type: 'string', values: values('IGNORE_CIPHERTEXT') } } as const;
const dataKey: Members = {
  KeyId: key,
  EncryptionContext: context,
  NumberOfBytes: { type: 'integer', min: 1, max: 1024 },
  KeySpec: { type: 'string', values: values('AES_256 AES_128') },
  GrantTokens: tokens,
  DryRun: flag,
};
const dataKeyPair: Members = {
  EncryptionContext: context,
  KeyId: key,
  KeyPairSpec: {
    type: 'string',
    values: values(
      'RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 SM2 ECC_NIST_EDWARDS25519',
    ),
    ...required,
  },
  GrantTokens: tokens,
  DryRun: flag,
};
const onlyKey: Members = { KeyId: key };

/** The members of every operation that is served, as the service's own model bounds them. */
export const inputShapes: Readonly<Record<string, Members>> = Object.freeze({
  __proto__: null as never,
  CancelKeyDeletion: onlyKey,
  CreateAlias: { AliasName: aliasName, TargetKeyId: key },
  CreateKey: {
    Policy: policy,
    Description: description,
    KeyUsage: {
      type: 'string',
      values: values('SIGN_VERIFY ENCRYPT_DECRYPT GENERATE_VERIFY_MAC KEY_AGREEMENT'),
    },
    CustomerMasterKeySpec: { type: 'string', values: keySpecs },
    KeySpec: { type: 'string', values: keySpecs },
    Origin: { type: 'string', values: values('AWS_KMS EXTERNAL AWS_CLOUDHSM EXTERNAL_KEY_STORE') },
    CustomKeyStoreId: { type: 'string', min: 1, max: 64 },
    BypassPolicyLockoutSafetyCheck: flag,
    Tags: tags,
    MultiRegion: flag,
    XksKeyId: { type: 'string', min: 1, max: 128 },
  },
  Decrypt: {
    CiphertextBlob: ciphertext,
    EncryptionContext: context,
    GrantTokens: tokens,
    KeyId: keyId,
    EncryptionAlgorithm: encryptionAlgorithm,
    Recipient: recipient,
    DryRun: flag,
    DryRunModifiers: modifiers,
  },
  DeleteAlias: { AliasName: aliasName },
  DeriveSharedSecret: {
    KeyId: key,
    KeyAgreementAlgorithm: { type: 'string', values: values('ECDH'), ...required },
    PublicKey: { type: 'blob', min: 1, max: 8192, ...required },
    GrantTokens: tokens,
    DryRun: flag,
    Recipient: recipient,
  },
  DescribeKey: { KeyId: key, GrantTokens: tokens },
  DisableKey: onlyKey,
  DisableKeyRotation: onlyKey,
  EnableKey: onlyKey,
  EnableKeyRotation: { KeyId: key, RotationPeriodInDays: { type: 'integer', min: 90, max: 2560 } },
  Encrypt: {
    KeyId: key,
    Plaintext: { ...plaintext, ...required },
    EncryptionContext: context,
    GrantTokens: tokens,
    EncryptionAlgorithm: encryptionAlgorithm,
    DryRun: flag,
  },
  GenerateDataKey: { ...dataKey, Recipient: recipient },
  GenerateDataKeyPair: { ...dataKeyPair, Recipient: recipient },
  GenerateDataKeyPairWithoutPlaintext: dataKeyPair,
  GenerateDataKeyWithoutPlaintext: dataKey,
  GenerateMac: {
    Message: { ...message, min: 1 },
    KeyId: key,
    MacAlgorithm: macAlgorithm,
    GrantTokens: tokens,
    DryRun: flag,
  },
  GenerateRandom: {
    NumberOfBytes: { type: 'integer', min: 1, max: 1024 },
    CustomKeyStoreId: { type: 'string', min: 1, max: 64 },
    Recipient: recipient,
  },
  GetKeyLastUsage: onlyKey,
  GetKeyPolicy: { KeyId: key, PolicyName: policyName },
  GetKeyRotationStatus: onlyKey,
  GetPublicKey: { KeyId: key, GrantTokens: tokens },
  ListAliases: { KeyId: keyId, Limit: limit, Marker: marker },
  ListKeyPolicies: { KeyId: key, Limit: limit, Marker: marker },
  ListKeyRotations: {
    KeyId: key,
    IncludeKeyMaterial: { type: 'string', values: values('ALL_KEY_MATERIAL ROTATIONS_ONLY') },
    Limit: limit,
    Marker: marker,
  },
  ListKeys: { Limit: limit, Marker: marker },
  ListResourceTags: { KeyId: key, Limit: { type: 'integer', min: 1, max: 1000 }, Marker: marker },
  PutKeyPolicy: {
    KeyId: key,
    PolicyName: policyName,
    Policy: { ...policy, ...required },
    BypassPolicyLockoutSafetyCheck: flag,
  },
  ReEncrypt: {
    CiphertextBlob: ciphertext,
    SourceEncryptionContext: context,
    SourceKeyId: keyId,
    DestinationKeyId: key,
    DestinationEncryptionContext: context,
    SourceEncryptionAlgorithm: encryptionAlgorithm,
    DestinationEncryptionAlgorithm: encryptionAlgorithm,
    GrantTokens: tokens,
    DryRun: flag,
    DryRunModifiers: modifiers,
  },
  RotateKeyOnDemand: onlyKey,
  ScheduleKeyDeletion: { KeyId: key, PendingWindowInDays: { type: 'integer', min: 1, max: 365 } },
  Sign: {
    KeyId: key,
    Message: message,
    MessageType: messageType,
    GrantTokens: tokens,
    SigningAlgorithm: signingAlgorithm,
    DryRun: flag,
  },
  TagResource: { KeyId: key, Tags: { ...tags, ...required } },
  UntagResource: {
    KeyId: key,
    TagKeys: { type: 'list', of: { type: 'string', min: 1, max: 128 }, max: 50, ...required },
  },
  UpdateAlias: { AliasName: aliasName, TargetKeyId: key },
  UpdateKeyDescription: { KeyId: key, Description: { ...description, ...required } },
  Verify: {
    KeyId: key,
    Message: message,
    MessageType: messageType,
    Signature: { type: 'blob', min: 1, max: 6144, ...required },
    SigningAlgorithm: signingAlgorithm,
    GrantTokens: tokens,
    DryRun: flag,
  },
  VerifyMac: {
    Message: { ...message, min: 1 },
    KeyId: key,
    MacAlgorithm: macAlgorithm,
    Mac: { type: 'blob', min: 1, max: 6144, ...required },
    GrantTokens: tokens,
    DryRun: flag,
  },
});

/** Operations of the service that are not served: their clients are told so. */
export const unservedOperations: ReadonlySet<string> = new Set(
  values(
    'ConnectCustomKeyStore CreateCustomKeyStore CreateGrant DeleteCustomKeyStore DeleteImportedKeyMaterial ' +
      'DescribeCustomKeyStores DisconnectCustomKeyStore GetParametersForImport ImportKeyMaterial ListGrants ' +
      'ListRetirableGrants ReplicateKey RetireGrant RevokeGrant UpdateCustomKeyStore UpdatePrimaryRegion',
  ),
);

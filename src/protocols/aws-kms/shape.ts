/**
 * What a member of a request may be. Lengths are characters, for blobs bytes. What is sensitive is never repeated, and AWS says of its
 * absence `Value`, not `Value null`.
 */
export type Shape =
  | {
      readonly type: 'string';
      readonly min?: number;
      readonly max?: number;
      readonly pattern?: RegExp;
      /** As AWS prints it. */
      readonly patternText?: string;
      readonly values?: readonly string[];
      readonly sensitive?: boolean;
    }
  | {
      readonly type: 'blob';
      readonly min?: number;
      readonly max?: number;
      readonly sensitive?: boolean;
    }
  | { readonly type: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'timestamp' }
  | { readonly type: 'map' }
  | { readonly type: 'list'; readonly of: Shape; readonly min?: number; readonly max?: number }
  | { readonly type: 'structure'; readonly members: Members };

export type Members = Readonly<Record<string, Shape & { readonly required?: boolean }>>;

/** The words of an enum, in the order in which AWS lists them when it refuses another. */
export function values(text: string): readonly string[] {
  return Object.freeze(text.split(' '));
}

const keySpecs = values(
  'RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 ECC_NIST_EDWARDS25519 ' +
    'SYMMETRIC_DEFAULT HMAC_224 HMAC_256 HMAC_384 HMAC_512 SM2 ML_DSA_44 ML_DSA_65 ML_DSA_87 ' +
    'ML_KEM_512 ML_KEM_768 ML_KEM_1024',
);
const legacyKeySpecs = Object.freeze(keySpecs.filter((name) => !/^ML_|EDWARDS/.test(name)));
const encryptionAlgorithms = values('RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256 SM2PKE SYMMETRIC_DEFAULT');

/** A pattern that the whole value has to match, in the words in which AWS prints it. */
export function matching(pattern: string): { pattern: RegExp; patternText: string } {
  return { pattern: new RegExp(`^(?:${pattern})$`, 'u'), patternText: pattern };
}

export const required = { required: true } as const;
// the model has no pattern here, the service does
const keyId = {
  type: 'string',
  min: 1,
  max: 2048,
  ...matching('^\\p{ASCII}+$'),
} as const;
export const key = { ...keyId, ...required } as const;
export const flag = { type: 'boolean' } as const;
const context = { type: 'map' } as const;
export const tokens = {
  type: 'list',
  of: { type: 'string', min: 1, max: 8192 },
  min: 0,
  max: 10,
} as const;
const plaintext = { type: 'blob', min: 1, max: 4096, sensitive: true, ...required } as const;
const message = plaintext;
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
  ...matching('^[a-zA-Z0-9:/_-]+$'),
  ...required,
} as const;
export const limit = { type: 'integer', min: 1, max: 1000 } as const;
export const marker = {
  type: 'string',
  min: 1,
  max: 1024,
  ...matching('[\\u0020-\\u00FF]*'),
} as const;
export const description = { type: 'string', min: 0, max: 8192 } as const;
const policyName = { type: 'string', min: 1, max: 128, ...matching('[\\w]+') } as const;
export const policy = {
  type: 'string',
  min: 1,
  max: 131_072,
  ...matching('[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'),
} as const;
const encryptionAlgorithm = { type: 'string', values: encryptionAlgorithms } as const;
const signingAlgorithm = {
  type: 'string',
  values: values(
    'RSASSA_PSS_SHA_256 RSASSA_PSS_SHA_384 RSASSA_PSS_SHA_512 RSASSA_PKCS1_V1_5_SHA_256 RSASSA_PKCS1_V1_5_SHA_384 ' +
      'RSASSA_PKCS1_V1_5_SHA_512 ECDSA_SHA_256 ECDSA_SHA_384 ECDSA_SHA_512 ED25519_SHA_512 ED25519_PH_SHA_512 ' +
      'SM2DSA ML_DSA_SHAKE_256',
  ),
  ...required,
} as const;
const macAlgorithm = {
  type: 'string',
  values: values('HMAC_SHA_384 HMAC_SHA_256 HMAC_SHA_224 HMAC_SHA_512'),
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
export const tags = { type: 'list', of: tag } as const;
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
      'RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 SM2 ECC_NIST_EDWARDS25519 ' +
        'ML_KEM_512 ML_KEM_768 ML_KEM_1024',
    ),
    ...required,
  },
  GrantTokens: tokens,
  DryRun: flag,
};
const onlyKey: Members = { KeyId: key };
const materialId = { type: 'string', min: 64, max: 64, ...matching('^[a-f0-9]+$') } as const;

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
      values: values('ENCRYPT_DECRYPT SIGN_VERIFY GENERATE_VERIFY_MAC KEY_AGREEMENT ENCAPSULATE_DECAPSULATE'),
    },
    CustomerMasterKeySpec: { type: 'string', values: legacyKeySpecs },
    KeySpec: { type: 'string', values: keySpecs },
    Origin: { type: 'string', values: values('AWS_KMS EXTERNAL AWS_CLOUDHSM EXTERNAL_KEY_STORE') },
    CustomKeyStoreId: { type: 'string', min: 1, max: 64 },
    BypassPolicyLockoutSafetyCheck: flag,
    Tags: tags,
    MultiRegion: flag,
    XksKeyId: {
      type: 'string',
      min: 1,
      max: 128,
      ...matching('^[a-zA-Z0-9-_.]+$'),
    },
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
  DeleteImportedKeyMaterial: { KeyId: key, KeyMaterialId: materialId },
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
    Plaintext: plaintext,
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
    Message: message,
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
  GetParametersForImport: {
    KeyId: key,
    WrappingAlgorithm: {
      type: 'string',
      values: values(
        'RSAES_PKCS1_V1_5 RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256 RSA_AES_KEY_WRAP_SHA_1 RSA_AES_KEY_WRAP_SHA_256 SM2PKE',
      ),
      ...required,
    },
    WrappingKeySpec: { type: 'string', values: values('RSA_2048 RSA_3072 RSA_4096 SM2'), ...required },
  },
  GetPublicKey: { KeyId: key, GrantTokens: tokens },
  ImportKeyMaterial: {
    KeyId: key,
    ImportToken: { ...ciphertext, ...required },
    EncryptedKeyMaterial: { ...ciphertext, ...required },
    ValidTo: { type: 'timestamp' },
    ExpirationModel: { type: 'string', values: values('KEY_MATERIAL_EXPIRES KEY_MATERIAL_DOES_NOT_EXPIRE') },
    ImportType: { type: 'string', values: values('NEW_KEY_MATERIAL EXISTING_KEY_MATERIAL') },
    KeyMaterialDescription: { type: 'string', min: 0, max: 256, ...matching('^[a-zA-Z0-9:/_\\s.-]+$') },
    KeyMaterialId: materialId,
  },
  ListAliases: { KeyId: keyId, Limit: limit, Marker: marker },
  ListKeyPolicies: { KeyId: key, Limit: limit, Marker: marker },
  ListKeyRotations: {
    KeyId: key,
    IncludeKeyMaterial: { type: 'string', values: values('ALL_KEY_MATERIAL ROTATIONS_ONLY') },
    Limit: limit,
    Marker: marker,
  },
  ListKeys: {
    Limit: limit,
    Marker: marker,
    ResourceOwners: {
      type: 'list',
      of: { type: 'string', values: values('SELF OTHER_ACCOUNTS_VIA_RAM') },
      min: 1,
      max: 2,
    },
  },
  ListResourceTags: { KeyId: key, Limit: limit, Marker: marker },
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
    TagKeys: { type: 'list', of: { type: 'string', min: 1, max: 128 }, ...required },
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
    Message: message,
    KeyId: key,
    MacAlgorithm: macAlgorithm,
    Mac: { type: 'blob', min: 1, max: 6144, ...required },
    GrantTokens: tokens,
    DryRun: flag,
  },
});

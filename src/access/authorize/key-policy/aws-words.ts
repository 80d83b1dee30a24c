import { algorithmUsage, type AlgorithmName, type KeySpec, type KeyUsage } from '#domain';

/** The words by which AWS, and so its policy language, calls what the core knows by other names. */

function words<V extends string>(table: Readonly<Record<string, V>>): Readonly<Record<string, V>> {
  return Object.freeze({ __proto__: null as never, ...table });
}

/** The core's spec by AWS's word. */
export const awsSpecs = words<KeySpec>({
  SYMMETRIC_DEFAULT: 'AES_256',
  RSA_2048: 'RSA_2048',
  RSA_3072: 'RSA_3072',
  RSA_4096: 'RSA_4096',
  ECC_NIST_P256: 'EC_P256',
  ECC_NIST_P384: 'EC_P384',
  ECC_NIST_P521: 'EC_P521',
  ECC_SECG_P256K1: 'EC_SECP256K1',
  ECC_NIST_EDWARDS25519: 'ED25519',
  HMAC_224: 'HMAC_224',
  HMAC_256: 'HMAC_256',
  HMAC_384: 'HMAC_384',
  HMAC_512: 'HMAC_512',
  ML_DSA_44: 'ML_DSA_44',
  ML_DSA_65: 'ML_DSA_65',
  ML_DSA_87: 'ML_DSA_87',
});

/** The core's usage by AWS's word. */
export const awsUsages = words<KeyUsage>({
  ENCRYPT_DECRYPT: 'encrypt',
  SIGN_VERIFY: 'sign',
  GENERATE_VERIFY_MAC: 'mac',
  KEY_AGREEMENT: 'key-agreement',
});

/** The core's algorithm by AWS's word; SYMMETRIC_DEFAULT is not here: it leaves the choice to the key. */
export const awsAlgorithms = words<AlgorithmName>({
  RSAES_OAEP_SHA_1: 'RSA_OAEP_SHA_1',
  RSAES_OAEP_SHA_256: 'RSA_OAEP_SHA_256',
  RSASSA_PSS_SHA_256: 'RSA_PSS_SHA_256',
  RSASSA_PSS_SHA_384: 'RSA_PSS_SHA_384',
  RSASSA_PSS_SHA_512: 'RSA_PSS_SHA_512',
  RSASSA_PKCS1_V1_5_SHA_256: 'RSA_PKCS1_SHA_256',
  RSASSA_PKCS1_V1_5_SHA_384: 'RSA_PKCS1_SHA_384',
  RSASSA_PKCS1_V1_5_SHA_512: 'RSA_PKCS1_SHA_512',
  ECDSA_SHA_256: 'ECDSA_SHA_256',
  ECDSA_SHA_384: 'ECDSA_SHA_384',
  ECDSA_SHA_512: 'ECDSA_SHA_512',
  ED25519_SHA_512: 'ED25519',
  ED25519_PH_SHA_512: 'ED25519_PH',
  ML_DSA_SHAKE_256: 'ML_DSA',
  HMAC_SHA_224: 'HMAC_SHA_224',
  HMAC_SHA_256: 'HMAC_SHA_256',
  HMAC_SHA_384: 'HMAC_SHA_384',
  HMAC_SHA_512: 'HMAC_SHA_512',
  ECDH: 'ECDH',
});

function inverted(table: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return words(Object.fromEntries(Object.entries(table).map(([word, own]) => [own, word])));
}

const specWords = inverted(awsSpecs);
const usageWords = inverted(awsUsages);
const algorithmWords = inverted(awsAlgorithms);

/** AWS's word for a spec; one that AWS has no word for keeps the core's. */
export function awsSpecName(spec: KeySpec): string {
  return specWords[spec] ?? spec;
}

/** AWS's word for a usage, or the core's in AWS's spelling. */
export function awsUsageName(usage: KeyUsage): string {
  return usageWords[usage] ?? usage.toUpperCase().replaceAll('-', '_');
}

/** AWS's word for an algorithm; all that encrypts with a secret key is SYMMETRIC_DEFAULT. */
export function awsAlgorithmName(algorithm: AlgorithmName): string {
  return (
    algorithmWords[algorithm] ?? (algorithmUsage(algorithm) === 'encrypt' ? 'SYMMETRIC_DEFAULT' : algorithm)
  );
}

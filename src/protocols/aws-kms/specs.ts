import { algorithmsFor, type AlgorithmName, type Key, type KeySpec, type KeyUsage } from '#domain';
import { unsupported, validation } from './aws-error.ts';

const specs: Readonly<Record<string, KeySpec>> = Object.freeze({
  __proto__: null as never,
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

const algorithms: Readonly<Record<string, AlgorithmName>> = Object.freeze({
  __proto__: null as never,
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

const usages: Readonly<Record<string, KeyUsage>> = Object.freeze({
  __proto__: null as never,
  ENCRYPT_DECRYPT: 'encrypt',
  SIGN_VERIFY: 'sign',
  GENERATE_VERIFY_MAC: 'mac',
  KEY_AGREEMENT: 'key-agreement',
});

function inverted<V extends string>(table: Readonly<Record<string, V>>): Readonly<Record<string, string>> {
  return Object.freeze(Object.fromEntries(Object.entries(table).map(([name, value]) => [value, name])));
}

const specNames = inverted(specs);
const algorithmNames = inverted(algorithms);
const usageNames = inverted(usages);

/** The core's spec for an AWS one. */
export function specOf(name: string): KeySpec {
  const spec = specs[name];
  if (spec) return spec;
  throw unsupported(`KeySpec ${name} is not supported here.`);
}

/** The core's algorithm; null for SYMMETRIC_DEFAULT, which leaves the choice to the key. */
export function algorithmOf(name: string | null): AlgorithmName | null {
  if (name === null || name === 'SYMMETRIC_DEFAULT') return null;
  const algorithm = algorithms[name];
  if (algorithm) return algorithm;
  throw unsupported(`Algorithm ${name} is not supported here.`);
}

const defaultUsage = 'ENCRYPT_DECRYPT';
const usagesBySpec: readonly [RegExp, readonly string[]][] = [
  [/^SYMMETRIC_DEFAULT$/, [defaultUsage]],
  [/^RSA_/, [defaultUsage, 'SIGN_VERIFY']],
  [/^ECC_NIST_P/, ['SIGN_VERIFY', 'KEY_AGREEMENT']],
  [/^ECC_/, ['SIGN_VERIFY']],
  [/^ML_DSA_/, ['SIGN_VERIFY']],
  [/^HMAC_/, ['GENERATE_VERIFY_MAC']],
];

/** The usage of a new key; only SYMMETRIC_DEFAULT has one that need not be said. */
export function usageFor(spec: string, named: string | null): KeyUsage {
  if (named === null && spec !== 'SYMMETRIC_DEFAULT') {
    throw validation(
      `You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.`,
    );
  }
  const usage = named ?? defaultUsage;
  const offered = usagesBySpec.find(([pattern]) => pattern.test(spec))?.[1] ?? [];
  if (!offered.includes(usage)) throw validation(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  return usages[usage] ?? 'encrypt';
}

/** AWS's name of a key's spec; one that AWS has no name for keeps the core's. */
export function specName(spec: KeySpec): string {
  return specNames[spec] ?? spec;
}

export function usageName(usage: KeyUsage): string {
  return usageNames[usage] ?? usage.toUpperCase();
}

/** AWS's name of an algorithm; what encrypts with a secret key is SYMMETRIC_DEFAULT. */
export function algorithmName(algorithm: AlgorithmName): string {
  return algorithmNames[algorithm] ?? 'SYMMETRIC_DEFAULT';
}

/** The algorithms that a key offers, in AWS's names. */
export function algorithmNamesOf(key: Pick<Key, 'spec' | 'usage'>): readonly string[] {
  return [...new Set(algorithmsFor(key.spec, key.usage).map(algorithmName))];
}

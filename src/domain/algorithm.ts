/** What a key may be used for. One key has one usage for life (SP 800-57 part 1, 5.2). */
export const keyUsages = [
  'encrypt',
  'sign',
  'mac',
  'key-agreement',
  'encapsulate',
  'wrap',
  'derive',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/** Every algorithm that an operation can name. */
export type AlgorithmName =
  | 'AES_GCM'
  | 'XAES_256_GCM'
  | 'AES_GCM_SIV'
  | 'CHACHA20_POLY1305'
  | 'AES_KW'
  | 'AES_KWP'
  | 'AES_CMAC'
  | 'HMAC_SHA_224'
  | 'HMAC_SHA_256'
  | 'HMAC_SHA_384'
  | 'HMAC_SHA_512'
  | 'RSA_OAEP_SHA_1'
  | 'RSA_OAEP_SHA_256'
  | 'RSA_PSS_SHA_256'
  | 'RSA_PSS_SHA_384'
  | 'RSA_PSS_SHA_512'
  | 'RSA_PKCS1_SHA_256'
  | 'RSA_PKCS1_SHA_384'
  | 'RSA_PKCS1_SHA_512'
  | 'ECDSA_SHA_256'
  | 'ECDSA_SHA_384'
  | 'ECDSA_SHA_512'
  | 'ECDH'
  | 'ED25519'
  | 'ED25519_PH'
  | 'ED448'
  | 'X25519'
  | 'ML_DSA'
  | 'SLH_DSA'
  | 'ML_KEM'
  | 'HKDF_SHA_256'
  | 'HKDF_SHA_384'
  | 'HKDF_SHA_512'
  | 'KBKDF_HMAC_SHA_256'
  | 'KBKDF_HMAC_SHA_384'
  | 'KBKDF_HMAC_SHA_512';

const usageOfAlgorithm: Readonly<Record<AlgorithmName, KeyUsage>> = Object.freeze({
  __proto__: null as never,
  AES_GCM: 'encrypt',
  XAES_256_GCM: 'encrypt',
  AES_GCM_SIV: 'encrypt',
  CHACHA20_POLY1305: 'encrypt',
  RSA_OAEP_SHA_1: 'encrypt',
  RSA_OAEP_SHA_256: 'encrypt',
  AES_KW: 'wrap',
  AES_KWP: 'wrap',
  AES_CMAC: 'mac',
  HMAC_SHA_224: 'mac',
  HMAC_SHA_256: 'mac',
  HMAC_SHA_384: 'mac',
  HMAC_SHA_512: 'mac',
  RSA_PSS_SHA_256: 'sign',
  RSA_PSS_SHA_384: 'sign',
  RSA_PSS_SHA_512: 'sign',
  RSA_PKCS1_SHA_256: 'sign',
  RSA_PKCS1_SHA_384: 'sign',
  RSA_PKCS1_SHA_512: 'sign',
  ECDSA_SHA_256: 'sign',
  ECDSA_SHA_384: 'sign',
  ECDSA_SHA_512: 'sign',
  ED25519: 'sign',
  ED25519_PH: 'sign',
  ED448: 'sign',
  ML_DSA: 'sign',
  SLH_DSA: 'sign',
  ECDH: 'key-agreement',
  X25519: 'key-agreement',
  ML_KEM: 'encapsulate',
  HKDF_SHA_256: 'derive',
  HKDF_SHA_384: 'derive',
  HKDF_SHA_512: 'derive',
  KBKDF_HMAC_SHA_256: 'derive',
  KBKDF_HMAC_SHA_384: 'derive',
  KBKDF_HMAC_SHA_512: 'derive',
});

/** The usage that an algorithm belongs to. */
export function algorithmUsage(algorithm: AlgorithmName): KeyUsage {
  return usageOfAlgorithm[algorithm];
}

/** HMAC in Vault; in OpenBao XChaCha20-Poly1305, which has no `key_size`. */
export const hmacNumber = 11;

/**
 * The backup of a key as Vault and OpenBao write it: base64 of JSON, `{ policy, archived_keys }`, with the versions in plain text. The
 * numbers of types are those of Vault; OpenBao has HMAC under 10, where Vault has keys that never leave.
 */
export const typeNames: Readonly<Record<number, string>> = Object.freeze({
  0: 'aes256-gcm96',
  1: 'ecdsa-p256',
  2: 'ed25519',
  3: 'rsa-2048',
  4: 'rsa-4096',
  5: 'chacha20-poly1305',
  6: 'ecdsa-p384',
  7: 'ecdsa-p521',
  8: 'aes128-gcm96',
  9: 'rsa-3072',
  10: 'hmac',
  [hmacNumber]: 'hmac',
});

/** The number of HKDF-SHA-256 as the derivation of keys. */
export const hkdfNumber = 1;
/** The version of convergent encryption that is offered. */
export const convergentNumber = 3;

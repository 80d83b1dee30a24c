import type { AlgorithmName, KeySpec } from '#domain';
import { ClavigerError, hasCode } from '#domain';
import type { HashName } from './hashes.ts';
import { handleOf, type KeyMaterial } from './key-handle.ts';
import { unwrapKey, wrapKey } from './key-wrap.ts';
import { openMaterial, openPublicKey, openRsaRecipient } from './material.ts';
import { decryptRsa, decryptRsaWith, encryptPadded, encryptRsa } from './rsa-encryption.ts';
import { SecretBytes } from './secret-bytes.ts';
import { modulusLengthOf } from './signature-rsa.ts';

/** How key material is wrapped for its way here, under an RSA key that was made for it. */
export const transportWraps = [
  'RSA_OAEP_SHA_1',
  'RSA_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
] as const;
export type TransportWrap = (typeof transportWraps)[number];

/** The specs of the keys under which it is wrapped. */
export const transportSpecs = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
export type TransportSpec = (typeof transportSpecs)[number];

const oaepOf: Readonly<Record<TransportWrap, AlgorithmName>> = Object.freeze({
  RSA_OAEP_SHA_1: 'RSA_OAEP_SHA_1',
  RSA_OAEP_SHA_256: 'RSA_OAEP_SHA_256',
  RSA_AES_KEY_WRAP_SHA_1: 'RSA_OAEP_SHA_1',
  RSA_AES_KEY_WRAP_SHA_256: 'RSA_OAEP_SHA_256',
});

const aesSpecs: Readonly<Record<number, KeySpec>> = Object.freeze({
  16: 'AES_128',
  24: 'AES_192',
  32: 'AES_256',
});

/** Unwraps material that was wrapped for its way here. Throws `ciphertext-invalid` for everything that does not unwrap. */
export function unwrapTransported(wrap: TransportWrap, under: KeyMaterial, wrapped: Uint8Array): SecretBytes {
  const oaep = oaepOf[wrap];
  if (!wrap.startsWith('RSA_AES')) return SecretBytes.take(decryptRsa(oaep, under, wrapped));
  return unwrapUnderAes(under, wrapped, (part) => decryptRsa(oaep, under, part));
}

/**
 * Unwraps material that is under an AES key (AES-KWP) that is under RSA-OAEP with a hash that the sender chose.
 * Throws `ciphertext-invalid` for everything that does not unwrap, `algorithm-forbids` for a key that is not
 * RSA.
 */
export function unwrapRsaAes(hash: HashName, under: KeyMaterial, wrapped: Uint8Array): SecretBytes {
  const choice = { padding: 'OAEP', hash } as const;
  return unwrapUnderAes(under, wrapped, (part) => decryptRsaWith(under, choice, part));
}

//= pkcs11 v2.40 cm 2.1.21: the AES key under RSA-OAEP, then the material under AES-KWP
function unwrapUnderAes(
  under: KeyMaterial,
  wrapped: Uint8Array,
  decrypt: (part: Uint8Array) => Uint8Array,
): SecretBytes {
  const rsaLength = modulusLengthOf(handleOf(under).key);
  using aes = SecretBytes.take(decrypt(wrapped.subarray(0, rsaLength)));
  const spec = aesSpecs[aes.length];
  if (!spec) throw new ClavigerError('ciphertext-invalid', 'The material is not wrapped under an AES key.');
  return unwrapKey('AES_KWP', openMaterial(spec, aes), wrapped.subarray(rsaLength));
}

/** The wraps for material that leaves: none with SHA-1. */
export const exportWraps = ['RSA_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256'] as const;
export type ExportWrap = (typeof exportWraps)[number];

/**
 * Wraps material for the holder of an RSA key, so that `unwrapTransported` opens it. Throws `public-key-invalid` for what is not the
 * SubjectPublicKeyInfo (DER) of one of `transportSpecs`, and `input-invalid` for material that is too long for RSA alone.
 */
export function wrapForTransport(wrap: ExportWrap, recipient: Uint8Array, material: SecretBytes): Uint8Array {
  const under = openRecipient(recipient);
  const oaep = oaepOf[wrap];
  if (!wrap.startsWith('RSA_AES')) return material.use((bytes) => encryptRsa(oaep, under, bytes));
  return wrapUnderAes(material, (bytes) => encryptRsa(oaep, under, bytes));
}

/**
 * Wraps material for the holder of any RSA key of 2048 to 8192 bits, so that `unwrapRsaAes` opens it: a fresh
 * AES-256 key under RSA-OAEP with this hash, then the material under AES-KWP. Throws `public-key-invalid` for
 * what is not the SubjectPublicKeyInfo (DER) of such a key.
 */
export function wrapRsaAes(hash: HashName, recipient: Uint8Array, material: SecretBytes): Uint8Array {
  const key = openRsaRecipient(recipient);
  return wrapUnderAes(material, (bytes) => encryptPadded(key, { padding: 'OAEP', hash }, bytes));
}

//= pkcs11 v2.40 cm 2.1.21: the AES key under RSA-OAEP, then the material under AES-KWP
function wrapUnderAes(material: SecretBytes, encrypt: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  using aes = SecretBytes.random(32);
  return Buffer.concat([aes.use(encrypt), wrapKey('AES_KWP', openMaterial('AES_256', aes), material)]);
}

function openRecipient(spki: Uint8Array): KeyMaterial {
  for (const spec of transportSpecs) {
    try {
      return openPublicKey(spec, spki);
    } catch (error) {
      if (!hasCode(error, 'public-key-invalid')) throw error;
    }
  }
  throw new ClavigerError(
    'public-key-invalid',
    'The recipient is not an RSA key of 2048, 3072 or 4096 bits (SubjectPublicKeyInfo).',
  );
}

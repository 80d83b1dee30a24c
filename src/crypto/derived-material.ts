import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { ClavigerError, type DerivedSpec } from '#domain';
import { expandEd25519, openEd25519Seed } from './key-encodings.ts';
import { handleOf, KeyHandle, type KeyMaterial, materialOf, privateKeyOf } from './key-handle.ts';
import { SecretBytes } from './secret-bytes.ts';

/** Bytes that a derived key is made of. */
const lengths: Readonly<Record<DerivedSpec, number>> = Object.freeze({
  AES_128: 16,
  AES_256: 32,
  CHACHA20: 32,
  ED25519: 32,
});

const hmacKeyLength = 32;
const contextBytesMax = 1024;
const nothing = new Uint8Array();

/**
 * The key of a spec that belongs to a context: HKDF-SHA-256 (RFC 5869) of the base key without salt, the
 * context as info; for Ed25519 the output is the seed. The base is a secret key, or an Ed25519 pair, of which the
 * 64 bytes of seed and public half are the input, as in Vault. Throws `algorithm-forbids` for another base, and
 * `input-invalid` for a context of more than 1024 bytes.
 */
export function derivedMaterial(material: KeyMaterial, context: Uint8Array, spec: DerivedSpec): KeyMaterial {
  return withDerivedBytes(material, context, lengths[spec], (bytes) => opened(spec, bytes));
}

/** The keys with which equal messages become equal ciphertexts. */
export type ConvergentMaterial = {
  /** The encryption key: the one that `derivedMaterial` makes for the same context. */
  readonly material: KeyMaterial;
  /** The HMAC key that nonces are derived with. */
  readonly nonceKey: KeyMaterial;
};

/** The two keys of a context, one after the other out of one HKDF-SHA-256. Throws like `derivedMaterial`. */
export function convergentMaterial(
  material: KeyMaterial,
  context: Uint8Array,
  spec: Exclude<DerivedSpec, 'ED25519'>,
): ConvergentMaterial {
  const keyLength = lengths[spec];
  return withDerivedBytes(material, context, keyLength + hmacKeyLength, (bytes) => ({
    material: opened(spec, bytes.subarray(0, keyLength)),
    nonceKey: hmacKey(bytes.subarray(keyLength)),
  }));
}

const companionInfo = Buffer.from('claviger: message authentication beside another purpose');

/**
 * An HMAC key that goes with a key of any spec: 32 bytes of HKDF-SHA-256 of the raw secret, or of the PKCS#8
 * DER of a pair. Throws `operation-unsupported` for a public key.
 */
export function companionMacMaterial(material: KeyMaterial): KeyMaterial {
  using secret = companionMacSecret(material);
  return secret.use(hmacKey);
}

/** The bytes of `companionMacMaterial`, for who may take them out. The caller disposes them. */
export function companionMacSecret(material: KeyMaterial): SecretBytes {
  const handle = handleOf(material);
  const derive = (input: KeyObject | Uint8Array): SecretBytes =>
    SecretBytes.take(hkdf256(input, companionInfo, hmacKeyLength));
  if (handle.holds === 'secret') return derive(handle.key);
  return wiping(privateKeyOf(handle).export({ format: 'der', type: 'pkcs8' }), derive);
}

/** HKDF-SHA-256 without salt; the caller wipes the result. `info` has at most 1024 bytes. */
export function hkdf256(input: KeyObject | Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', input, nothing, info, length));
}

function withDerivedBytes<T>(
  material: KeyMaterial,
  context: Uint8Array,
  length: number,
  work: (bytes: Uint8Array) => T,
): T {
  // OpenSSL takes no longer info through Node
  if (context.length > contextBytesMax)
    throw new ClavigerError('input-invalid', `A context has at most ${contextBytesMax} bytes.`, {
      details: { bytesMax: contextBytesMax },
    });
  return withBase(material, (input) => wiping(hkdf256(input, context, length), work));
}

function wiping<T>(bytes: Uint8Array, work: (bytes: Uint8Array) => T): T {
  try {
    return work(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** Hands the input of the derivation to `work`; what is a copy is wiped. */
function withBase<T>(material: KeyMaterial, work: (input: KeyObject | Uint8Array) => T): T {
  const handle = handleOf(material);
  if (handle.holds === 'secret') return work(handle.key);
  if (handle.holds === 'private' && handle.spec === 'ED25519') return wiping(expandEd25519(handle.key), work);
  throw new ClavigerError('algorithm-forbids', `No keys are derived from a key of spec ${handle.spec}.`);
}

/** Opens the bytes that a derived key is made of; they are copied. */
function opened(spec: DerivedSpec, bytes: Uint8Array): KeyMaterial {
  const key = spec === 'ED25519' ? openEd25519Seed(bytes) : createSecretKey(bytes);
  return materialOf(new KeyHandle(spec, key));
}

function hmacKey(bytes: Uint8Array): KeyMaterial {
  return materialOf(new KeyHandle('HMAC_256', createSecretKey(bytes)));
}

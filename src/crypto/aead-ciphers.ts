import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { ClavigerError, type KeySpec } from '#domain';
import type { KeyHandle } from './key-handle.ts';

/** Bytes of the nonce of the cipher itself: the last ones of an algorithm's nonce. */
const cipherNonceLength = 12;
export const tagLength = 16;

/** How an authenticated cipher is run. */
export type AeadAlgorithm = {
  readonly kind: 'aead';
  readonly nonceLength: 12 | 24;
  /** OpenSSL's name of the cipher for a key of the spec. */
  readonly cipherOf: Readonly<Partial<Record<KeySpec, string>>>;
  /** The cipher's key for sealing; writes to the nonce what is not random of it. */
  sealKey(handle: KeyHandle, nonce: Uint8Array): KeyObject;
  /** The cipher's key for this nonce. */
  openKey(handle: KeyHandle, nonce: Uint8Array): KeyObject;
};

const plainKey = (handle: KeyHandle): KeyObject => handle.key;

function direct(cipherOf: Readonly<Partial<Record<KeySpec, string>>>): AeadAlgorithm {
  return Object.freeze({ kind: 'aead', nonceLength: 12, cipherOf, sealKey: plainKey, openKey: plainKey });
}

export const aesGcm = direct({ AES_128: 'aes-128-gcm', AES_192: 'aes-192-gcm', AES_256: 'aes-256-gcm' });
export const aesGcmSiv = direct({ AES_128: 'aes-128-gcm-siv', AES_256: 'aes-256-gcm-siv' });
export const chacha20Poly1305 = direct({ CHACHA20: 'chacha20-poly1305' });
export const xaes256Gcm: AeadAlgorithm = Object.freeze({
  kind: 'aead',
  nonceLength: 24,
  cipherOf: { AES_256: 'aes-256-gcm' },
  sealKey: (handle: KeyHandle, nonce: Uint8Array) => handle.xaes.forSealing(nonce),
  openKey: (handle: KeyHandle, nonce: Uint8Array) => handle.xaes.forOpening(nonce),
});

const cipherOptions = Object.freeze({ authTagLength: tagLength });

/** A cipher, the key for it, and the 12-byte nonce. */
type CipherRun = { readonly cipher: string; readonly key: KeyObject; readonly nonce: Uint8Array };

/** What a run takes: the algorithm's whole nonce lies at the start of `sealed`, and chose the key. */
export function cipherRun(
  algorithm: AeadAlgorithm,
  handle: KeyHandle,
  key: KeyObject,
  sealed: Uint8Array,
): CipherRun {
  const end = algorithm.nonceLength;
  const nonce = sealed.subarray(end - cipherNonceLength, end);
  return { cipher: algorithm.cipherOf[handle.spec] as string, key, nonce };
}

/** Writes ciphertext and tag to `target`, which has exactly the room for them. */
export function encryptInto(
  target: Uint8Array,
  run: CipherRun,
  plaintext: Uint8Array,
  aad: Uint8Array,
): void {
  const cipher = createCipheriv(run.cipher as CipherGCMTypes, run.key, run.nonce, cipherOptions);
  if (aad.length > 0) cipher.setAAD(aad);
  target.set(cipher.update(plaintext), 0);
  cipher.final();
  target.set(cipher.getAuthTag(), target.length - tagLength);
}

/**
 * The plaintext of `body` (ciphertext and tag); throws `ciphertext-invalid` where it does not authenticate.
 */
export function decrypt(run: CipherRun, body: Uint8Array, aad: Uint8Array): Uint8Array {
  const tagStart = body.length - tagLength;
  const options = cipherOptions;
  const decipher: DecipherGCM = createDecipheriv(run.cipher as CipherGCMTypes, run.key, run.nonce, options);
  if (aad.length > 0) decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(tagStart));
  let plaintext: Uint8Array | null = null;
  try {
    plaintext = decipher.update(body.subarray(0, tagStart));
    decipher.final();
    return plaintext;
  } catch (cause) {
    plaintext?.fill(0);
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext does not authenticate.', { cause });
  }
}

import { type KeyObject, sign, type SigningOptions, verify } from 'node:crypto';
import { ClavigerError } from '#domain';
import type { Hash } from './hashes.ts';
import type { KeyHandle } from './key-handle.ts';

/**
 * What the caller hands in: the message itself, its digest, or the 64-byte representative mu of ML-DSA that
 * was computed outside (FIPS 204, algorithm 7, step 6).
 */
export type MessageForm = 'raw' | 'digest' | 'external-mu';

/** One form of one signature algorithm. */
export type SignatureForm = {
  /** The only length that is accepted; null: any. */
  readonly messageLength: number | null;
  sign(handle: KeyHandle, message: Uint8Array): Promise<Uint8Array>;
  verify(handle: KeyHandle, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
};

export type SignatureAlgorithm = {
  readonly kind: 'signature';
  readonly forms: Readonly<Partial<Record<MessageForm, SignatureForm>>>;
};

export function signatureAlgorithm(forms: SignatureAlgorithm['forms']): SignatureAlgorithm {
  return Object.freeze({ kind: 'signature', forms: Object.freeze({ __proto__: null as never, ...forms }) });
}

/** The form that OpenSSL does whole, hashing included; it runs in the thread pool. */
export function nativeForm(hash: Hash | null, options: SigningOptions = {}): SignatureForm {
  const name = hash?.name ?? null;
  return Object.freeze({
    messageLength: null,
    sign: (handle: KeyHandle, message: Uint8Array) =>
      signNative(name, { key: handle.key, ...options }, message),
    verify: (handle: KeyHandle, message: Uint8Array, signature: Uint8Array) =>
      verifyNative(name, { key: handle.publicKey, ...options }, message, signature),
  });
}

type KeyAndOptions = SigningOptions & { readonly key: KeyObject };

function signNative(hash: string | null, key: KeyAndOptions, message: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  sign(hash, message, key, (error, signature) => {
    if (error) reject(new ClavigerError('internal', 'The signature could not be made.', { cause: error }));
    else resolve(signature);
  });
  return promise;
}

function verifyNative(
  hash: string | null,
  key: KeyAndOptions,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  verify(hash, message, key, signature, (error, valid) => {
    if (error) reject(new ClavigerError('internal', 'The signature could not be checked.', { cause: error }));
    else resolve(valid);
  });
  return promise;
}

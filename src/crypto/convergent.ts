import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { type AlgorithmName, ClavigerError } from '#domain';
import { cipherRun, encryptInto, tagLength } from './aead-ciphers.ts';
import { algorithmOf } from './algorithms.ts';
import { type ConvergentMaterial, hkdf256 } from './derived-material.ts';
import { sha256 } from './digest.ts';
import { handleOf } from './key-handle.ts';

/**
 * Seals a message so that equal messages with equal associated data become equal ciphertexts: nonce (12
 * bytes), ciphertext, tag (16), which `open` opens with `keys.material`. Whoever sees ciphertexts sees which
 * messages are the same. Without associated data the nonce is the start of HMAC-SHA-256 of the message under
 * `keys.nonceKey`; with it, under a key derived for that data: one nonce with two sets of data would give the
 * key of the tags away (SP 800-38D, appendix A). Throws `algorithm-forbids` where the algorithm is not that
 * of the key, or has nonces of another length.
 */
export function sealConvergent(
  algorithm: AlgorithmName,
  keys: ConvergentMaterial,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const handle = handleOf(keys.material);
  const entry = algorithmOf('aead', algorithm, handle.spec);
  if (entry.nonceLength !== nonceLength)
    throw new ClavigerError('algorithm-forbids', `${algorithm} does not take a nonce of 12 bytes.`);
  const sealed = Buffer.allocUnsafe(nonceLength + plaintext.length + tagLength);
  sealed.set(nonceOf(handleOf(keys.nonceKey).key, plaintext, aad));
  const key = entry.sealKey(handle, sealed);
  encryptInto(sealed.subarray(nonceLength), cipherRun(entry, handle, key, sealed), plaintext, aad);
  return sealed;
}

const nonceLength = 12;

function nonceOf(nonceKey: KeyObject, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const key = aad.length === 0 ? nonceKey : nonceKeyFor(nonceKey, aad);
  return createHmac('sha256', key).update(plaintext).digest().subarray(0, nonceLength);
}

const aadLabel = Buffer.from('claviger: convergent nonces with associated data ');

function nonceKeyFor(nonceKey: KeyObject, aad: Uint8Array): KeyObject {
  const bytes = hkdf256(nonceKey, Buffer.concat([aadLabel, sha256(aad)]), 32);
  try {
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

import { diffieHellman } from 'node:crypto';
import { type AlgorithmName, ClavigerError } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { handleOf, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import { openPublicKey } from './material.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * The shared secret with a peer, raw: the x coordinate for ECDH (SP 800-56A, 5.7.1.2), 32 bytes for X25519
 * (RFC 7748, 6.1). It is input of a key derivation, never a key. The peer's key comes as SubjectPublicKeyInfo
 * DER; throws `public-key-invalid` where it is malformed, on another curve, or (X25519) would make the secret
 * all zero.
 */
export function agree(algorithm: AlgorithmName, material: KeyMaterial, peerSpki: Uint8Array): SecretBytes {
  const handle = handleOf(material);
  const { refusesZero } = algorithmOf('agreement', algorithm, handle.spec);
  const privateKey = privateKeyOf(handle);
  const publicKey = handleOf(openPublicKey(handle.spec, peerSpki)).key;
  try {
    const secret = diffieHellman({ privateKey, publicKey });
    if (!refusesZero || secret.some((byte) => byte !== 0)) return SecretBytes.take(secret);
  } catch {
    // OpenSSL refuses points of low order by itself
  }
  throw new ClavigerError('public-key-invalid', 'The public key gives no shared secret.');
}

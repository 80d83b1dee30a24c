import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import { type KeyMaterial, secretOf } from './material.ts';
import { SecretBytes } from './secret-bytes.ts';

function peerKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ClavigerError('public-key-invalid', 'The public key can not be read.', { cause });
  }
}

/**
 * The secret that two key pairs agree on (ECDH: the x coordinate; X25519), from the other's SubjectPublicKeyInfo (DER).
 * Throws `public-key-invalid` for a key of another kind or curve, or a point that gives no secret.
 */
export function agree(algorithm: AlgorithmName, material: KeyMaterial, peerSpki: Uint8Array): SecretBytes {
  if (algorithm !== 'ECDH' && algorithm !== 'X25519') {
    throw new ClavigerError('algorithm-forbids', `${algorithm} agrees on no secret.`);
  }
  const privateKey = secretOf(material);
  const publicKey = peerKey(peerSpki);
  const sameCurve =
    publicKey.asymmetricKeyType === privateKey.asymmetricKeyType &&
    publicKey.asymmetricKeyDetails?.namedCurve === privateKey.asymmetricKeyDetails?.namedCurve;
  if (!sameCurve)
    throw new ClavigerError('public-key-invalid', 'The public key is on another curve than the key.');
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw new ClavigerError('public-key-invalid', 'No secret can be agreed on with this public key.', {
      cause,
    });
  }
  //= rfc7748 6.1: an all-zero result is refused
  if (shared.every((byte) => byte === 0)) {
    throw new ClavigerError('public-key-invalid', 'No secret can be agreed on with this public key.');
  }
  return SecretBytes.take(shared);
}

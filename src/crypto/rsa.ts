import { constants, privateDecrypt, publicEncrypt } from 'node:crypto';
import { ClavigerError, type AlgorithmName, type KeySpec } from '#domain';
import { type KeyMaterial, publicOf, secretOf } from './material.ts';

const oaepHashes: Readonly<Partial<Record<AlgorithmName, { name: string; bytes: number }>>> = Object.freeze({
  __proto__: null as never,
  RSA_OAEP_SHA_1: { name: 'sha1', bytes: 20 },
  RSA_OAEP_SHA_256: { name: 'sha256', bytes: 32 },
});

function hashOf(algorithm: AlgorithmName): { name: string; bytes: number } {
  const found = oaepHashes[algorithm];
  if (found) return found;
  throw new ClavigerError('algorithm-forbids', `${algorithm} does not encrypt with a key pair.`);
}

const modulusBytes: Readonly<Partial<Record<KeySpec, number>>> = {
  RSA_2048: 256,
  RSA_3072: 384,
  RSA_4096: 512,
};

//= rfc8017 7.1.1: the message is at most k - 2 hLen - 2 octets
/** The longest plaintext in bytes that RSA-OAEP takes under a key of this spec. */
export function oaepPlaintextMax(spec: KeySpec, algorithm: AlgorithmName): number {
  return (modulusBytes[spec] ?? 0) - 2 * hashOf(algorithm).bytes - 2;
}

/** RSA-OAEP; the mask uses the same hash. Throws `input-invalid` where the plaintext is too long. */
export function encryptRsa(algorithm: AlgorithmName, material: KeyMaterial, plaintext: Uint8Array): Buffer {
  const { name } = hashOf(algorithm);
  const most = oaepPlaintextMax(material.spec, algorithm);
  if (plaintext.length > most) {
    throw new ClavigerError(
      'input-invalid',
      `The plaintext is longer than the ${most} bytes that this key takes.`,
      {
        details: { field: 'plaintext', most },
      },
    );
  }
  const options = { key: publicOf(material), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: name };
  return publicEncrypt(options, plaintext);
}

/** Opens RSA-OAEP. Throws `ciphertext-invalid`, for whatever reason alike. */
export function decryptRsa(algorithm: AlgorithmName, material: KeyMaterial, ciphertext: Uint8Array): Buffer {
  const { name } = hashOf(algorithm);
  try {
    const options = { key: secretOf(material), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: name };
    return privateDecrypt(options, ciphertext);
  } catch {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext does not open with this key.');
  }
}

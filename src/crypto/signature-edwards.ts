import { ed25519ph } from '@noble/curves/ed25519.js';
import { type KeyHandle, privateKeyOf } from './key-handle.ts';
import { rawPublicKey, withRawPrivateKey } from './signature-ec.ts';
import { nativeForm, type SignatureForm, signatureAlgorithm } from './signature-shape.ts';

/** Ed25519 and Ed448 of a message. */
export const edwardsMessage: SignatureForm = nativeForm(null);

/** Ed25519 and Ed448 without a context (RFC 8032, 5.1 and 5.2). */
export const edwards = signatureAlgorithm({ raw: edwardsMessage });

/**
 * Ed25519ph (RFC 8032, 5.1). It hashes what it is given: as form `digest` that is the SHA-512 digest of the
 * message, which is hashed a second time, as AWS KMS defines ED25519_PH_SHA_512; as form `raw` it is the
 * message.
 */
export const edwardsPrehashed = signatureAlgorithm({ raw: prehashForm(null), digest: prehashForm(64) });

/** Ed25519ph of what is given, which it hashes; of exactly this length, or any. */
export function prehashForm(messageLength: number | null): SignatureForm {
  return Object.freeze({
    messageLength,
    sign: async (handle: KeyHandle, message: Uint8Array) =>
      withRawPrivateKey(privateKeyOf(handle), (seed) => ed25519ph.sign(message, seed)),
    verify: async (handle: KeyHandle, message: Uint8Array, signature: Uint8Array) => {
      try {
        return ed25519ph.verify(signature, message, rawPublicKey(handle.publicKey), { zip215: false });
      } catch {
        return false;
      }
    },
  });
}

import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';

export type TransportWrap =
  | 'RSA_OAEP_SHA_1'
  | 'RSA_OAEP_SHA_256'
  | 'RSA_AES_KEY_WRAP_SHA_1'
  | 'RSA_AES_KEY_WRAP_SHA_256';

//= rfc5649 3: the alternative initial value
const wrapStart = Buffer.from('a65959a6', 'hex');

/**
 * Wraps key material for its way to the server, under the wrapping key of import parameters (SubjectPublicKeyInfo, DER). The caller
 * keeps, and wipes, `material`: raw bytes of a secret key, PKCS#8 DER of a private key.
 */
export function wrapMaterial(material: Uint8Array, publicKey: Uint8Array, wrap: TransportWrap): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  const oaep = {
    key,
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: wrap.endsWith('_1') ? 'sha1' : 'sha256',
  };
  if (!wrap.startsWith('RSA_AES')) return publicEncrypt(oaep, material);
  const aes = randomBytes(32);
  try {
    const cipher = createCipheriv('id-aes256-wrap-pad', aes, wrapStart);
    return Buffer.concat([publicEncrypt(oaep, aes), cipher.update(material), cipher.final()]);
  } finally {
    aes.fill(0);
  }
}

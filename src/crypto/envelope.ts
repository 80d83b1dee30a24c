import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { ClavigerError } from '#domain';
import { fillNonce } from './random.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * What a secret is sealed under. Both `kek` and `salt` are needed to open it, and exactly the same `info`.
 */
export type EnvelopeKey = {
  /** The key-encryption key, 32 bytes. */
  readonly kek: SecretBytes;
  /**
   * Different for each sealed secret: so a derived key seals one message, ever. It may be a second secret.
   */
  readonly salt: Uint8Array;
  /** The identity of what is sealed, at most 1000 bytes in UTF-8; it is authenticated. */
  readonly info: string;
};

const formatOne = 1;
const nonceLength = 12;
const tagLength = 16;
const headerLength = 1 + nonceLength;
const infoLengthMax = 1000;

/**
 * Seals a secret under a derived single-use key: format byte (1), nonce (12), ciphertext, tag (16). The key
 * is HKDF-SHA-256(kek, salt, info); AES-256-GCM authenticates the format byte and the info.
 */
export function sealSecret(envelope: EnvelopeKey, secret: SecretBytes): Uint8Array {
  const sealed = Buffer.allocUnsafeSlow(headerLength + secret.length + tagLength);
  sealed[0] = formatOne;
  fillNonce(sealed, 1, nonceLength);
  return withDerivedKey(envelope, (key, info) => {
    const cipher = createCipheriv('aes-256-gcm', key, sealed.subarray(1, headerLength));
    cipher.setAAD(associatedData(formatOne, info));
    sealed.set(
      secret.use((bytes) => cipher.update(bytes)),
      headerLength,
    );
    cipher.final();
    sealed.set(cipher.getAuthTag(), sealed.length - tagLength);
    return sealed;
  });
}

/**
 * Opens what `sealSecret` made. Throws `integrity-failed` for an unknown format, a changed byte, another key,
 * another salt or another info: the error does not tell which.
 */
export function openSecret(envelope: EnvelopeKey, sealed: Uint8Array): SecretBytes {
  if (sealed.length < headerLength + tagLength) throw sealBroken();
  if (sealed[0] !== formatOne) throw sealBroken();
  return withDerivedKey(envelope, (key, info) => {
    const nonce = sealed.subarray(1, headerLength);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    decipher.setAAD(associatedData(formatOne, info));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
    const secret = decipher.update(sealed.subarray(headerLength, sealed.length - tagLength));
    try {
      decipher.final();
    } catch (cause) {
      secret.fill(0);
      throw sealBroken(cause);
    }
    return SecretBytes.take(secret);
  });
}

function sealBroken(cause?: unknown): ClavigerError {
  return new ClavigerError('integrity-failed', 'A sealed secret does not open under its key.', { cause });
}

function associatedData(format: number, info: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + info.length);
  data[0] = format;
  data.set(info, 1);
  return data;
}

function withDerivedKey<T>(envelope: EnvelopeKey, work: (key: Uint8Array, info: Uint8Array) => T): T {
  if (envelope.kek.length !== 32) {
    throw new ClavigerError('integrity-failed', 'A key-encryption key must have 32 bytes.');
  }
  const info = Buffer.from(envelope.info, 'utf8');
  if (info.length > infoLengthMax) {
    throw new ClavigerError(
      'input-invalid',
      `The identity of a sealed secret exceeds ${infoLengthMax} bytes.`,
    );
  }
  const key = new Uint8Array(envelope.kek.use((kek) => hkdfSync('sha256', kek, envelope.salt, info, 32)));
  try {
    return work(key, info);
  } finally {
    key.fill(0);
  }
}

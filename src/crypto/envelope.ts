import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { ClavigerError } from '#domain';
import { fillNonce } from './random.ts';
import { SecretBytes } from './secret-bytes.ts';

/** Where a sealed secret belongs: the key above it, and words that bind it to its place. */
export type SealingPlace = {
  readonly kek: SecretBytes;
  readonly salt: Uint8Array;
  readonly info: string;
};

const formatByte = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

function derived<T>({ kek, salt, info }: SealingPlace, work: (key: Buffer) => T): T {
  const key = kek.use((bytes) => Buffer.from(hkdfSync('sha256', bytes, salt, Buffer.from(info, 'utf8'), 32)));
  try {
    return work(key);
  } finally {
    key.fill(0);
  }
}

function associated(info: string): Buffer {
  return Buffer.concat([Buffer.of(formatByte), Buffer.from(info, 'utf8')]);
}

/**
 * Seals a secret of the house: AES-256-GCM under HKDF-SHA-256(kek, salt, info), random nonce, with the format and the place as
 * associated data. Format byte, nonce, ciphertext and tag follow each other.
 */
export function sealSecret(place: SealingPlace, secret: SecretBytes): Buffer {
  return derived(place, (key) => {
    const sealed = Buffer.allocUnsafe(headBytes + secret.length + tagBytes);
    sealed[0] = formatByte;
    fillNonce(sealed, 1, nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', key, sealed.subarray(1, headBytes));
    cipher.setAAD(associated(place.info));
    sealed.set(
      secret.use((bytes) => cipher.update(bytes)),
      headBytes,
    );
    cipher.final();
    sealed.set(cipher.getAuthTag(), headBytes + secret.length);
    return sealed;
  });
}

/** Opens what `sealSecret` made for this very place. Throws `integrity-failed`. */
export function openSecret(place: SealingPlace, sealed: Uint8Array): SecretBytes {
  if (sealed[0] !== formatByte || sealed.length < headBytes + tagBytes) {
    throw new ClavigerError('integrity-failed', 'A sealed secret has an unknown form.');
  }
  return derived(place, (key) => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, headBytes));
    decipher.setAAD(associated(place.info));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    try {
      const opened = decipher.update(sealed.subarray(headBytes, sealed.length - tagBytes));
      decipher.final();
      return SecretBytes.take(opened);
    } catch {
      throw new ClavigerError(
        'integrity-failed',
        'A sealed secret does not open: it was changed or belongs elsewhere.',
      );
    }
  });
}

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
  /** Which of several keys `kek` is, from 1 (where absent) to 2^32 - 1; it stands in what is sealed, and is authenticated. */
  readonly generation?: number;
};

/** The first generation's format, and that of all later ones, which has the generation (32 bits, big endian) after its first byte. */
const formatOne = 1;
const formatTwo = 2;
const generationLength = 4;
const generationMax = 2 ** 32 - 1;
const nonceLength = 12;
const tagLength = 16;
const infoLengthMax = 1000;

/** The head of what a generation seals, before the nonce; all of it is authenticated. */
function headOf({ generation = 1 }: EnvelopeKey): Buffer {
  if (generation === 1) return Buffer.of(formatOne);
  if (!Number.isSafeInteger(generation) || generation < 1 || generation > generationMax)
    throw new ClavigerError('integrity-failed', 'A sealed secret can not be of this generation.');
  const head = Buffer.alloc(1 + generationLength);
  head[0] = formatTwo;
  head.writeUInt32BE(generation, 1);
  return head;
}

/** The generation of the key that sealed this, as its head says. Throws `integrity-failed` for an unknown format. */
export function sealGeneration(sealed: Uint8Array): number {
  if (sealed[0] === formatOne) return 1;
  if (sealed[0] !== formatTwo || sealed.length < 1 + generationLength) throw sealBroken();
  const generation = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).readUInt32BE(1);
  if (generation < 2) throw sealBroken();
  return generation;
}

/**
 * Seals a secret under a derived single-use key: head (a format byte, from the second generation on with the generation), nonce
 * (12), ciphertext, tag (16). The key is HKDF-SHA-256(kek, salt, info); AES-256-GCM authenticates the head and the info.
 */
export function sealSecret(envelope: EnvelopeKey, secret: SecretBytes): Uint8Array {
  const head = headOf(envelope);
  const headerLength = head.length + nonceLength;
  const sealed = Buffer.allocUnsafeSlow(headerLength + secret.length + tagLength);
  sealed.set(head);
  fillNonce(sealed, head.length, nonceLength);
  return withDerivedKey(envelope, head, (key, identity) => {
    const cipher = createCipheriv('aes-256-gcm', key, sealed.subarray(head.length, headerLength));
    cipher.setAAD(identity);
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
  const head = headOf(envelope);
  const headerLength = head.length + nonceLength;
  if (sealed.length < headerLength + tagLength) throw sealBroken();
  if (!head.equals(sealed.subarray(0, head.length))) throw sealBroken();
  return withDerivedKey(envelope, head, (key, identity) => {
    const nonce = sealed.subarray(head.length, headerLength);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    decipher.setAAD(identity);
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

/** Hands over the derived key, and what is authenticated beside the secret: the head and the info. */
function withDerivedKey<T>(
  envelope: EnvelopeKey,
  head: Uint8Array,
  work: (key: Uint8Array, identity: Uint8Array) => T,
): T {
  if (envelope.kek.length !== 32) {
    throw new ClavigerError('integrity-failed', 'A key-encryption key must have 32 bytes.');
  }
  const infoLength = Buffer.byteLength(envelope.info, 'utf8');
  if (infoLength > infoLengthMax) {
    throw new ClavigerError(
      'input-invalid',
      `The identity of a sealed secret exceeds ${infoLengthMax} bytes.`,
    );
  }
  const identity = Buffer.allocUnsafe(head.length + infoLength);
  identity.set(head);
  identity.write(envelope.info, head.length, 'utf8');
  const info = identity.subarray(head.length);
  const key = new Uint8Array(envelope.kek.use((kek) => hkdfSync('sha256', kek, envelope.salt, info, 32)));
  try {
    return work(key, identity);
  } finally {
    key.fill(0);
  }
}

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherGCMTypes,
  type KeyObject,
} from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import { aesCmac } from './cmac.ts';
import { type DerivedKey, type KeyMaterial, secretOf } from './material.ts';
import { fillNonce, randomBytes } from './random.ts';

const tagBytes = 16;
const gcmNonceBytes = 12;

/** How an AEAD finds its cipher, its key and its nonce. */
type Aead = {
  readonly nonceBytes: number;
  /** OpenSSL's name for a key of so many bytes. */
  readonly cipher: (keyBytes: number) => string;
  /** The key that seals, and the first bytes of the nonce that belong to it. */
  readonly sealing: (material: KeyMaterial) => { key: KeyObject; prefix: Buffer | null };
  readonly opening: (material: KeyMaterial, nonce: Buffer) => KeyObject;
};

function direct(cipher: (keyBytes: number) => string): Aead {
  return {
    nonceBytes: gcmNonceBytes,
    cipher,
    sealing: (material) => ({ key: secretOf(material), prefix: null }),
    opening: secretOf,
  };
}

const prefixBytes = 12;
/**
 * How many messages share one derived key. Their 96-bit nonces are random: two of them collide with probability below
 * 2^-65 per derived key, so that 2^32 derived keys (2^48 messages) stay below 2^-33.
 */
const usesOfDerivedKey = 65_536;
const openingKeysMax = 64;

//= c2sp.org/XAES-256-GCM: the key of a message is CMAC(K, 0x0001 || "X" || 0 || N[0:12]) || CMAC(K, 0x0002 || ...)
function deriveXaesKey(key: KeyObject, prefix: Uint8Array): KeyObject {
  const block = Buffer.alloc(16);
  block[2] = 0x58;
  block.set(prefix, 4);
  const derived = Buffer.allocUnsafeSlow(32);
  for (const counter of [1, 2]) {
    block[1] = counter;
    const half = aesCmac(key, block);
    derived.set(half, (counter - 1) * 16);
    half.fill(0);
  }
  const result = createSecretKey(derived);
  derived.fill(0);
  return result;
}

function xaesSealingKey(material: KeyMaterial): DerivedKey {
  const present = material.derived.sealing;
  if (present && present.uses < usesOfDerivedKey) {
    present.uses += 1;
    return present;
  }
  const prefix = randomBytes(prefixBytes);
  const fresh = { prefix, key: deriveXaesKey(secretOf(material), prefix), uses: 1 };
  material.derived.sealing = fresh;
  return fresh;
}

function xaesOpeningKey(material: KeyMaterial, nonce: Buffer): KeyObject {
  const prefix = nonce.subarray(0, prefixBytes);
  const { sealing, opening } = material.derived;
  if (sealing?.prefix.equals(prefix)) return sealing.key;
  const name = prefix.toString('latin1');
  const known = opening.get(name);
  if (known) return known;
  const derived = deriveXaesKey(secretOf(material), prefix);
  if (opening.size >= openingKeysMax) {
    const oldest = opening.keys().next();
    if (!oldest.done) opening.delete(oldest.value);
  }
  opening.set(name, derived);
  return derived;
}

/** The AEADs by name: nonce, ciphertext and tag follow each other in what they make. */
const aeads: Readonly<Partial<Record<AlgorithmName, Aead>>> = Object.freeze({
  __proto__: null as never,
  AES_GCM: direct((keyBytes) => `aes-${keyBytes * 8}-gcm`),
  AES_GCM_SIV: direct((keyBytes) => `aes-${keyBytes * 8}-gcm-siv`),
  CHACHA20_POLY1305: direct(() => 'chacha20-poly1305'),
  XAES_256_GCM: {
    nonceBytes: prefixBytes + gcmNonceBytes,
    cipher: () => 'aes-256-gcm',
    sealing: xaesSealingKey,
    opening: xaesOpeningKey,
  },
});

function aeadOf(algorithm: AlgorithmName): Aead {
  const found = aeads[algorithm];
  if (found) return found;
  throw new ClavigerError('algorithm-forbids', `${algorithm} does not encrypt with a secret key.`);
}

function cipherOf(aead: Aead, key: KeyObject): CipherGCMTypes {
  return aead.cipher(key.symmetricKeySize ?? 0) as CipherGCMTypes;
}

const tagOption = { authTagLength: tagBytes } as const;

/** Seals a plaintext under a fresh random nonce; the associated data is authenticated and not kept. */
export function seal(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Buffer {
  const aead = aeadOf(algorithm);
  const { key, prefix } = aead.sealing(material);
  const { nonceBytes } = aead;
  const sealed = Buffer.allocUnsafe(nonceBytes + plaintext.length + tagBytes);
  if (prefix) sealed.set(prefix, 0);
  fillNonce(sealed, nonceBytes - gcmNonceBytes, gcmNonceBytes);
  const nonce = sealed.subarray(nonceBytes - gcmNonceBytes, nonceBytes);
  const cipher = createCipheriv(cipherOf(aead, key), key, nonce, tagOption);
  if (associated.length > 0) cipher.setAAD(associated);
  sealed.set(cipher.update(plaintext), nonceBytes);
  cipher.final();
  sealed.set(cipher.getAuthTag(), nonceBytes + plaintext.length);
  return sealed;
}

/** Opens what `seal` made. Throws `ciphertext-invalid` for anything else. */
export function open(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  sealed: Uint8Array,
  associated: Uint8Array,
): Buffer {
  const aead = aeadOf(algorithm);
  const { nonceBytes } = aead;
  if (sealed.length < nonceBytes + tagBytes) throw refused();
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const key = aead.opening(material, bytes.subarray(0, nonceBytes));
  const nonce = bytes.subarray(nonceBytes - gcmNonceBytes, nonceBytes);
  const decipher = createDecipheriv(cipherOf(aead, key), key, nonce, tagOption);
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  if (associated.length > 0) decipher.setAAD(associated);
  let plaintext: Buffer | null = null;
  try {
    plaintext = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
    decipher.final();
    return plaintext;
  } catch {
    plaintext?.fill(0);
    throw refused();
  }
}

function refused(): ClavigerError {
  return new ClavigerError('ciphertext-invalid', 'The ciphertext does not open with this key and context.');
}

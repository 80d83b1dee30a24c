import { createCipheriv, createDecipheriv, createMac, createSecretKey, type KeyObject } from 'node:crypto';
import { ClavigerError } from '#domain';
import { constantTimeEqual } from './digest.ts';
import {
  blockLengthMax,
  formatHeader,
  type KeyBlockHeader,
  malformed,
  parseHeader,
} from './key-block-header.ts';
import type {} from './openssl-mac.ts';
import { randomBytes } from './random.ts';
import { SecretBytes } from './secret-bytes.ts';

const stepBytes = 16;
const macBytes = 16;
/** The key in front of its padding is preceded by its length in bits, on two bytes. */
const lengthBytes = 2;

export type KeyBlockToSeal = {
  /** An AES key of 16, 24 or 32 bytes, at least as long as an AES key that it protects. */
  readonly protectionKey: SecretBytes;
  readonly header: KeyBlockHeader;
  readonly key: SecretBytes;
  /**
   * Bytes that the key is padded to before it is encrypted, so that the block does not tell its length.
   * Left out: 32 for AES and HMAC, 24 for triple DES, none for what is longer or of another algorithm.
   */
  readonly maskLength?: number;
};

/** What the length of a key of an algorithm is hidden behind, as X9.143 advises. */
const usualMask: Readonly<Record<string, number>> = Object.freeze({
  __proto__: null as never,
  A: 32,
  H: 32,
  T: 24,
});

/**
 * Seals a symmetric key into a key block of ANSI X9.143 (TR-31), version D: printable ASCII. Throws
 * `input-invalid` for a header, a length or a protection key that the standard does not allow.
 */
export function sealKeyBlock(input: KeyBlockToSeal): string {
  const { header, key } = input;
  const mask = input.maskLength ?? usualMask[header.algorithm] ?? 0;
  if (!Number.isInteger(mask) || mask < 0 || mask > blockLengthMax) throw malformed('it would be too long');
  const masked = Math.max(key.length, mask);
  const padding = stepBytes - ((lengthBytes + masked) % stepBytes || stepBytes) + masked - key.length;
  return sealPadded(input, randomBytes(padding));
}

/** As `sealKeyBlock`, with the padding given: for known answers. */
export function sealPadded(input: Omit<KeyBlockToSeal, 'maskLength'>, padding: Uint8Array): string {
  const { protectionKey, header, key } = input;
  requireSealable(protectionKey, header, key);
  const clear = Buffer.allocUnsafeSlow(lengthBytes + key.length + padding.length);
  try {
    clear.writeUInt16BE(key.length * 8, 0);
    key.use((bytes) => clear.set(bytes, lengthBytes));
    clear.set(padding, lengthBytes + key.length);
    return sealClear(protectionKey, header, clear);
  } finally {
    clear.fill(0);
  }
}

/** Seals whole blocks of clear data: the length of the key, the key and its padding. */
export function sealClear(protectionKey: SecretBytes, header: KeyBlockHeader, clear: Uint8Array): string {
  const text = formatHeader(header, 2 * (clear.length + macBytes));
  const { encryption, authentication } = deriveKeys(protectionKey);
  const code = cmac(authentication, [Buffer.from(text, 'latin1'), clear]);
  const sealed = cbc(createCipheriv, encryption, code, clear);
  return text + hexUpper(sealed) + hexUpper(code);
}

function requireSealable(protectionKey: SecretBytes, header: KeyBlockHeader, key: SecretBytes): void {
  if (key.length === 0 || key.length * 2 > blockLengthMax || key.length * 8 > 0xffff)
    throw malformed(`a key of ${key.length} bytes has no place in one`);
  //= x9.143 5.2: a key is protected by one at least as strong
  if (header.algorithm === 'A' && key.length > protectionKey.length)
    throw malformed('the protection key is shorter than the AES key that it is to protect');
  if (header.algorithm === 'A' && ![16, 24, 32].includes(key.length))
    throw malformed(`an AES key has 16, 24 or 32 bytes, not ${key.length}`);
}

/**
 * Opens a key block. The code covers the header and the clear key, so that decryption must come first
 * (encrypt-and-authenticate is the standard's choice); nothing of what was decrypted is looked at before the
 * code was compared, in constant time. Throws `input-invalid` for what is no block of version D, and
 * `ciphertext-invalid`, always the same, where the protection key does not open it.
 */
export function openKeyBlock(input: { readonly protectionKey: SecretBytes; readonly block: string }): {
  header: KeyBlockHeader;
  key: SecretBytes;
} {
  const { protectionKey, block } = input;
  const { header, length } = parseHeader(block);
  const [sealed, code] = splitBody(block.slice(length));
  const { encryption, authentication } = deriveKeys(protectionKey);
  const clear = cbc(createDecipheriv, encryption, code, sealed);
  try {
    const isGenuine = constantTimeEqual(
      cmac(authentication, [Buffer.from(block.slice(0, length), 'latin1'), clear]),
      code,
    );
    const bits = clear.readUInt16BE(0);
    const end = lengthBytes + bits / 8;
    if (!isGenuine || bits === 0 || bits % 8 !== 0 || end > clear.length) throw notOpened();
    return { header, key: SecretBytes.copyOf(clear.subarray(lengthBytes, end)) };
  } finally {
    clear.fill(0);
  }
}

/** What a block says of its key; nothing of it is authenticated before the block is opened. */
export function readKeyBlockHeader(block: string): KeyBlockHeader {
  const { header, length } = parseHeader(block);
  splitBody(block.slice(length));
  return header;
}

function notOpened(): ClavigerError {
  return new ClavigerError('ciphertext-invalid', 'The key block does not open under this key.');
}

/** The encrypted key and the code; both are hexadecimal in capitals. */
function splitBody(body: string): readonly [Buffer, Buffer] {
  const bytes = body.length / 2;
  if (!/^[0-9A-F]*$/.test(body) || bytes % stepBytes !== 0 || bytes < stepBytes + macBytes)
    throw malformed('what follows its header is not whole blocks in hexadecimal capitals');
  const end = body.length - 2 * macBytes;
  return [Buffer.from(body.slice(0, end), 'hex'), Buffer.from(body.slice(end), 'hex')];
}

type DerivedKeys = { readonly encryption: KeyObject; readonly authentication: KeyObject };

/** The code of an algorithm in the derivation, by the bytes of the protection key. */
const derivationCodes: Readonly<Record<number, number>> = Object.freeze({
  __proto__: null as never,
  16: 2,
  24: 3,
  32: 4,
});

function deriveKeys(protectionKey: SecretBytes): DerivedKeys {
  if (derivationCodes[protectionKey.length] === undefined)
    throw malformed('the protection key is not one of AES, of 16, 24 or 32 bytes');
  const from = protectionKey.use((bytes) => createSecretKey(bytes));
  return { encryption: deriveKey(from, 0), authentication: deriveKey(from, 1) };
}

//= x9.143 7.3.2.1: CMAC in counter mode; counter, usage (0 encryption, 1 authentication), separator, algorithm, bits
function deriveKey(from: KeyObject, usage: 0 | 1): KeyObject {
  const length = from.symmetricKeySize as number;
  const derived = Buffer.allocUnsafeSlow(2 * stepBytes);
  const input = Buffer.from([0, 0, usage, 0, 0, derivationCodes[length] as number, 0, 0]);
  input.writeUInt16BE(length * 8, 6);
  try {
    for (let counter = 1; (counter - 1) * stepBytes < length; counter += 1) {
      input[0] = counter;
      const part = cmac(from, [input]);
      derived.set(part, (counter - 1) * stepBytes);
      part.fill(0);
    }
    return createSecretKey(derived.subarray(0, length));
  } finally {
    derived.fill(0);
  }
}

function cmac(key: KeyObject, parts: readonly Uint8Array[]): Buffer {
  const code = createMac('cmac', key, { cipher: cipherOf(key) });
  for (const part of parts) code.update(part);
  return code.final();
}

type CbcCipher = {
  setAutoPadding(isOn: boolean): unknown;
  update(data: Uint8Array): Buffer;
};

/** AES-CBC of whole blocks, with the code as initialization vector. */
function cbc(
  create: (cipher: string, key: KeyObject, iv: Uint8Array) => CbcCipher,
  key: KeyObject,
  code: Uint8Array,
  data: Uint8Array,
): Buffer {
  const cipher = create(cipherOf(key), key, code);
  cipher.setAutoPadding(false);
  return cipher.update(data);
}

function cipherOf(key: KeyObject): string {
  return `aes-${(key.symmetricKeySize as number) * 8}-cbc`;
}

function hexUpper(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex').toUpperCase();
}

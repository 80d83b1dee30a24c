import { createMac, createSecretKey, type KeyObject } from 'node:crypto';
import type {} from './openssl-mac.ts';
import { fillNonce } from './random.ts';

/** Bytes of the nonce that choose the derived key; the rest is the nonce of AES-256-GCM. */
export const xaesPrefixLength = 12;

const messagesPerPrefix = 2 ** 16;
const openKeysMax = 64;

//= c2sp xaes-256-gcm: Kx = CMAC(K, 00 01 'X' 00 || N[:12]) || CMAC(K, 00 02 'X' 00 || N[:12])
/** The AES-256-GCM key of a nonce prefix. */
export function deriveXaesKey(key: KeyObject, prefix: Uint8Array): KeyObject {
  const block = Buffer.from([0, 1, 0x58, 0, ...prefix]);
  const derived = Buffer.allocUnsafeSlow(32);
  try {
    derived.set(cmac(key, block), 0);
    block[1] = 2;
    derived.set(cmac(key, block), 16);
    return createSecretKey(derived);
  } finally {
    derived.fill(0);
  }
}

function cmac(key: KeyObject, block: Uint8Array): Uint8Array {
  return createMac('cmac', key, { cipher: 'aes-256-cbc' }).update(block).final();
}

/**
 * The derived keys of one XAES-256-GCM key. A full derivation for each message would cost several times the
 * sealing itself, so that this process keeps one random 12-byte prefix for at most 2^16 messages; the last 12
 * bytes of every nonce are fresh. Nonces collide within one prefix with a probability below 2^-65, so that a
 * key stays under the 2^-32 that SP 800-38D allows for 2^49 messages (2^33 prefixes); two processes, or two
 * prefixes that happen to be equal, change nothing in that order.
 */
export class XaesKeys {
  readonly #key: KeyObject;
  readonly #prefix = new Uint8Array(xaesPrefixLength);
  #sealKey: KeyObject | null = null;
  #messagesLeft = 0;
  readonly #openKeys = new Map<string, KeyObject>();

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** Writes the present prefix to the start of `nonce` and gives the key for it. */
  forSealing(nonce: Uint8Array): KeyObject {
    if (this.#messagesLeft === 0 || this.#sealKey === null) {
      fillNonce(this.#prefix, 0, xaesPrefixLength);
      this.#sealKey = deriveXaesKey(this.#key, this.#prefix);
      this.#messagesLeft = messagesPerPrefix;
      this.#remember(prefixName(this.#prefix), this.#sealKey);
    }
    this.#messagesLeft -= 1;
    nonce.set(this.#prefix, 0);
    return this.#sealKey;
  }

  /** The key for the prefix of this nonce; the 64 that were used last are kept. */
  forOpening(nonce: Uint8Array): KeyObject {
    const name = prefixName(nonce);
    const known = this.#openKeys.get(name);
    const key = known ?? deriveXaesKey(this.#key, nonce.subarray(0, xaesPrefixLength));
    if (known) this.#openKeys.delete(name);
    this.#remember(name, key);
    return key;
  }

  #remember(name: string, key: KeyObject): void {
    this.#openKeys.set(name, key);
    if (this.#openKeys.size <= openKeysMax) return;
    const oldest = this.#openKeys.keys().next();
    if (!oldest.done) this.#openKeys.delete(oldest.value);
  }
}

function prefixName(nonce: Uint8Array): string {
  return Buffer.from(nonce.buffer, nonce.byteOffset, xaesPrefixLength).toString('latin1');
}

import { createHmac, createMac } from 'node:crypto';
import type { KeySpec } from '#domain';
import type { Hash } from './hashes.ts';
import type { KeyHandle } from './key-handle.ts';
import type {} from './openssl-mac.ts';

export type MacAlgorithm = {
  readonly kind: 'mac';
  compute(handle: KeyHandle, message: Uint8Array): Uint8Array;
};

/** HMAC (FIPS 198-1), whole. */
export function hmac(hash: Hash): MacAlgorithm {
  return Object.freeze({
    kind: 'mac',
    compute: (handle: KeyHandle, message: Uint8Array) =>
      createHmac(hash.name, handle.key).update(message).digest(),
  });
}

const cmacCiphers: Readonly<Partial<Record<KeySpec, string>>> = Object.freeze({
  __proto__: null as never,
  AES_128: 'aes-128-cbc',
  AES_192: 'aes-192-cbc',
  AES_256: 'aes-256-cbc',
});

/** AES-CMAC (SP 800-38B), whole. */
export const aesCmac: MacAlgorithm = Object.freeze({
  kind: 'mac',
  compute: (handle: KeyHandle, message: Uint8Array) =>
    createMac('cmac', handle.key, { cipher: cmacCiphers[handle.spec] as string })
      .update(message)
      .final(),
});

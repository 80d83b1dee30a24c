import * as crypto from 'node:crypto';

type Mac = { update(data: Uint8Array): Mac; final(): Buffer };
type CreateMac = (name: string, key: crypto.KeyObject | Uint8Array, options: { cipher: string }) => Mac;

// node:crypto has it since Node 26; its type declarations follow later
const { createMac } = crypto as unknown as { createMac: CreateMac };

/** AES-CMAC (SP 800-38B) under a key of 16, 24 or 32 bytes. */
export function aesCmac(key: crypto.KeyObject, data: Uint8Array): Buffer {
  const bits = (key.symmetricKeySize ?? 0) * 8;
  return createMac('cmac', key, { cipher: `aes-${bits}-cbc` })
    .update(data)
    .final();
}

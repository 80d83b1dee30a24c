import { hash, randomFillSync } from 'node:crypto';
import { constantTimeEqual } from './digest.ts';

export type PssHash = { readonly name: string; readonly bytes: number };

//= rfc8017 B.2.1: MGF1
function mask(seed: Uint8Array, length: number, { name, bytes }: PssHash): Buffer {
  const blocks: Buffer[] = [];
  const counter = Buffer.alloc(4);
  for (let index = 0; index * bytes < length; index += 1) {
    counter.writeUInt32BE(index);
    blocks.push(hash(name, Buffer.concat([seed, counter]), 'buffer'));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xorInto(target: Buffer, other: Uint8Array): void {
  for (const [index, byte] of other.entries()) target[index] = (target[index] ?? 0) ^ byte;
}

function hashOfSalted(digest: Uint8Array, salt: Uint8Array, use: PssHash): Buffer {
  return hash(use.name, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer');
}

//= rfc8017 9.1.1: EMSA-PSS encoding, with a salt as long as the hash
/** The encoded message for a digest, as long as the modulus; what is left is the RSA operation of OpenSSL. */
export function encodePss(digest: Uint8Array, modulusBits: number, use: PssHash): Buffer {
  const length = Math.ceil((modulusBits - 1) / 8);
  const salt = randomFillSync(Buffer.alloc(use.bytes));
  const check = hashOfSalted(digest, salt, use);
  const block = Buffer.alloc(length - use.bytes - 1);
  block[block.length - use.bytes - 1] = 1;
  block.set(salt, block.length - use.bytes);
  xorInto(block, mask(check, block.length, use));
  block[0] = (block[0] ?? 0) & (0xff >>> (8 * length - (modulusBits - 1)));
  return Buffer.concat([block, check, Buffer.of(0xbc)]);
}

//= rfc8017 9.1.2: EMSA-PSS verification
/** Whether an encoded message is one for the digest, with a salt as long as the hash. */
export function isPssOf(encoded: Buffer, digest: Uint8Array, modulusBits: number, use: PssHash): boolean {
  const length = Math.ceil((modulusBits - 1) / 8);
  if (encoded.length !== length || encoded.at(-1) !== 0xbc) return false;
  const block = Buffer.from(encoded.subarray(0, length - use.bytes - 1));
  const check = encoded.subarray(length - use.bytes - 1, length - 1);
  const unusedMask = 0xff >>> (8 * length - (modulusBits - 1));
  if (((block[0] ?? 0) & ~unusedMask & 0xff) !== 0) return false;
  xorInto(block, mask(check, block.length, use));
  block[0] = (block[0] ?? 0) & unusedMask;
  const saltAt = block.length - use.bytes;
  const padding = block.subarray(0, saltAt - 1);
  if (padding.some((byte) => byte !== 0) || block[saltAt - 1] !== 1) return false;
  return constantTimeEqual(hashOfSalted(digest, block.subarray(saltAt), use), check);
}

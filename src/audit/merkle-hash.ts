import { hash } from 'node:crypto';

/** Length of a hash in bytes. */
export const hashBytes = 32;

const emptyTree = hash('sha256', '', 'buffer');
const nodeScratch = Buffer.alloc(1 + 2 * hashBytes, 1);

//= rfc6962 2.1: the hash of an empty tree is that of an empty string
export function emptyRoot(): Buffer {
  return emptyTree;
}

//= rfc6962 2.1: MTH({d(0)}) = SHA-256(0x00 || d(0))
export function leafHash(entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + entry.length);
  bytes[0] = 0;
  bytes.set(entry, 1);
  return hash('sha256', bytes, 'buffer');
}

/** The hash of an entry that is still text; the same as that of its UTF-8 bytes. */
export function leafHashOfText(entry: string): Buffer {
  return hash('sha256', `\0${entry}`, 'buffer');
}

//= rfc6962 2.1: MTH(D[n]) = SHA-256(0x01 || MTH(left) || MTH(right))
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + hashBytes);
  return hash('sha256', nodeScratch, 'buffer');
}

import type { EncryptionContext } from './operation.ts';

const empty = new Uint8Array(0);

function compareBytes(a: [Buffer, Buffer], b: [Buffer, Buffer]): number {
  return Buffer.compare(a[0], b[0]);
}

/**
 * An encryption context as the bytes that are authenticated: the pairs in the order of their keys' UTF-8 bytes, each string after
 * its length (4 bytes, big-endian). No pairs give no bytes, so an empty context equals an absent one.
 */
export function canonicalContext(context: EncryptionContext | null): Uint8Array {
  if (context === null) return empty;
  const names = Object.keys(context);
  if (names.length === 0) return empty;
  const pairs = names.map((name): [Buffer, Buffer] => [Buffer.from(name), Buffer.from(context[name] ?? '')]);
  if (pairs.length > 1) pairs.sort(compareBytes);
  const size = pairs.reduce((sum, [name, value]) => sum + 8 + name.length + value.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const pair of pairs) {
    for (const part of pair) {
      at = bytes.writeUInt32BE(part.length, at);
      at += part.copy(bytes, at);
    }
  }
  return bytes;
}

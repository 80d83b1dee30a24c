/**
 * Spreads a text over 32 bits (FNV-1a with the finish of MurmurHash3). For sets and sketches alone: it protects nothing. The salt
 * keeps a caller from choosing texts that meet.
 */
export function spread(text: string, salt: number): number {
  let mixed = (0x811c9dc5 ^ salt) >>> 0;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

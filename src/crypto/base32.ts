//= crockford base32: no i, l, o and u, which people take for other characters; here in lower case only
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const values = new Map(Array.from(alphabet, (character, value) => [character.charCodeAt(0), value]));

/** Bytes as base32 in ASCII; the bits that fill the last character are zero. The caller wipes the result. */
export function toBase32(bytes: Uint8Array): Uint8Array {
  const text = Buffer.allocUnsafeSlow(Math.ceil((bytes.length * 8) / 5));
  let [bits, held, at] = [0, 0, 0];
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    held += 8;
    for (; held >= 5; held -= 5) text[at++] = alphabet.charCodeAt((bits >> (held - 5)) & 31);
  }
  if (held > 0) text[at] = alphabet.charCodeAt((bits << (5 - held)) & 31);
  return text;
}

/** Reads what `toBase32` wrote; null for any other text, also for another way to write the same. The caller wipes the result. */
export function fromBase32(text: Uint8Array): Uint8Array | null {
  const bytes = Buffer.allocUnsafeSlow(Math.floor((text.length * 5) / 8));
  let [bits, held, at] = [0, 0, 0];
  for (const character of text) {
    const value = values.get(character);
    if (value === undefined) return refuse(bytes);
    bits = ((bits << 5) | value) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  const isCanonical = held < 5 && (bits & ((1 << held) - 1)) === 0;
  return isCanonical ? bytes : refuse(bytes);
}

function refuse(bytes: Uint8Array): null {
  bytes.fill(0);
  return null;
}

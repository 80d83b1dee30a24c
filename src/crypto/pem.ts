import { SecretBytes } from './secret-bytes.ts';

const lineLength = 64;

/**
 * PEM (RFC 7468) of secret DER, as ASCII in memory that can be wiped: nothing of it was ever a string, and
 * no table is looked up by what it holds.
 */
export function secretPem(label: string, der: Uint8Array): SecretBytes {
  const begin = `-----BEGIN ${label}-----\n`;
  const end = `-----END ${label}-----\n`;
  const encodedLength = 4 * Math.ceil(der.length / 3);
  const lines = Math.ceil(encodedLength / lineLength);
  const pem = Buffer.allocUnsafeSlow(begin.length + encodedLength + lines + end.length);
  let at = pem.write(begin, 'latin1');
  for (let index = 0; index < encodedLength; index += 1) {
    pem[at++] = characterAt(der, index);
    if (index % lineLength === lineLength - 1 || index === encodedLength - 1) pem[at++] = newline;
  }
  pem.write(end, at, 'latin1');
  return SecretBytes.take(pem);
}

const newline = 0x0a;
const padding = 0x3d;

/** The character of base64 at a place: six bits, which start in one byte and may end in the next. */
function characterAt(bytes: Uint8Array, index: number): number {
  const bit = 6 * index;
  const first = bit >> 3;
  if (first >= bytes.length) return padding;
  const two = ((bytes[first] as number) << 8) | (bytes[first + 1] ?? 0);
  return characterOf((two >> (10 - (bit & 7))) & 0x3f);
}

//= rfc4648 4: A-Z a-z 0-9 + /
/** The character of six bits, by arithmetic alone. */
function characterOf(value: number): number {
  const offset =
    (((25 - value) >> 8) & 6) -
    (((51 - value) >> 8) & 75) -
    (((61 - value) >> 8) & 15) +
    (((62 - value) >> 8) & 3);
  return value + 65 + offset;
}

import { ClavigerError } from '#domain';

//= rfc8017 9.2 note 1: the DER of DigestInfo up to the digest, by its length
const digestInfoHeads: Readonly<Record<number, string>> = {
  32: '3031300d060960864801650304020105000420',
  48: '3041300d060960864801650304020205000430',
  64: '3051300d060960864801650304020305000440',
};

/** A SHA-2 digest as the DigestInfo that PKCS #1 v1.5 signs. */
export function digestInfo(digest: Uint8Array): Buffer {
  const head = digestInfoHeads[digest.length];
  if (head === undefined) throw new ClavigerError('input-invalid', 'The digest has a wrong length.');
  return Buffer.concat([Buffer.from(head, 'hex'), digest]);
}

function derLength(length: number): Buffer {
  return length < 0x80 ? Buffer.of(length) : Buffer.of(0x81, length);
}

//= x690 8.3.2: an INTEGER has no needless leading zero, and one before a set top bit
function derInteger(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const value = bytes.subarray(from);
  const padded = (value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), value]) : value;
  return Buffer.concat([Buffer.of(2), derLength(padded.length), padded]);
}

/** An ECDSA signature as a token gives it (r and s of one length) in DER (RFC 3279, 2.2.3). */
export function derOfEcdsa(signature: Buffer): Buffer {
  const half = signature.length / 2;
  if (!Number.isInteger(half) || half < 1 || half > 66)
    throw new ClavigerError('integrity-failed', 'The device gave a malformed signature.');
  const body = Buffer.concat([derInteger(signature.subarray(0, half)), derInteger(signature.subarray(half))]);
  return Buffer.concat([Buffer.of(0x30), derLength(body.length), body]);
}

/** The content of a DER OCTET STRING; tokens that leave the wrapping out are taken at their word. */
export function unwrapOctets(bytes: Buffer): Buffer {
  if (bytes[0] !== 4) return bytes;
  if (bytes[1] === bytes.length - 2 && bytes.length < 0x82) return bytes.subarray(2);
  if (bytes[1] === 0x81 && bytes[2] === bytes.length - 3) return bytes.subarray(3);
  return bytes;
}

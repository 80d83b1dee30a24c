import { ClavigerError } from '#domain';
import { malformed } from './raw-headers.ts';

/** Who says to have signed a request, and how: what stands before the signature in an Authorization header. Not yet believed. */
export type Claim = {
  readonly accessKeyId: string;
  /** yyyymmdd */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** The credential scope: date, region, service and `aws4_request`, with slashes between. */
  readonly scope: string;
  /** Lower case, ordered, each once. */
  readonly signedHeaders: readonly string[];
  /** The same as they stand in the header, with semicolons between. */
  readonly signedNames: string;
};

/** A claim, and the signature that is to prove it (32 bytes). */
export type SignedClaim = { readonly claim: Claim; readonly signature: Buffer };

const signedHeadersMax = 64;
const signatureForm = /^[0-9a-f]{64}$/;
const claimForm =
  /^AWS4-HMAC-SHA256 +Credential=([A-Za-z0-9_]{1,128})\/([0-9]{8})\/([a-z0-9-]{1,32})\/([a-z0-9-]{1,32})\/aws4_request, *SignedHeaders=([a-z0-9;_-]{1,2048}), *Signature=$/;

function parseClaim(text: string): Claim {
  const match = claimForm.exec(text);
  if (!match) throw malformed('The Authorization header is not one of Signature Version 4.');
  const [, accessKeyId = '', date = '', region = '', service = '', names = ''] = match;
  const signedHeaders = names.split(';');
  if (signedHeaders.length > signedHeadersMax) throw malformed('Too many headers are signed.');
  for (const [index, name] of signedHeaders.entries()) {
    const before = signedHeaders[index - 1];
    if (name === '' || (before !== undefined && before >= name)) {
      throw malformed('The signed headers are not in order.');
    }
  }
  if (!signedHeaders.includes('host')) throw malformed('The host header is not signed.');
  const scope = `${date}/${region}/${service}/aws4_request`;
  return Object.freeze({ accessKeyId, date, region, service, scope, signedHeaders, signedNames: names });
}

// a client makes the same claim all day: it is parsed once
const known = new Map<string, Claim>();
const knownMax = 1000;

/** Reads an Authorization header strictly. Throws `not-authenticated` where there is none, `input-invalid` where it is malformed. */
export function readClaim(authorization: string | undefined): SignedClaim {
  if (authorization === undefined) {
    throw new ClavigerError('not-authenticated', 'The request is not signed.');
  }
  const text = authorization.slice(0, -64);
  const hex = authorization.slice(-64);
  let claim = known.get(text);
  if (!claim) {
    claim = parseClaim(text);
    if (known.size >= knownMax) known.clear();
    known.set(text, claim);
  }
  if (!signatureForm.test(hex)) throw malformed('The signature is not 64 hexadecimal characters.');
  return { claim, signature: Buffer.from(hex, 'hex') };
}

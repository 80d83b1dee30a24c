import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { ClavigerError, type Instant } from '#domain';
import type { Claim, SignedClaim } from './claim.ts';
import { headerOf, malformed } from './raw-headers.ts';

/** What a signature is checked over. */
export type SignedRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly receivedAt: Instant;
};

const skewMillis = 5 * 60_000;
const emptyBodyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A signature of another service or day, in the words of AWS. */
export function outOfScope(message: string): ClavigerError {
  return new ClavigerError('signature-mismatch', message, { details: { field: 'scope' } });
}

const dateForm = /^([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z$/;

// clients tell whole seconds: many requests carry the same date
let lastDate = { text: '', at: 0 };

/** The time of an `x-amz-date` (20150830T123600Z). */
function readDate(text: string): Instant {
  if (lastDate.text === text) return lastDate.at;
  const match = dateForm.exec(text);
  if (!match) throw malformed('The date of the request is not in the form 20150830T123600Z.');
  const [, year, month, day, hour, minute, second] = match;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw malformed('The date of the request does not exist.');
  lastDate = { text, at };
  return at;
}

/** Checks the date of a request against the clock and the scope; returns it. */
export function requireFresh(claim: Claim, rawHeaders: readonly string[], now: Instant): string {
  const stamp = headerOf(rawHeaders, 'x-amz-date');
  if (stamp === undefined) throw malformed('The x-amz-date header is missing.');
  const at = readDate(stamp);
  if (!stamp.startsWith(claim.date)) {
    throw outOfScope(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${claim.date}' != '${stamp.slice(0, 8)}', from '${stamp}'.`,
    );
  }
  if (!claim.signedHeaders.includes('x-amz-date')) throw malformed('The x-amz-date header is not signed.');
  if (Math.abs(now - at) > skewMillis) throw outOfTime(stamp, at, now);
  return stamp;
}

function basicDate(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Said in the words of AWS, which clients look into to correct their clock. */
function outOfTime(stamp: string, at: Instant, now: Instant): ClavigerError {
  const side = at < now ? 'expired' : 'not yet current';
  const message =
    at < now
      ? `Signature expired: ${stamp} is now earlier than ${basicDate(now - skewMillis)} (${basicDate(now)} - 5 min.)`
      : `Signature not yet current: ${stamp} is still later than ${basicDate(now + skewMillis)} (${basicDate(now)} + 5 min.)`;
  return new ClavigerError('request-expired', message, { details: { stamp, side } });
}

function foldedSpaces(value: string): string {
  // most values hold neither outer nor double spaces
  const trimmed = value.trim();
  return trimmed.includes('  ') ? trimmed.replace(/ +/g, ' ') : trimmed;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('The query is not well encoded.');
  }
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const mark = part.indexOf('=');
      const [name, value] = mark < 0 ? [part, ''] : [part.slice(0, mark), part.slice(mark + 1)];
      return [encoded(decoded(name)), encoded(decoded(value))] as const;
    });
  // by name and then by value: joined first, `a-b=` would come before `a=`
  pairs.sort(([nameA, a], [nameB, b]) => inOrder(nameA, nameB) || inOrder(a, b));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/';
  return path.split('/').map(encoded).join('/');
}

//= aws sigv4: the canonical request, over exactly the headers that are listed
function canonicalRequest(request: SignedRequest, { signedHeaders, signedNames }: Claim): string {
  const { rawHeaders } = request;
  const bodyHash = request.body.length === 0 ? emptyBodyHash : hash('sha256', request.body, 'hex');
  const claimed = headerOf(rawHeaders, 'x-amz-content-sha256');
  if (claimed !== undefined && claimed !== bodyHash) {
    throw new ClavigerError(
      'signature-mismatch',
      'The x-amz-content-sha256 header is not the hash of the body.',
    );
  }
  let lines = '';
  for (const name of signedHeaders) {
    const value = headerOf(rawHeaders, name);
    if (value === undefined) throw malformed(`The signed header ${name} is missing.`);
    lines += `${name}:${foldedSpaces(value)}\n`;
  }
  const where = `${request.method}\n${canonicalPath(request.path)}\n${canonicalQuery(request.query)}`;
  return `${where}\n${lines}\n${signedNames}\n${bodyHash}`;
}

/** Throws `signature-mismatch` unless the signature of the request was made with this signing key. */
export function requireSignature(
  request: SignedRequest,
  { claim, signature }: SignedClaim,
  signed: { readonly key: KeyObject; readonly stamp: string },
): void {
  const digest = hash('sha256', canonicalRequest(request, claim), 'hex');
  const text = `AWS4-HMAC-SHA256\n${signed.stamp}\n${claim.scope}\n${digest}`;
  const expected = createHmac('sha256', signed.key).update(text).digest();
  if (timingSafeEqual(expected, signature)) return;
  throw new ClavigerError('signature-mismatch', 'The signature of the request does not match.');
}

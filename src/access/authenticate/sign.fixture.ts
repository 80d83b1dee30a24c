import { createHash, createHmac } from 'node:crypto';
import type { SignedRequest } from './sigv4.ts';

export const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const accessKeyId = 'AKIDEXAMPLE';
export const signedAt = Date.parse('2015-08-30T12:36:00Z');

/** What a test wishes to sign; what is left out is that of a good request. */
export type Wish = {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly body?: string;
  readonly accessKeyId?: string;
  readonly secret?: string;
  readonly stamp?: string;
  readonly region?: string;
  readonly service?: string;
  readonly scopeDate?: string;
  /** In the order in which they are sent; all are signed. */
  readonly headers?: readonly (readonly [string, string])[];
};

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Signs as a client does, after AWS's description and without the code under test; the query must be in canonical form. */
export function signRequest(wish: Wish = {}): SignedRequest {
  const { method = 'POST', path = '/', query = '', body = '{}', stamp = '20150830T123600Z' } = wish;
  const { region = 'us-east-1', service = 'kms', scopeDate = stamp.slice(0, 8) } = wish;
  const sent: (readonly [string, string])[] = [
    ['Host', 'kms.example'],
    ['X-Amz-Date', stamp],
    ...(wish.headers ?? []),
  ];
  const values = new Map<string, string[]>();
  for (const [name, value] of sent) {
    const folded = value.trim().replaceAll(/ +/g, ' ');
    values.set(name.toLowerCase(), [...(values.get(name.toLowerCase()) ?? []), folded]);
  }
  const names = [...values.keys()].sort();
  const lines = names.map((name) => `${name}:${values.get(name)?.join(',')}\n`).join('');
  const canonical = `${method}\n${path}\n${query}\n${lines}\n${names.join(';')}\n${sha256(body)}`;
  const scope = `${scopeDate}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`;
  const start: string | Buffer = `AWS4${wish.secret ?? secret}`;
  const key = scope.split('/').reduce<string | Buffer>((before, part) => hmac(before, part), start);
  const signature = hmac(key, text).toString('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${wish.accessKeyId ?? accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const rawHeaders = [...sent, ['Authorization', authorization] as const].flat();
  return { method, path, query, rawHeaders, body: Buffer.from(body), receivedAt: signedAt };
}

/** The same request with other parts, not signed anew. */
export function altered(request: SignedRequest, change: Partial<SignedRequest>): SignedRequest {
  return { ...request, ...change };
}

/** The same raw headers with one value replaced; null leaves the header out. */
export function withHeader(request: SignedRequest, name: string, value: string | null): SignedRequest {
  const kept = request.rawHeaders.filter((_, index, all) => {
    const at = index - (index % 2);
    return (all[at] ?? '').toLowerCase() !== name.toLowerCase();
  });
  return { ...request, rawHeaders: value === null ? kept : [...kept, name, value] };
}

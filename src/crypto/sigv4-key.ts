import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

/** Day (YYYYMMDD), region and service that a signature of AWS Signature Version 4 is good for. */
export type SigningScope = { readonly date: string; readonly region: string; readonly service: string };

/** The key that signs all requests of a secret access key in one scope. The caller keeps, and wipes, the secret. */
export function signingKey(secret: Uint8Array, scope: SigningScope): KeyObject {
  const first = Buffer.allocUnsafeSlow(4 + secret.length);
  first.write('AWS4', 'latin1');
  first.set(secret, 4);
  let key: Buffer = first;
  for (const part of [scope.date, scope.region, scope.service, 'aws4_request']) {
    const next = createHmac('sha256', key).update(part).digest();
    key.fill(0);
    key = next;
  }
  const object = createSecretKey(key);
  key.fill(0);
  return object;
}

/** A request as a client is about to send it: `POST /` of a JSON body. */
export type RequestToSign = {
  readonly scope: Omit<SigningScope, 'date'>;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Every header that is sent and signed, by lower-case name; values without outer or double spaces. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

export type SigningCredentials = { readonly accessKeyId: string; readonly secretAccessKey: Uint8Array };

//= aws sigv4: a signed request
/** The headers of a request with `x-amz-date` and `authorization`, good for five minutes. */
export function signedHeaders(
  request: RequestToSign,
  credentials: SigningCredentials,
): Readonly<Record<string, string>> {
  const stamp = `${new Date(request.at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const date = stamp.slice(0, 8);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': stamp };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const signed = names.join(';');
  const canonical = `POST\n/\n\n${lines}\n${signed}\n${hash('sha256', request.body, 'hex')}`;
  const scope = `${date}/${request.scope.region}/${request.scope.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
  const key = signingKey(credentials.secretAccessKey, { ...request.scope, date });
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const credential = `Credential=${credentials.accessKeyId}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

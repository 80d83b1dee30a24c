import { createHash, createHmac } from 'node:crypto';

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The headers of a signed request, as botocore signs it. It is good for five minutes. */
export function signedHeaders(
  address: string,
  target: string,
  body: string,
  credentials: { id: string; secret: string },
): Record<string, string> {
  const stamp = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
  const date = stamp.slice(0, 8);
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.1',
    host: new URL(address).host,
    'x-amz-date': stamp,
    'x-amz-target': target,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const scope = `${date}/us-east-1/kms/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const key = ['us-east-1', 'kms', 'aws4_request'].reduce(
    (derived, part) => hmac(derived, part),
    hmac(`AWS4${credentials.secret}`, date),
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const credential = `Credential=${credentials.id}/${scope}`;
  headers['authorization'] =
    `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

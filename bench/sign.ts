import { signedHeaders as sign } from '#crypto';

/** The headers of a signed request, as botocore signs it. It is good for five minutes. */
export function signedHeaders(
  address: string,
  target: string,
  body: string,
  credentials: { id: string; secret: string },
): Record<string, string> {
  const request = {
    scope: { region: 'us-east-1', service: 'kms' },
    at: Date.now(),
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      host: new URL(address).host,
      'x-amz-target': target,
    },
    body: Buffer.from(body),
  };
  const secretAccessKey = Buffer.from(credentials.secret);
  return { ...sign(request, { accessKeyId: credentials.id, secretAccessKey }) };
}

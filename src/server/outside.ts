import http from 'node:http';
import https from 'node:https';
import type { Outside, OutsideAnswer, OutsideRequest } from '#ports';

const millisMax = 10_000;
const bytesMax = 1_048_576;

/** Asks other servers over HTTP: verified, within ten seconds and a mebibyte, without redirections and without proxies. */
export function createOutside(bounds: { readonly millis?: number } = {}): Outside {
  const millis = bounds.millis ?? millisMax;
  return { ask: (request) => ask(request, millis) };
}

function ask({ method, url, headers, body, caPem }: OutsideRequest, millis: number): Promise<OutsideAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutsideAnswer>();
  const secure = new URL(url).protocol === 'https:';
  const options = {
    method,
    headers: { ...headers, ...(body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
    agent: false as const,
    // also where the answer comes a byte at a time
    signal: AbortSignal.timeout(millis),
    ...(secure ? { minVersion: 'TLSv1.2' as const, ...(caPem === null ? {} : { ca: caPem }) } : {}),
  };
  const request = (secure ? https : http).request(url, options, (response) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > bytesMax)
        return void response.destroy(new Error(`the answer is larger than ${bytesMax} bytes`));
      parts.push(part);
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    response.on('error', reject);
  });
  request.on('error', reject);
  request.end(body ?? undefined);
  return promise;
}

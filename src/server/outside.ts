import { ClavigerError } from '#domain';
import { nodeHttp, nodeHttps, type Outside, type OutsideAnswer, type OutsideRequest } from '#ports';

const millisMax = 10_000;
const bytesMax = 1_048_576;

const runningMax = 64;

/** Asks other servers over HTTP: verified, within ten seconds and a mebibyte, 64 at once, without redirections and without proxies. */
export function createOutside({ millis = millisMax, atOnce = runningMax } = {}): Outside {
  let running = 0;
  return {
    async ask(request) {
      // strangers that log in can make the server ask
      if (running >= atOnce)
        throw new ClavigerError('busy', 'Too many other servers are being asked at the moment.');
      running += 1;
      try {
        return await ask(request, millis);
      } finally {
        running -= 1;
      }
    },
  };
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
  const request = (secure ? nodeHttps() : nodeHttp()).request(url, options, (response) => {
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

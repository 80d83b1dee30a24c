import { setTimeout as sleep } from 'node:timers/promises';
import { signedHeaders } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import { nodeHttp, nodeHttps } from '#ports';
import { readKmsCredentials, type KmsCredentials } from './credentials.ts';
import type { KmsPlace } from './place.ts';

/** How long one attempt may take, and how often and after which pauses it is made: milliseconds. */
export type CallLimits = { readonly attemptMillisMax: number; readonly pauses: readonly number[] };

export const callLimits: CallLimits = Object.freeze({
  attemptMillisMax: 5000,
  pauses: Object.freeze([100, 400, 1500]),
});

const answerBytesMax = 65_536;

export type KmsAction = 'Encrypt' | 'Decrypt';
export type KmsAnswer = Readonly<Record<string, unknown>>;

type Answer = { readonly status: number; readonly body: Buffer };

/** Names that a service gives to what may pass; everything else that it refuses is an answer for good. */
const passing: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
  'DependencyTimeoutException',
  'KeyUnavailableException',
  'KMSInternalException',
  'InternalFailure',
  'InternalServerError',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'ExpiredTokenException',
  'RequestExpired',
]);

function unavailable(place: KmsPlace, reason: string, cause?: unknown): ClavigerError {
  return new ClavigerError(
    'root-unavailable',
    `The root of trust, ${place.arn} at ${place.endpoint.origin}, does not answer (${reason}).`,
    { cause },
  );
}

function refused(place: KmsPlace, reason: string): StopError {
  return new StopError(
    'root-refused',
    `The root of trust, ${place.arn} at ${place.endpoint.origin}, refuses (${reason}).`,
  );
}

function send(
  place: KmsPlace,
  request: { headers: Readonly<Record<string, string>>; body: Buffer },
  limit: number,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { request: start } = place.endpoint.protocol === 'https:' ? nodeHttps() : nodeHttp();
  const outgoing = start(
    place.endpoint,
    { method: 'POST', headers: request.headers, agent: false, signal: AbortSignal.timeout(limit) },
    (incoming) => {
      const parts: Buffer[] = [];
      let length = 0;
      incoming.on('data', (part: Buffer) => {
        length += part.length;
        if (length > answerBytesMax) incoming.destroy(new Error('the answer is too large'));
        else parts.push(part);
      });
      incoming.once('error', reject);
      incoming.once('end', () => {
        resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(parts) });
        for (const part of parts) part.fill(0);
      });
    },
  );
  outgoing.once('error', reject);
  outgoing.end(request.body);
  return promise;
}

function headersOf(
  place: KmsPlace,
  action: KmsAction,
  body: Buffer,
  credentials: KmsCredentials,
): Readonly<Record<string, string>> {
  const { sessionToken } = credentials;
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    host: place.endpoint.host,
    'x-amz-target': `TrentService.${action}`,
    ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const scope = { region: place.region, service: 'kms' };
  const signed = credentials.secretAccessKey.use((secretAccessKey) =>
    signedHeaders(
      { scope, at: Date.now(), headers, body },
      { accessKeyId: credentials.accessKeyId, secretAccessKey },
    ),
  );
  return { ...signed, 'content-length': String(body.length) };
}

/** The bytes are the service's, or of whoever stands in its place. */
function readAnswer(place: KmsPlace, { body }: Answer): KmsAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // the parser's own message would quote the answer
    throw unavailable(place, 'its answer is not JSON');
  } finally {
    body.fill(0);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as KmsAnswer;
  throw unavailable(place, 'its answer is not an object');
}

/** The short name of an error: what stands after a `#` and before a `:`. */
function errorName({ __type: type }: KmsAnswer): string {
  const name = typeof type === 'string' ? type.replace(/^.*#/, '').replace(/:.*$/, '') : '';
  return /^[A-Za-z0-9]{1,80}$/.test(name) ? name : 'an error without a name';
}

async function attempt(
  place: KmsPlace,
  asked: { action: KmsAction; body: Buffer; credentials: KmsCredentials },
  limit: number,
): Promise<KmsAnswer> {
  const headers = headersOf(place, asked.action, asked.body, asked.credentials);
  let answer: Answer;
  try {
    answer = await send(place, { headers, body: asked.body }, limit);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer in time';
    throw unavailable(place, code, cause);
  }
  if (answer.status === 200) return readAnswer(place, answer);
  if (answer.status >= 500 || answer.status === 429) throw unavailable(place, `status ${answer.status}`);
  if (answer.status >= 300 && answer.status < 400) throw refused(place, `status ${answer.status}`);
  const name = errorName(readAnswer(place, answer));
  throw passing.has(name) ? unavailable(place, name) : refused(place, name);
}

/**
 * Asks the service; it changes nothing there, so that what got no answer is asked again. Rejects with `root-unavailable`, or with a
 * StopError `root-refused` at once.
 */
export async function callKms(
  place: KmsPlace,
  asked: { action: KmsAction; input: object; credentialsFile: string },
  limits: CallLimits,
): Promise<KmsAnswer> {
  const body = Buffer.from(JSON.stringify(asked.input), 'utf8');
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        // read anew each time: whoever renews the access key does not restart the server
        const credentials = await readKmsCredentials(asked.credentialsFile);
        using _secret = credentials.secretAccessKey;
        return await attempt(place, { action: asked.action, body, credentials }, limits.attemptMillisMax);
      } catch (error) {
        const pause = limits.pauses[tries];
        if (error instanceof StopError || pause === undefined) throw error;
        await sleep(pause);
      }
    }
  } finally {
    body.fill(0);
  }
}

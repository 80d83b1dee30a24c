import type { Authenticated } from '#access';
import type { Caller, Door } from '#operations';
import type { HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { AwsError } from './aws-error.ts';
import { wireErrorOf } from './errors.ts';
import { requestOf, type Handler } from './handler.ts';
import { aliasHandlers } from './handlers/aliases.ts';
import { encryptionHandlers } from './handlers/encryption.ts';
import { keyHandlers } from './handlers/keys.ts';
import { rotationHandlers } from './handlers/rotation.ts';
import { signingHandlers } from './handlers/signing.ts';
import { inputShapes, type Members } from './shape.ts';
import { readBody } from './strict-json.ts';
import { unservedHandlers, unservedShapes } from './unserved.ts';
import { validate } from './validate.ts';

export type AwsKmsParts = {
  readonly door: Door;
  /** Checks the signature of a request for one of these services. */
  readonly authenticate: (
    request: HttpRequest,
    services: readonly string[],
  ) => Authenticated | Promise<Authenticated>;
  readonly newRequestId: () => string;
};

/** Every operation of the service. */
export const handlers: Readonly<Record<string, Handler>> = Object.freeze({
  __proto__: null as never,
  ...encryptionHandlers,
  ...signingHandlers,
  ...keyHandlers,
  ...rotationHandlers,
  ...aliasHandlers,
  ...unservedHandlers,
});

/** The members of every operation. */
export const shapes: Readonly<Record<string, Members>> = Object.freeze({
  __proto__: null as never,
  ...inputShapes,
  ...unservedShapes,
});

const services = ['kms'] as const;
const targetPrefix = 'TrentService.';
const contentType = 'application/x-amz-json-1.1';
const userAgentMax = 512;
const bodyMax = 262_144;

/** The value of a header without building a map of all; the last one of that name. */
function header(rawHeaders: readonly string[], name: string): string | null {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const found = rawHeaders[index] ?? '';
    if (found.length === name.length && found.toLowerCase() === name) return rawHeaders[index + 1] ?? null;
  }
  return null;
}

function operationOf(request: HttpRequest): string {
  const target = header(request.rawHeaders, 'x-amz-target') ?? '';
  const name = target.slice(targetPrefix.length);
  if (target.startsWith(targetPrefix) && handlers[name]) return name;
  throw new AwsError('UnknownOperationException', '');
}

function answer(status: number, requestId: string, body: string): HttpResponse {
  return { status, headers: { 'content-type': contentType, 'x-amzn-requestid': requestId }, body };
}

function refusal(type: string, message: string, status: number, requestId: string): HttpResponse {
  const said = message === '' ? { __type: type } : { __type: type, message };
  return answer(status, requestId, JSON.stringify(said));
}

function callerOf(request: HttpRequest, who: Authenticated, operation: string, requestId: string): Caller {
  return {
    principal: who.principal,
    accountId: who.accountId,
    region: who.region ?? '',
    protocol: 'aws-kms',
    protocolOperation: operation,
    sourceAddress: request.remoteAddress,
    userAgent: (header(request.rawHeaders, 'user-agent') ?? '-').slice(0, userAgentMax),
    secureTransport: request.secure,
    requestId,
  };
}

async function serve(parts: AwsKmsParts, request: HttpRequest, requestId: string): Promise<HttpResponse> {
  const waiting = parts.authenticate(request, services);
  const who = waiting instanceof Promise ? await waiting : waiting;
  const operation = operationOf(request);
  const members = shapes[operation];
  const handler = handlers[operation];
  if (!members || !handler) throw new AwsError('UnknownOperationException', '');
  const input = validate(members, readBody(request.body));
  const caller = callerOf(request, who, operation, requestId);
  let output: Awaited<ReturnType<Handler>>;
  try {
    output = await handler(requestOf(parts.door, caller, input));
  } catch (error) {
    throw wireErrorOf(error, { operation, accountId: who.accountId, region: caller.region });
  }
  return answer(
    200,
    requestId,
    output === null ? '{}' : typeof output === 'string' ? output : JSON.stringify(output),
  );
}

const problems: Readonly<Record<HttpProblem, readonly [string, string, number]>> = {
  'body-too-large': [
    'RequestEntityTooLargeException',
    `The request body is larger than ${bodyMax} bytes.`,
    413,
  ],
  'body-incomplete': ['SerializationException', 'The request body is incomplete.', 400],
  'method-not-allowed': ['UnknownOperationException', '', 400],
  'shutting-down': ['ServiceUnavailableException', 'The server is shutting down.', 503],
};

/** The AWS KMS protocol: JSON 1.1 over `POST /`. */
export function createAwsKms(parts: AwsKmsParts): HttpProtocol {
  return {
    name: 'aws-kms',
    bodyMax,
    matches: ({ method, path }) => method === 'POST' && path === '/',
    handle: async (request) => {
      const requestId = parts.newRequestId();
      try {
        return await serve(parts, request, requestId);
      } catch (error) {
        const { type, message, status } = wireErrorOf(error);
        return refusal(type, message, status, requestId);
      }
    },
    refuse: (problem) => {
      const [type, message, status] = problems[problem];
      return refusal(type, message, status, parts.newRequestId());
    },
  };
}

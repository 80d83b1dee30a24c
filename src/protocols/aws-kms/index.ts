import { headerOf, type Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Caller, Door } from '#operations';
import type { FailureListener, HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { AwsError, unsupported } from './aws-error.ts';
import { wireErrors } from './errors.ts';
import { requestOf, type Handler } from './handler.ts';
import { aliasHandlers } from './handlers/aliases.ts';
import { encryptionHandlers } from './handlers/encryption.ts';
import { keyHandlers } from './handlers/keys.ts';
import { rotationHandlers } from './handlers/rotation.ts';
import { signingHandlers } from './handlers/signing.ts';
import { inputShapes, unservedOperations } from './shape.ts';
import { readBody } from './strict-json.ts';
import { validate } from './validate.ts';

export type AwsKmsParts = {
  readonly door: Door;
  /** Checks the signature of a request for one of these services. */
  readonly authenticate: (
    request: HttpRequest,
    services: readonly string[],
  ) => Authenticated | Promise<Authenticated>;
  readonly newRequestId: () => string;
  readonly onFailure?: FailureListener;
};

/** Every operation that is served. */
export const handlers: Readonly<Record<string, Handler>> = Object.freeze({
  __proto__: null as never,
  ...encryptionHandlers,
  ...signingHandlers,
  ...keyHandlers,
  ...rotationHandlers,
  ...aliasHandlers,
});

const services = ['kms'] as const;
const targetPrefix = 'TrentService.';
const contentType = 'application/x-amz-json-1.1';
const userAgentMax = 512;
const bodyMax = 262_144;

function operationOf(request: HttpRequest): string {
  const target = headerOf(request.rawHeaders, 'x-amz-target') ?? '';
  const name = target.slice(targetPrefix.length);
  const known =
    target.startsWith(targetPrefix) && (handlers[name] !== undefined || unservedOperations.has(name));
  if (!known) throw new AwsError('UnknownOperationException', '');
  return name;
}

function answer(status: number, requestId: string, body: string): HttpResponse {
  return { status, headers: { 'content-type': contentType, 'x-amzn-requestid': requestId }, body };
}

function refusal(type: string, message: string, status: number, requestId: string): HttpResponse {
  const said = message === '' ? { __type: type } : { __type: type, message };
  return answer(status, requestId, JSON.stringify(said));
}

function errorAnswer(known: ClavigerError, requestId: string): HttpResponse {
  if (known.code === 'input-invalid' && known.details['field'] === 'authorization') {
    return refusal('IncompleteSignatureException', known.message, 400, requestId);
  }
  const { type, status, message } = wireErrors[known.code];
  return refusal(type, message ? message(known) : known.message, status, requestId);
}

function callerOf(request: HttpRequest, who: Authenticated, operation: string, requestId: string): Caller {
  return {
    principal: who.principal,
    accountId: who.accountId,
    region: who.region ?? '',
    protocol: 'aws-kms',
    protocolOperation: operation,
    sourceAddress: request.remoteAddress,
    userAgent: (headerOf(request.rawHeaders, 'user-agent') ?? '-').slice(0, userAgentMax),
    secureTransport: request.secure,
    requestId,
  };
}

/** Serves a request whose sender is known. */
function serve(
  parts: AwsKmsParts,
  request: HttpRequest,
  who: Authenticated,
  requestId: string,
): Promise<HttpResponse> {
  const operation = operationOf(request);
  const members = inputShapes[operation];
  const handler = handlers[operation];
  if (!members || !handler) throw unsupported(`${operation} is not supported by this server.`);
  const input = validate(members, readBody(request.body));
  const caller = callerOf(request, who, operation, requestId);
  return handler(requestOf(parts.door, caller, input)).then((output) => {
    const body = output === null ? '{}' : typeof output === 'string' ? output : JSON.stringify(output);
    return answer(200, requestId, body);
  });
}

/** Answers what went wrong with a request. */
function fail(parts: AwsKmsParts, request: HttpRequest, thrown: unknown, requestId: string): HttpResponse {
  if (thrown instanceof AwsError) return refusal(thrown.type, thrown.message, thrown.status, requestId);
  const error =
    thrown instanceof ClavigerError ? thrown : new ClavigerError('internal', '', { cause: thrown });
  parts.onFailure?.({ protocol: 'aws-kms', requestId, request, error });
  return errorAnswer(error, requestId);
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
    handle: (request) => {
      const requestId = parts.newRequestId();
      const failed = (thrown: unknown) => fail(parts, request, thrown, requestId);
      try {
        const who = parts.authenticate(request, services);
        if (!(who instanceof Promise)) return serve(parts, request, who, requestId).catch(failed);
        return who.then((found) => serve(parts, request, found, requestId)).catch(failed);
      } catch (error) {
        return failed(error);
      }
    },
    refuse: (problem) => {
      const [type, message, status] = problems[problem];
      return refusal(type, message, status, parts.newRequestId());
    },
  };
}

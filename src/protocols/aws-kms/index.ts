import { headerOf, type Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Caller, Door } from '#operations';
import type { FailureListener, HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { AwsError } from './aws-error.ts';
import { wireErrorOf, type Where } from './errors.ts';
import { requestOf, type Handler } from './handler.ts';
import { aliasHandlers } from './handlers/aliases.ts';
import { encryptionHandlers } from './handlers/encryption.ts';
import { importHandlers } from './handlers/import.ts';
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
  readonly onFailure?: FailureListener;
};

export { errorTypeOf } from './errors.ts';

/** Every operation of the service. */
export const handlers: Readonly<Record<string, Handler>> = Object.freeze({
  __proto__: null as never,
  ...encryptionHandlers,
  ...signingHandlers,
  ...keyHandlers,
  ...importHandlers,
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

function operationOf(request: HttpRequest): string {
  const target = headerOf(request.rawHeaders, 'x-amz-target') ?? '';
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
  const members = shapes[operation];
  const handler = handlers[operation];
  if (!members || !handler) throw new AwsError('UnknownOperationException', '');
  const input = validate(members, readBody(request.body));
  const caller = callerOf(request, who, operation, requestId);
  const handling = handler(requestOf(parts.door, caller, input));
  return handling.then(
    (output) => {
      const body = output === null ? '{}' : typeof output === 'string' ? output : JSON.stringify(output);
      return answer(200, requestId, body);
    },
    (error: unknown) =>
      fail(parts, request, requestId, error, { operation, accountId: who.accountId, region: caller.region }),
  );
}

/** Answers what went wrong with a request; `where` is what AWS repeats of it in its messages. */
function fail(
  parts: AwsKmsParts,
  request: HttpRequest,
  requestId: string,
  thrown: unknown,
  where?: Where,
): HttpResponse {
  if (!(thrown instanceof AwsError)) {
    const error =
      thrown instanceof ClavigerError ? thrown : new ClavigerError('internal', '', { cause: thrown });
    parts.onFailure?.({ protocol: 'aws-kms', requestId, request, error });
  }
  const { type, message, status } = wireErrorOf(thrown, where);
  return refusal(type, message, status, requestId);
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
      const failed = (thrown: unknown) => fail(parts, request, requestId, thrown);
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

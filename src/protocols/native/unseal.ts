import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { FailureListener, HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { problem } from './problem.ts';
import { readBody } from './read.ts';
import { readWith } from './route.ts';

/** Whether a server is sealed, and how many shares are here. */
export type SealStatus = {
  readonly sealed: boolean;
  /** The set of shares that unseals it. */
  readonly setId: string;
  readonly shares: number;
  readonly threshold: number;
  /** Shares that were given since it was sealed. */
  readonly given: number;
};

/** What custodians do with a server; they are no principals, for a sealed server knows none. */
export interface Unsealing {
  status(): Promise<SealStatus>;
  /** Takes a share of who asks from this address. The bytes are wiped. */
  unseal(share: Uint8Array, sourceAddress: string): Promise<SealStatus>;
  /** Drops the shares that were given. */
  reset(sourceAddress: string): Promise<SealStatus>;
}

type Act = {
  readonly method: string;
  readonly body: z.ZodObject;
  readonly run: (unsealing: Unsealing, request: HttpRequest, body: unknown) => Promise<SealStatus>;
};

const nothing = z.strictObject({});
const shareBody = z.strictObject({ share: z.string().min(1).max(512) });

const acts: Readonly<Record<string, Act>> = Object.freeze({
  __proto__: null as never,
  '/api/v1/seal-status': { method: 'GET', body: nothing, run: (unsealing: Unsealing) => unsealing.status() },
  '/api/v1/unseal': {
    method: 'POST',
    body: shareBody,
    run: (unsealing: Unsealing, { remoteAddress }: HttpRequest, body: unknown) =>
      unsealing.unseal(Buffer.from((body as z.infer<typeof shareBody>).share, 'utf8'), remoteAddress),
  },
  '/api/v1/unseal/reset': {
    method: 'POST',
    body: nothing,
    run: (unsealing: Unsealing, { remoteAddress }: HttpRequest) => unsealing.reset(remoteAddress),
  },
});

const bodyMax = 2048;

const refusals: Readonly<Record<HttpProblem, ClavigerError>> = Object.freeze({
  'body-too-large': new ClavigerError('input-too-large', `The body is larger than ${bodyMax} bytes.`),
  'body-incomplete': new ClavigerError('input-invalid', 'The body is incomplete.'),
  'method-not-allowed': new ClavigerError('input-invalid', 'This method is not allowed here.'),
  'shutting-down': new ClavigerError('shutting-down', 'The server is shutting down.'),
});

type Parts = {
  readonly unsealing: Unsealing;
  readonly newRequestId: () => string;
  readonly onFailure?: FailureListener;
};

function otherMethod(allowed: string, id: string): HttpResponse {
  const answer = problem(new ClavigerError('input-invalid', `Use ${allowed} here.`), id);
  const body = JSON.stringify({ ...JSON.parse(String(answer.body)), status: 405 });
  return { status: 405, headers: { ...answer.headers, allow: allowed }, body };
}

/** The part of the native API that needs no token: `seal-status`, `unseal` and `unseal/reset`, sealed or not. */
export function createUnsealApi(parts: Parts): HttpProtocol {
  return {
    name: 'unseal',
    bodyMax,
    matches: ({ path }) => acts[path] !== undefined,
    handle: async (request): Promise<HttpResponse> => {
      const id = parts.newRequestId();
      const act = acts[request.path];
      if (act?.method !== request.method) return otherMethod(act?.method ?? 'GET', id);
      try {
        const body = readWith(act.body, readBody(request.body), 'body');
        const { sealed, setId, shares, threshold, given } = await act.run(parts.unsealing, request, body);
        return {
          status: 200,
          headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': id },
          body: JSON.stringify({ sealed, setId, shares, threshold, given }),
        };
      } catch (thrown) {
        const error =
          thrown instanceof ClavigerError ? thrown : new ClavigerError('internal', '', { cause: thrown });
        parts.onFailure?.({ protocol: 'unseal', requestId: id, request, error });
        return problem(error, id);
      }
    },
    refuse: (what) => problem(refusals[what], parts.newRequestId()),
  };
}

import type { Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Caller, Door } from '#operations';
import {
  nodeHttp,
  type FailureListener,
  type HttpProblem,
  type HttpProtocol,
  type HttpRequest,
  type HttpResponse,
} from '#ports';
import { openApi } from './openapi.ts';
import { problem } from './problem.ts';
import { readBody, readPart, readQuery } from './read.ts';
import { readWith, type PathParts, type Route } from './route.ts';
import { routes } from './routes.ts';

export { createUnsealApi, type SealStatus, type Unsealing } from './unseal.ts';

export type NativeParts = {
  readonly door: Door;
  /** Checks the bearer token of a request. */
  readonly authenticate: (request: HttpRequest) => Promise<Authenticated>;
  readonly newRequestId: () => string;
  /** The region that this protocol speaks of. */
  readonly region: string;
  /** What is said of the FIPS provider; null where none is required. */
  readonly fips: string | null;
  readonly onFailure?: FailureListener;
};

const base = '/api/v1';
const bodyMax = 262_144;

type Compiled = { readonly route: Route; readonly pattern: RegExp; readonly names: readonly string[] };

function compile(route: Route): Compiled {
  const names: string[] = [];
  const pattern = route.path.replace(/\{([a-z]+)\}/g, (_all, name: string) => {
    names.push(name);
    return '([^/]{1,1024})';
  });
  return { route, pattern: new RegExp(`^${base}${pattern}$`), names };
}

const compiled: readonly Compiled[] = routes.map(compile);

type Found = { readonly route: Route; readonly path: PathParts };

function find(request: HttpRequest): Found | readonly string[] {
  const methods = new Set<string>();
  for (const { route, pattern, names } of compiled) {
    const match = pattern.exec(request.path);
    if (!match) continue;
    if (route.method === request.method) {
      return {
        route,
        path: Object.fromEntries(names.map((name, at) => [name, readPart(match[at + 1] ?? '')])),
      };
    }
    methods.add(route.method);
  }
  return [...methods];
}

//= rfc9457 4.2.1: about:blank, where the status says it all
function plain(status: number, detail: string, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: nodeHttp().STATUS_CODES[status], status, detail }),
  };
}

const describedAt = `${base}/openapi.json`;
const description = (): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
  body: JSON.stringify(openApi(routes, base)),
});

function callerOf(
  request: HttpRequest,
  who: Authenticated,
  operation: string,
  ids: { id: string; region: string },
): Caller {
  return {
    principal: who.principal,
    accountId: who.accountId,
    region: ids.region,
    protocol: 'native',
    protocolOperation: operation,
    sourceAddress: request.remoteAddress,
    userAgent: (request.headers['user-agent'] ?? '-').slice(0, 512),
    secureTransport: request.secure,
    requestId: ids.id,
  };
}

async function serve(parts: NativeParts, request: HttpRequest, id: string): Promise<HttpResponse> {
  // what everybody may read in the source needs no token
  if (request.path === describedAt && request.method === 'GET') return description();
  const who = await parts.authenticate(request);
  const found = find(request);
  if (!('route' in found)) {
    return found.length > 0
      ? plain(405, `Use ${found.join(' or ')} here.`, { allow: found.join(', ') })
      : plain(404, 'There is no such resource.');
  }
  const { route, path } = found;
  const query = readWith(route.query, readQuery(request.query), 'query');
  const body = readWith(route.body, readBody(request.body), 'body');
  const input = route.input({ path, query, body });
  const caller = callerOf(request, who, route.operation.name, { id, region: parts.region });
  const output = await parts.door.run(route.operation, caller, input as never);
  if (route.lines) {
    return {
      status: 200,
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-request-id': id },
      body: '',
      stream: asLines(route.lines(output as never)),
    };
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': id },
    body: JSON.stringify(route.output(output as never, { fips: parts.fips })),
  };
}

async function* asLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const value of values) yield encoder.encode(`${JSON.stringify(value)}\n`);
}

const refusals: Readonly<Record<HttpProblem, HttpResponse>> = Object.freeze({
  'body-too-large': plain(413, `The body is larger than ${bodyMax} bytes.`),
  'body-incomplete': plain(400, 'The body is incomplete.'),
  'method-not-allowed': plain(405, 'This method is not allowed here.'),
  'shutting-down': plain(503, 'The server is shutting down.'),
});

/** The native API: JSON under `/api/v1/`, bearer tokens, problem details. */
export function createNativeApi(parts: NativeParts): HttpProtocol {
  return {
    name: 'native',
    bodyMax,
    matches: ({ path }) => path.startsWith(`${base}/`),
    handle: async (request) => {
      const id = parts.newRequestId();
      try {
        return await serve(parts, request, id);
      } catch (thrown) {
        const error =
          thrown instanceof ClavigerError ? thrown : new ClavigerError('internal', '', { cause: thrown });
        parts.onFailure?.({ protocol: 'native', requestId: id, request, error });
        return problem(error, id);
      }
    },
    refuse: (what) => refusals[what],
  };
}

import type { Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Caller, Door } from '#operations';
import type { FailureListener, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { Fields, readBody } from './body.ts';
import { problem } from './problem.ts';
import { routes, type Route } from './routes.ts';

export type NativeParts = {
  readonly door: Door;
  /** Checks the bearer token of a request. */
  readonly authenticate: (request: HttpRequest) => Promise<Authenticated>;
  readonly newRequestId: () => string;
  /** The region that this protocol speaks of. */
  readonly region: string;
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ClavigerError('input-invalid', 'The path is not well encoded.', { details: { field: 'path' } });
  }
}

type Found = { readonly route: Route; readonly path: Readonly<Record<string, string>> };

function find(request: HttpRequest): Found | readonly string[] {
  const methods = new Set<string>();
  for (const { route, pattern, names } of compiled) {
    const match = pattern.exec(request.path);
    if (!match) continue;
    if (route.method === request.method) {
      return {
        route,
        path: Object.fromEntries(names.map((name, at) => [name, decoded(match[at + 1] ?? '')])),
      };
    }
    methods.add(route.method);
  }
  return [...methods];
}

function plain(status: number, detail: string, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: detail, status, detail }),
  };
}

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
  const who = await parts.authenticate(request);
  const found = find(request);
  if (!('route' in found)) {
    return found.length > 0
      ? plain(405, `Use ${found.join(' or ')} here.`, { allow: found.join(', ') })
      : plain(404, 'There is no such resource.');
  }
  const { route, path } = found;
  const body = new Fields(readBody(request.body));
  const input = route.input({ path, query: new URLSearchParams(request.query), body });
  body.requireAllRead();
  const caller = callerOf(request, who, route.operation.name, { id, region: parts.region });
  const output = await parts.door.run(route.operation, caller, input as never);
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': id },
    body: JSON.stringify(route.output(output as never)),
  };
}

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
    refuse: (what) =>
      what === 'body-too-large'
        ? plain(413, `The body is larger than ${bodyMax} bytes.`)
        : plain(what === 'shutting-down' ? 503 : 400, 'The request can not be read.'),
  };
}

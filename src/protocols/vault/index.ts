import type { Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Caller, Door, Mount, PlacedMount } from '#operations';
import type { FailureListener, HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { errorResponse, responseOf, type Answer } from './answer.ts';
import { routers } from './engines/routers.ts';
import { Fields } from './fields.ts';
import { helpOf } from './help.ts';
import { publicAnswer, type ServerFacts } from './public-paths.ts';
import { readRequest, type VaultRequest } from './read-request.ts';
import { noRoute, unsupportedOperation, type Asked, type Found } from './route.ts';
import { absent, permissionDenied, vaultError, VaultError } from './vault-error.ts';

export type VaultParts = {
  readonly door: Door;
  readonly authenticate: (token: string) => Authenticated | Promise<Authenticated>;
  /** The mount of a path in an environment; null: there is none. */
  readonly mountAt: (
    environment: string,
    kind: 'secrets' | 'auth',
    path: string,
  ) => PlacedMount | null | Promise<PlacedMount | null>;
  readonly newRequestId: () => string;
  /** Where new keys are made. */
  readonly region: string;
  readonly server: ServerFacts;
  readonly onFailure?: FailureListener;
};

const bodyMax = 32 * 1024 * 1024;

type Placed = { readonly mount: PlacedMount; readonly rest: string; readonly found: Found };

function isAuthPath(path: string): boolean {
  return path.startsWith('auth/');
}

async function placeOf(parts: VaultParts, environment: string, path: string): Promise<Placed> {
  const isAuth = isAuthPath(path);
  const inner = isAuth ? path.slice('auth/'.length) : path;
  const mount = await parts.mountAt(environment, isAuth ? 'auth' : 'secrets', inner);
  if (!mount) throw noRoute(path);
  const rest = inner.slice(mount.path.length);
  const found = routerOf(mount)?.(rest);
  if (!found)
    throw mount.type === 'kv' && mount.options?.['version'] === '2' ? wrongKvPath() : unsupportedPath();
  return { mount, rest, found };
}

function routerOf(mount: Mount) {
  const version = mount.type === 'kv' ? (mount.options?.['version'] ?? '1') : '';
  return routers.get(`${mount.type}${version}`);
}

//= vault: unsupported path
function unsupportedPath(): VaultError {
  return new VaultError(404, '1 error occurred:\n\t* unsupported path\n\n');
}

function wrongKvPath(): VaultError {
  return absent(
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.',
  );
}

function callerOf(parts: VaultParts, request: HttpRequest, asked: Called): Caller {
  return {
    principal: asked.who.principal,
    accountId: asked.who.accountId,
    region: parts.region,
    seesAllRegions: true,
    protocol: 'vault',
    protocolOperation: asked.words,
    sourceAddress: request.remoteAddress,
    userAgent: (request.headers['user-agent'] ?? '-').slice(0, 512),
    secureTransport: request.secure,
    requestId: asked.id,
  };
}

type Called = { readonly who: Authenticated; readonly words: string; readonly id: string };

/** Takes a namespace only as another word for the environment of the token. */
function requireNamespace({ namespace }: VaultRequest, { principal }: Authenticated): void {
  if (namespace === '' || namespace === 'root' || namespace === principal.environment) return;
  throw new VaultError(
    403,
    `permission denied: the namespace ${JSON.stringify(namespace.slice(0, 64))} is not that of the token`,
  );
}

async function serve(parts: VaultParts, request: HttpRequest, id: string): Promise<HttpResponse> {
  const read = readRequest(request);
  const open = await publicAnswer(parts.server, read);
  if (open) return open;
  if (read.token === null) throw new VaultError(403, permissionDenied);
  const authenticated = parts.authenticate(read.token);
  const who = authenticated instanceof Promise ? await authenticated : authenticated;
  requireNamespace(read, who);
  const { mount, rest, found } = await placeOf(parts, who.principal.environment, read.path);
  if (read.verb === 'help')
    return responseOf({ plain: helpOf(found.route) }, { requestId: id, mountType: mount.type });
  const handler = found.route.handlers[read.verb] ?? (read.verb === 'scan' ? undefined : undefined);
  if (!handler) throw unsupportedOperation();
  const words = `${read.verb} ${mount.kind === 'auth' ? 'auth/' : ''}${mount.path}${found.route.path}`;
  // operations of one request are one caller's, and each has a record of its own
  let first = true;
  const caller = callerOf(parts, request, { who, words, id });
  const asked: Asked = {
    verb: read.verb,
    mount,
    part: found.part,
    fields: new Fields(read.data),
    caller,
    accountId: who.accountId,
    token: read.token,
    run: (operation, input) => {
      const own = first ? caller : { ...caller, requestId: parts.newRequestId() };
      first = false;
      return parts.door.run(operation, own, input);
    },
  };
  const answer: Answer = await handler(asked);
  if (rest === '' && answer === null && read.verb === 'read') throw absent();
  return responseOf(answer, { requestId: id, mountType: mount.type });
}

function refusal(status: number, text: string): HttpResponse {
  return errorResponse(new VaultError(status, text));
}

const refusals: Readonly<Record<HttpProblem, HttpResponse>> = Object.freeze({
  'body-too-large': refusal(413, 'http: request body too large'),
  'body-incomplete': refusal(400, 'unexpected EOF'),
  'method-not-allowed': refusal(405, 'unsupported method'),
  'shutting-down': refusal(503, 'the server is shutting down'),
});

/** Vault's HTTP API under `/v1/`. */
export function createVault(parts: VaultParts): HttpProtocol {
  return {
    name: 'vault',
    bodyMax,
    matches: ({ path }) => path.startsWith('/v1/'),
    handle: async (request) => {
      const id = parts.newRequestId();
      try {
        return await serve(parts, request, id);
      } catch (thrown) {
        if (thrown instanceof VaultError) return errorResponse(thrown);
        const error =
          thrown instanceof ClavigerError ? thrown : new ClavigerError('internal', '', { cause: thrown });
        parts.onFailure?.({ protocol: 'vault', requestId: id, request, error });
        return errorResponse(vaultError(error));
      }
    },
    refuse: (what) => refusals[what],
  };
}

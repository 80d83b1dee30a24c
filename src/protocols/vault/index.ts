import type { Authenticated } from '#access';
import { ClavigerError } from '#domain';
import type { Door, PlacedMount } from '#operations';
import type { FailureListener, HttpProblem, HttpProtocol, HttpRequest, HttpResponse } from '#ports';
import { errorResponse, responseOf } from './answer.ts';
import { askedOf, type Called } from './asked.ts';
import { helpOf } from './help.ts';
import { placeOf, type Placed } from './places.ts';
import { publicAnswer } from './public-paths.ts';
import { readRequest, type VaultRequest } from './read-request.ts';
import { unsupportedOperation } from './route.ts';
import type { ServerFacts } from './server-facts.ts';
import { permissionDenied, vaultError, VaultError } from './vault-error.ts';
import {
  authenticateOnce,
  type Coming,
  opensWrapping,
  refuseSecond,
  tokenIn,
  wrappingPaths,
} from './wrapping-token.ts';
import { requireAddress, wrapped } from './wrapping.ts';

export type { Custodians } from './server-facts.ts';

export type VaultParts = {
  readonly door: Door;
  readonly authenticate: (token: string) => Authenticated | Promise<Authenticated>;
  /** Counts a request of a token that has only so many; false: none was left. */
  readonly spendUse: (environment: string, tokenId: string) => Promise<boolean>;
  /** The environment of a wrapping that was opened with this token already; null: it was none. */
  readonly openedWithin: (token: string) => Promise<string | null>;
  /** Who asks where nobody has proved anything yet, in an environment, or in the first one. Rejects with `environment-not-found`. */
  readonly anonymous: (environment: string | null) => Promise<Authenticated>;
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
/** What is read of paths that take no data. */
const usualBodyMax = 1024 * 1024;
const dataTypes: ReadonlySet<string> = new Set(['transit', 'kv']);
const dataPaths = /^(tools|wrapping)\//;
/** What is read of who has not shown a token. */
const strangerBodyMax = 256 * 1024;

/** Takes a namespace only as another word for the environment of the token. */
function requireNamespace({ namespace }: VaultRequest, { principal }: Authenticated): void {
  if (namespace === '' || namespace === 'root' || namespace === principal.environment) return;
  throw new VaultError(403, permissionDenied);
}

/** Whose path it is: an open one is nobody's, whatever token was sent. */
async function openPlace(
  parts: VaultParts,
  read: VaultRequest,
): Promise<{ who: Authenticated; placed: Placed } | null> {
  const isNamed = read.namespace !== '' && read.namespace !== 'root';
  const who = await parts.anonymous(isNamed ? read.namespace : null);
  try {
    const placed = await placeOf(parts, who.principal.environment, read.path);
    return placed.found.route.open ? { who, placed } : null;
  } catch (error) {
    // it may be one of the token's environment; who has none does not learn what is mounted
    if (error instanceof VaultError) return null;
    throw error;
  }
}

const tooLarge = 'http: request body too large';

async function recognise(parts: VaultParts, { request, read, id }: Coming): Promise<Called> {
  const token = tokenIn(read);
  const authenticated = opensWrapping(read)
    ? authenticateOnce(parts, { request, read, id }, token)
    : parts.authenticate(token);
  const who = authenticated instanceof Promise ? await authenticated : authenticated;
  requireNamespace(read, who);
  const { grant, principal, credentialId } = who;
  if (grant && grant.boundCidrs.length > 0) requireAddress(grant.boundCidrs, request.remoteAddress);
  if (grant && grant.usesLeft !== null && !(await parts.spendUse(principal.environment, credentialId)))
    await refuseSecond(parts, { request, read, id }, token, new VaultError(403, permissionDenied));
  const placed = placeOf(parts, principal.environment, read.path);
  return { who, placed: placed instanceof Promise ? await placed : placed, token };
}

/** Bodies are read of who has shown a token; those of all others are small. */
function requireSmall({ body }: HttpRequest): void {
  if (body.length > strangerBodyMax) throw new VaultError(413, tooLarge);
}

function requireFitting({ body }: HttpRequest, { mount, found }: Placed): void {
  const takesData =
    dataTypes.has(mount.type) || (mount.type === 'system' && dataPaths.test(found.route.path));
  if (!takesData && body.length > usualBodyMax) throw new VaultError(413, tooLarge);
}

async function serve(parts: VaultParts, request: HttpRequest, id: string): Promise<HttpResponse> {
  const read = readRequest(request);
  if (read.token === null || wrappingPaths.has(read.path) || read.path === 'sys/unseal')
    requireSmall(request);
  const told = read.path.startsWith('sys/')
    ? await publicAnswer(parts.server, read, request.remoteAddress)
    : null;
  if (told) return told;
  if (parts.server.state().sealed) throw new VaultError(503, 'Vault is sealed');
  const open = read.path.startsWith('auth/') ? await openPlace(parts, read) : null;
  if (open) requireSmall(request);
  const called = open ? { ...open, token: '' } : await recognise(parts, { request, read, id });
  requireFitting(request, called.placed);
  const { mount, found } = called.placed;
  const about = { requestId: id, mountType: mount.type };
  if (read.verb === 'help') return responseOf({ plain: helpOf(found.route) }, about);
  const handler = found.route.handlers[read.verb];
  if (!handler) throw unsupportedOperation();
  const asked = askedOf(parts, { request, read, called, id });
  const answer = await handler(asked instanceof Promise ? await asked : asked);
  return responseOf(
    read.wrapSeconds === null ? answer : await wrapped(await asked, answer, { read, about }),
    about,
  );
}

function refusal(status: number, text: string): HttpResponse {
  return errorResponse(new VaultError(status, text));
}

const refusals: Readonly<Record<HttpProblem, HttpResponse>> = Object.freeze({
  'body-too-large': refusal(413, tooLarge),
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

import type { Authenticated } from '#access';
import { ClavigerError, hasCode } from '#domain';
import { operations } from '#operations';
import type { HttpRequest } from '#ports';
import type { VaultParts } from './index.ts';
import type { VaultRequest } from './read-request.ts';
import { permissionDenied, VaultError } from './vault-error.ts';

/** A request that has come, before anybody knows whose it is. */
export type Coming = {
  readonly request: HttpRequest;
  readonly read: VaultRequest;
  readonly id: string;
};

export const wrappingPaths: ReadonlySet<string> = new Set([
  'sys/wrapping/unwrap',
  'sys/wrapping/lookup',
  'sys/wrapping/rewrap',
]);

/** Where the token of a wrapping was read before there were paths for it. */
const olderPath = 'cubbyhole/response';

export function opensWrapping({ path }: VaultRequest): boolean {
  return wrappingPaths.has(path) || path === olderPath;
}

/** The token of a request; a wrapped answer may be asked for with nothing but its own token. */
export function tokenIn(read: VaultRequest): string {
  if (read.token !== null) return read.token;
  const inside = wrappingPaths.has(read.path) ? read.data['token'] : undefined;
  if (typeof inside === 'string' && inside !== '') return inside;
  throw new VaultError(403, permissionDenied);
}

const gone: ReadonlySet<string> = new Set(['not-authenticated', 'credential-unknown', 'credential-expired']);

/** Puts on the record that somebody came second with the token of a wrapping: nobody is known by it any more. */
async function noteSecond(parts: VaultParts, { request, read, id }: Coming, token: string): Promise<void> {
  // looking up opens nothing
  if (read.path === 'sys/wrapping/lookup') return;
  const environment = await parts.openedWithin(token);
  if (environment === null) return;
  const { principal, accountId } = await parts.anonymous(environment);
  const caller = {
    principal,
    accountId,
    region: parts.region,
    protocol: 'vault',
    protocolOperation: `${read.verb} ${read.path}`,
    sourceAddress: request.remoteAddress,
    userAgent: (request.headers['user-agent'] ?? '-').slice(0, 512),
    secureTransport: request.secure,
    requestId: id,
  };
  try {
    await parts.door.run(operations.reopenWrapping, caller, { token });
  } catch (error) {
    if (!hasCode(error, 'input-invalid')) throw error;
  }
}

/** Whether a request is to open what its own token is of. */
function isOfWrapping({ read }: Coming, token: string): boolean {
  return opensWrapping(read) && (read.path === olderPath || (read.data['token'] || token) === token);
}

/** Refuses a token that was to open its own wrapping, and is no more, or is spent: clients take it for opened by another. */
export async function refuseSecond(
  parts: VaultParts,
  coming: Coming,
  token: string,
  error: Error,
): Promise<never> {
  if (!isOfWrapping(coming, token)) throw error;
  await noteSecond(parts, coming, token);
  if (coming.read.path === olderPath) throw error;
  throw new VaultError(400, 'wrapping token is not valid or does not exist');
}

/** Recognises whoever would open a wrapping. */
export async function authenticateOnce(
  parts: VaultParts,
  coming: Coming,
  token: string,
): Promise<Authenticated> {
  try {
    return await parts.authenticate(token);
  } catch (error) {
    if (!(error instanceof ClavigerError) || !gone.has(error.code)) throw error;
    return refuseSecond(parts, coming, token, error);
  }
}

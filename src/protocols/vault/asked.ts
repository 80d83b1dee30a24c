import type { AccessScope, AclRequest, Authenticated } from '#access';
import type { Caller } from '#operations';
import type { HttpRequest } from '#ports';
import { engineRoutes } from './engines/routers.ts';
import { Fields } from './fields.ts';
import type { VaultParts } from './index.ts';
import type { Placed } from './places.ts';
import type { Verb, VaultRequest } from './read-request.ts';
import type { Asked, Route } from './route.ts';

/** Who asks for which place. */
export type Called = {
  readonly who: Authenticated;
  readonly placed: Placed;
  /** Empty where the path is open. */
  readonly token: string;
};

type Parts = Pick<VaultParts, 'door' | 'newRequestId' | 'region'>;

type Request = {
  readonly request: HttpRequest;
  readonly read: VaultRequest;
  readonly called: Called;
  readonly id: string;
};

const capabilityOf: Readonly<Record<Exclude<Verb, 'help'>, AclRequest['capability']>> = {
  read: 'read',
  list: 'list',
  scan: 'scan',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
};

/** The path that policies are asked about: without a slash at its end where the route takes it for nothing, so that no rule is passed by. */
function aclPath({ verb, path }: VaultRequest, route: Route): string {
  if (verb === 'list' || verb === 'scan' || !path.endsWith('/')) return path;
  return route.path.endsWith('...}') && !route.endsBare ? path : path.slice(0, -1);
}

const foldingMethods: ReadonlySet<string> = new Set([
  'approle',
  'cert',
  'jwt',
  'kubernetes',
  'oidc',
  'userpass',
]);

/** The path in the letters by which names are kept, where those are the same in small and capital ones; undefined: it is as it was sent. */
function foldedPath(read: VaultRequest, { mount, found }: Placed): string | undefined {
  if (!found.route.folds && !(mount.kind === 'auth' && foldingMethods.has(mount.type))) return undefined;
  const path = aclPath(read, found.route);
  const at = mount.path.length + (mount.kind === 'auth' ? 'auth/'.length : 0);
  const folded = path.slice(0, at) + path.slice(at).toLowerCase();
  return folded === path ? undefined : folded;
}

function aclRequest(read: VaultRequest, route: Route): AclRequest {
  const { verb, data, wrapSeconds } = read;
  return {
    path: aclPath(read, route),
    capability: verb === 'help' ? 'read' : capabilityOf[verb],
    needsSudo: route.sudo === true,
    parameters: verb === 'update' || verb === 'patch' ? data : null,
    wrapSeconds,
  };
}

/** What the policies of the token are asked; undefined: its principal's roles decide. */
function scopeOf({ read, called }: Request): AccessScope | undefined {
  const { who, placed } = called;
  if (!who.grant) return undefined;
  const { route } = placed.found;
  const alias = foldedPath(read, placed);
  return {
    acl: who.grant.acl,
    request: route.own ? 'own' : aclRequest(read, route),
    ...(alias === undefined ? {} : { alias }),
  };
}

function callerOf(parts: Parts, { request, read, called, id }: Request): Caller {
  const { who, placed } = called;
  const scope = scopeOf({ request, read, called, id });
  return {
    principal: who.principal,
    accountId: who.accountId,
    region: parts.region,
    seesAllRegions: true,
    ...(scope ? { scope } : {}),
    ...(who.method === 'token' && called.token !== '' ? { tokenId: who.credentialId } : {}),
    protocol: 'vault',
    protocolOperation: `${read.verb} ${placed.mount.kind === 'auth' ? 'auth/' : ''}${placed.mount.path}${placed.found.route.path}`,
    sourceAddress: request.remoteAddress,
    userAgent: (request.headers['user-agent'] ?? '-').slice(0, 512),
    secureTransport: request.secure,
    ...(placed.mount.kind === 'auth' ? { clientCertificates: () => request.clientCertificates ?? [] } : {}),
    requestId: id,
  };
}

/** Whether policies let the caller do here what needs sudo; where there are none, whether it administers. */
function isPrivileged({ read, called }: Request): boolean {
  const { grant, principal } = called.who;
  if (!grant) return principal.roles.includes('administrator');
  return (
    grant.acl.isRoot || grant.acl.capabilities(aclPath(read, called.placed.found.route)).includes('sudo')
  );
}

/** With `create` in the place of `update`, where what the request is for is not there and a policy tells the two apart: on that it then rests. */
async function asCreation(asked: Asked): Promise<Pick<Caller, 'scope' | 'presumes'>> {
  const { scope } = asked.caller;
  const exists = asked.route.exists;
  if (!exists || !scope || scope.request === null || scope.request === 'own') return {};
  if (scope.request.capability !== 'update') return {};
  const creation: AccessScope = { ...scope, request: { ...scope.request, capability: 'create' } };
  const [update, create] = [
    scope.acl.answer(scope.request),
    scope.acl.answer({ ...scope.request, capability: 'create' }),
  ];
  if (update.allowed === create.allowed) return {};
  // what is asked here tells nobody anything: the answer goes into the decision alone
  return (await exists({ ...asked, caller: { ...asked.caller, scope: { acl: scope.acl, request: 'own' } } }))
    ? { presumes: 'there' }
    : { scope: creation, presumes: 'absent' };
}

/** Everything that a handler works with, at once where policies need not know whether something is there. */
export function askedOf(parts: Parts, request: Request): Asked | Promise<Asked> {
  const { read, called } = request;
  const { who, placed, token } = called;
  let caller = callerOf(parts, request);
  // operations of one request are one caller's, and each has a record of its own
  let first = true;
  const withCaller =
    (as: () => Caller): Asked['run'] =>
    (operation, input) => {
      const own = first ? as() : { ...as(), requestId: parts.newRequestId() };
      first = false;
      return parts.door.run(operation, own, input);
    };
  const asked: Asked = {
    verb: read.verb,
    route: placed.found.route,
    mount: placed.mount,
    engines: engineRoutes,
    part: placed.found.part,
    fields: new Fields(read.data),
    caller,
    accountId: who.accountId,
    token,
    wrapSeconds: read.wrapSeconds,
    isPrivileged: isPrivileged(request),
    seesBelow: (path) => who.grant === undefined || who.grant.acl.hasAccessBelow(path),
    run: withCaller(() => caller),
  };
  if (read.verb !== 'update' || !caller.scope || !placed.found.route.exists) return asked;
  const open = { ...caller, scope: { acl: caller.scope.acl, request: 'own' as const } };
  return asCreation({ ...asked, run: withCaller(() => open) }).then((creation) => {
    caller = { ...caller, ...creation };
    return { ...asked, caller };
  });
}

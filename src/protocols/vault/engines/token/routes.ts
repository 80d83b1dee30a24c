import { hasCode } from '#domain';
import { operations, type TokenReference, type TokenView } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, permissionDenied, VaultError } from '../../vault-error.ts';
import { authBlock, secondsLeft } from './auth-block.ts';
import { roleRoutes } from './roles.ts';

/** A token as a look-up tells it; its text only to who showed it. */
function view(
  { lease, endsAt, isOrphan, identityPolicies, now }: TokenView,
  token: string,
): Readonly<Record<string, unknown>> {
  return {
    accessor: lease.accessor,
    creation_time: Math.floor(lease.createdAt / 1000),
    creation_ttl: lease.ttlSeconds,
    display_name: lease.displayName,
    entity_id: lease.entity?.id ?? '',
    expire_time: endsAt === null ? null : new Date(endsAt).toISOString(),
    explicit_max_ttl: lease.explicitMaxSeconds,
    id: token,
    ...(identityPolicies.length > 0 ? { identity_policies: identityPolicies } : {}),
    ...(lease.policies.includes('root') && endsAt === null
      ? {}
      : { issue_time: new Date(lease.createdAt).toISOString() }),
    ...(lease.renewedAt === null
      ? {}
      : {
          last_renewal: new Date(lease.renewedAt).toISOString(),
          last_renewal_time: Math.floor(lease.renewedAt / 1000),
        }),
    meta: lease.meta,
    num_uses: lease.usesLeft ?? 0,
    orphan: isOrphan,
    path: lease.path,
    ...(lease.periodSeconds > 0 ? { period: lease.periodSeconds } : {}),
    policies: lease.policies,
    renewable: lease.isRenewable,
    ...(lease.role === null ? {} : { role: lease.role }),
    ttl: secondsLeft(lease, now),
    type: lease.type,
    ...(lease.boundCidrs.length > 0 ? { bound_cidrs: lease.boundCidrs } : {}),
  };
}

/** Vault answers 403 for a token that there is not, whoever asks. */
async function known<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'credential-unknown')) throw new VaultError(403, 'bad token');
    throw error;
  }
}

function tokenIn({ fields, part }: Asked): string {
  return fields.text('token') || part('token');
}

async function lookUp(asked: Asked): Promise<Answer> {
  const token = tokenIn(asked);
  if (token === '') return lookUpSelf(asked);
  return {
    data: view(await known(asked.run(operations.lookUpToken, { of: { kind: 'token', token } })), token),
  };
}

async function lookUpSelf({ run, token }: Asked): Promise<Answer> {
  return { data: view(await run(operations.lookUpOwnToken, { of: { kind: 'self', token } }), token) };
}

async function lookUpAccessor({ run, fields }: Asked): Promise<Answer> {
  const accessor = fields.needed('accessor', 'missing accessor');
  return { data: view(await run(operations.lookUpToken, { of: { kind: 'accessor', accessor } }), '') };
}

function renew(reference: (asked: Asked) => TokenReference): Handler {
  return async (asked) => {
    const of = reference(asked);
    const wish = { of, incrementSeconds: Math.max(0, asked.fields.seconds('increment') ?? 0) };
    const operation = of.kind === 'self' ? operations.renewOwnToken : operations.renewToken;
    const { lease, seconds, identityPolicies } = await known(asked.run(operation, wish));
    const token = of.kind === 'accessor' ? '' : of.token;
    return { auth: authBlock({ token, accessor: lease.accessor, lease, identityPolicies }, seconds) };
  };
}

function revoke(reference: (asked: Asked) => TokenReference, leavesChildren = false): Handler {
  return async (asked) => {
    const of = reference(asked);
    const operation = of.kind === 'self' ? operations.revokeOwnToken : operations.revokeToken;
    await known(asked.run(operation, { of, leavesChildren }));
    return null;
  };
}

const self = ({ token }: Asked): TokenReference => ({ kind: 'self', token });
const byToken = (asked: Asked): TokenReference => {
  const token = tokenIn(asked);
  if (token === '') throw new VaultError(400, 'missing token ID');
  return { kind: 'token', token };
};
const byAccessor = ({ fields }: Asked): TokenReference => ({
  kind: 'accessor',
  accessor: fields.needed('accessor', 'missing accessor'),
});

type Way = { readonly isOrphan: boolean; readonly byRole: boolean };

function typeIn(text: string | undefined): 'service' | 'batch' | null {
  if (text === undefined || text === '' || text === 'default') return null;
  if (text === 'service' || text === 'batch') return text;
  throw new VaultError(400, `invalid 'type' value ${JSON.stringify(text.slice(0, 32))}`);
}

/** The texts by which a new token is bound to something. */
function namesIn({ fields, part }: Asked, byRole: boolean) {
  return {
    id: fields.text('id') || null,
    role: byRole ? part('role') : null,
    entityAlias: fields.text('entity_alias') || null,
  };
}

function create({ isOrphan, byRole }: Way): Handler {
  return async (asked) => {
    const { fields } = asked;
    const uses = fields.whole('num_uses') ?? 0;
    if (uses < 0) throw new VaultError(400, 'number of uses cannot be negative');
    const [ttl, max, period] = ['ttl', 'explicit_max_ttl', 'period'].map((name) => fields.seconds(name) ?? 0);
    if ([ttl, max, period].some((seconds = 0) => seconds < 0))
      throw new VaultError(400, 'ttl must be positive');
    const policies = fields.list('policies');
    const issued = await asked.run(operations.issueChildToken, {
      policies: policies ? [...policies].filter((name) => name !== '') : null,
      noDefaultPolicy: fields.flag('no_default_policy') ?? false,
      ttlSeconds: ttl || (fields.seconds('lease') ?? 0),
      explicitMaxSeconds: max ?? 0,
      periodSeconds: period ?? 0,
      usesMax: uses,
      displayName: fields.text('display_name') ?? '',
      meta: fields.pairs('meta') ?? fields.pairs('metadata') ?? null,
      isOrphan: isOrphan || (fields.flag('no_parent') ?? false),
      isRenewable: fields.flag('renewable') ?? true,
      type: typeIn(fields.text('type')),
      ...namesIn(asked, byRole),
      isPrivileged: asked.isPrivileged,
    });
    return { auth: authBlock(issued) };
  };
}

async function listAccessors({ run }: Asked): Promise<Answer> {
  const { accessors } = await run(operations.listTokenAccessors, {});
  if (accessors.length === 0) throw absent();
  return { data: { keys: accessors } };
}

/** What Vault tidies on request is swept by itself here. */
async function tidy(): Promise<Answer> {
  return {
    status: 202,
    warnings: [
      'Tidy operation successfully started. Any information from the operation will be printed to the server logs.',
    ],
  };
}

async function retired(): Promise<Answer> {
  throw new VaultError(403, permissionDenied);
}

export const tokenRoutes: readonly Route[] = [
  {
    path: 'lookup-self',
    about: 'Tells of the token of the request.',
    handlers: { read: lookUpSelf, update: lookUpSelf },
  },
  { path: 'lookup', about: 'Tells of a token.', handlers: { update: lookUp, read: lookUpSelf } },
  { path: 'lookup/{token}', about: 'Tokens stand in no path.', handlers: { read: retired, update: retired } },
  {
    path: 'lookup-accessor',
    about: 'Tells of the token of an accessor.',
    handlers: { update: lookUpAccessor },
  },
  {
    path: 'create',
    about: 'Makes a token under that of the request.',
    handlers: { update: create({ isOrphan: false, byRole: false }) },
  },
  {
    path: 'create-orphan',
    about: 'Makes a token without a parent.',
    sudo: true,
    handlers: { update: create({ isOrphan: true, byRole: false }) },
  },
  {
    path: 'create/{role}',
    about: 'Makes a token by a role.',
    handlers: { update: create({ isOrphan: false, byRole: true }) },
  },
  {
    path: 'renew-self',
    about: 'Lets the token of the request last longer.',
    handlers: { update: renew(self) },
  },
  { path: 'renew', about: 'Lets a token last longer.', handlers: { update: renew(byToken) } },
  {
    path: 'renew-accessor',
    about: 'Lets the token of an accessor last longer.',
    handlers: { update: renew(byAccessor) },
  },
  { path: 'revoke-self', about: 'Ends the token of the request.', handlers: { update: revoke(self) } },
  { path: 'revoke', about: 'Ends a token and all under it.', handlers: { update: revoke(byToken) } },
  {
    path: 'revoke-accessor',
    about: 'Ends the token of an accessor and all under it.',
    handlers: { update: revoke(byAccessor) },
  },
  {
    path: 'revoke-orphan',
    about: 'Ends a token and leaves its children.',
    sudo: true,
    handlers: { update: revoke(byToken, true) },
  },
  {
    path: 'accessors',
    about: 'Lists the accessors of all tokens.',
    sudo: true,
    handlers: { list: listAccessors },
  },
  { path: 'tidy', about: 'Sweeps what is over.', handlers: { update: tidy } },
  ...roleRoutes,
];

import { z } from 'zod';
import { ClavigerError } from '#domain';
import { matchesGlob } from '../auth/glob.ts';
import { defineOperation } from '../define.ts';
import type { Caller } from '../operation.ts';
import type { House } from '../house.ts';
import { rootPolicy } from '../policies/policies.ts';
import { claimOf } from './chosen-id.ts';
import { entityFor } from './entity.ts';
import { issueToken, type IssuedToken } from './issue.ts';
import { tokens, type TokenLease } from './lease.ts';
import { tokenRoles, type TokenRole } from './roles.ts';

const seconds = z.number().int().min(0).max(3_153_600_000);
const name = z.string().min(1).max(256);

const input = z.strictObject({
  policies: z.array(name).max(1000).nullable(),
  noDefaultPolicy: z.boolean(),
  ttlSeconds: seconds,
  explicitMaxSeconds: seconds,
  periodSeconds: seconds,
  usesMax: z.number().int().min(0).max(1_000_000_000),
  displayName: z.string().max(256),
  meta: z.record(z.string().max(512), z.string().max(4096)).nullable(),
  isOrphan: z.boolean(),
  isRenewable: z.boolean(),
  type: z.enum(['service', 'batch']).nullable(),
  /** The text of the token itself, where a caller chooses it. */
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{8,256}$/, 'must be 8 to 256 letters, digits, underscores and hyphens')
    .nullable(),
  /** The caller may do what needs sudo on this path. */
  isPrivileged: z.boolean(),
  role: name.nullable(),
  /** Whose the token is to be, by an alias of the mount of tokens; null: its parent's. */
  entityAlias: name.nullable(),
});
type Input = z.infer<typeof input>;

function refuse(message: string): ClavigerError {
  return new ClavigerError('input-invalid', message);
}

/** The lease of the token that was shown; null: it is a credential of the principal itself, or a batch token. */
async function leaseOfCaller(house: House, caller: Caller): Promise<TokenLease | null> {
  if (caller.tokenId === undefined) return null;
  const kept = await tokens.find(house, caller.principal.environment, caller.tokenId);
  return kept?.content ?? null;
}

/** What the caller itself has: everything, or the policies of its token. */
function ownPolicies({ principal }: Caller, lease: TokenLease | null): readonly string[] {
  if (lease) return lease.policies;
  return principal.roles.includes('administrator') ? [rootPolicy] : [];
}

/** The policies of a child, which has none that its parent has not, unless its maker may. */
function policiesFor(wish: Input, own: readonly string[], role: TokenRole | null): readonly string[] {
  const asked = (wish.policies ?? []).map((each) => each.toLowerCase());
  if (role && isRuled(role)) return roleOf(role, asked, own);
  if (asked.length === 0) return own;
  if (asked.includes(rootPolicy) && asked.length > 1) throw refuse('root tokens may not have other policies');
  if (asked.includes(rootPolicy) && !own.includes(rootPolicy))
    throw refuse('root tokens may not be created without parent token being root');
  const isFree = wish.isPrivileged || own.includes(rootPolicy);
  const foreign = asked.filter((each) => each !== 'default' && !own.includes(each));
  if (!isFree && foreign.length > 0) throw refuse('child policies must be subset of parent');
  return asked;
}

/** Whether a role says anything of policies; one that does not gives none that its caller has not. */
function isRuled(role: TokenRole): boolean {
  return [role.allowedPolicies, role.allowedPolicyGlobs, role.deniedPolicies, role.deniedPolicyGlobs].some(
    (names) => names.length > 0,
  );
}

/** What a role lets its tokens have. */
function roleOf(role: TokenRole, asked: readonly string[], own: readonly string[]): readonly string[] {
  const isBounded = role.allowedPolicies.length > 0 || role.allowedPolicyGlobs.length > 0;
  const wanted = asked.length > 0 ? asked : isBounded ? role.allowedPolicies : own;
  for (const policy of wanted) {
    const isDenied =
      role.deniedPolicies.includes(policy) ||
      role.deniedPolicyGlobs.some((glob) => matchesGlob(glob, policy));
    const isAllowed =
      !isBounded ||
      policy === 'default' ||
      role.allowedPolicies.includes(policy) ||
      role.allowedPolicyGlobs.some((glob) => matchesGlob(glob, policy));
    if (isDenied)
      throw refuse(`token policies (${JSON.stringify(wanted)}) may not contain denied policy "${policy}"`);
    if (!isAllowed || (policy === rootPolicy && !own.includes(rootPolicy)))
      throw refuse(
        `token policies (${JSON.stringify(wanted)}) must be subset of the role's allowed policies (${JSON.stringify(role.allowedPolicies)})`,
      );
  }
  return wanted;
}

async function requireRole(house: House, caller: Caller, role: string | null): Promise<TokenRole | null> {
  if (role === null) return null;
  const kept = await tokenRoles.find(house, caller.principal.environment, role);
  if (!kept) throw refuse(`unknown role ${role}`);
  return kept.content;
}

function shapeOf(
  wish: Input,
  role: TokenRole | null,
): Pick<Input, 'type' | 'periodSeconds' | 'explicitMaxSeconds' | 'usesMax'> {
  if (!role) return wish;
  return {
    type: role.type === 'default' ? wish.type : role.type,
    periodSeconds: role.periodSeconds || wish.periodSeconds,
    explicitMaxSeconds: smaller(role.explicitMaxSeconds, wish.explicitMaxSeconds),
    usesMax: smaller(role.usesMax, wish.usesMax),
  };
}

function smaller(bound: number, wanted: number): number {
  if (bound === 0 || wanted === 0) return bound || wanted;
  return Math.min(bound, wanted);
}

function requireBatchable(wish: Input, type: 'service' | 'batch', periodSeconds: number): void {
  if (type === 'service') return;
  if (wish.id !== null) throw refuse('batch tokens cannot be given an ID');
  if (wish.usesMax > 0) throw refuse('batch tokens cannot have limited use count');
  if (periodSeconds > 0) throw refuse('batch tokens cannot be periodic');
}

/** Refuses what only root or who has sudo may ask for. */
function requirePrivileges(wish: Input, role: TokenRole | null): void {
  if (wish.isPrivileged) return;
  const refused =
    (wish.periodSeconds > 0 && 'create periodic token') ||
    (wish.isOrphan && !role?.isOrphan && 'create orphan token') ||
    (wish.id !== null && 'specify token id');
  if (refused) throw new ClavigerError('access-denied', `root or sudo privileges required to ${refused}`);
}

function requireParent({ scope }: Caller, parent: TokenLease | null): void {
  // nothing is kept of a batch token: without a lease, what has policies is one, or has ended meanwhile
  if (scope && !parent) throw refuse('batch tokens cannot create more tokens');
  if (parent?.usesMax) throw refuse('restricted use token cannot generate child tokens');
}

/** What a role says of its tokens besides their policies. */
function besidesOf(wish: Input, role: TokenRole | null, parent: TokenLease | null) {
  return {
    path: ['auth/token/create', wish.role, role?.pathSuffix].filter(Boolean).join('/'),
    isRenewable: wish.isRenewable && (role?.isRenewable ?? true),
    // a child is used from no more places than its parent, unless its role names them
    boundCidrs: role && role.boundCidrs.length > 0 ? role.boundCidrs : (parent?.boundCidrs ?? []),
    noDefaultPolicy: wish.noDefaultPolicy || role?.noDefaultPolicy === true,
    role: wish.role,
    ...(wish.id === null ? {} : { token: wish.id }),
  };
}

/** Makes a token under the one that was shown, or an orphan. */
export const createToken = defineOperation<Input, IssuedToken>({
  name: 'tokens.create',
  kind: 'manage',
  input,
  targets: [],
  permission: 'tokens:create',
  run: async (work, wish) => {
    const { house, caller, now } = work;
    const { environment } = caller.principal;
    const parent = await leaseOfCaller(house, caller);
    requireParent(caller, parent);
    const role = await requireRole(house, caller, wish.role);
    const policies = policiesFor(wish, ownPolicies(caller, parent), role);
    const shape = shapeOf(wish, role);
    const type = shape.type ?? 'service';
    requirePrivileges(wish, role);
    requireBatchable(wish, type, shape.periodSeconds);
    const claim = await claimOf(house, wish.id, now);
    const isOrphan = wish.isOrphan || role?.isOrphan === true;
    const { entityAlias } = wish;
    const { changes, ...owner } = await entityFor(work, { entityAlias, role, parent });
    const issued = await issueToken(house, now, {
      environment,
      principalId: caller.principal.id,
      displayName: wish.displayName === '' ? 'token' : `token-${wish.displayName}`,
      policies,
      meta: wish.meta,
      ttlSeconds: wish.ttlSeconds,
      explicitMaxSeconds: shape.explicitMaxSeconds,
      periodSeconds: shape.periodSeconds,
      usesMax: shape.usesMax,
      parentId: isOrphan ? null : (caller.tokenId ?? null),
      type,
      ...owner,
      ...besidesOf(wish, role, parent),
    });
    return {
      output: issued,
      changes: [...changes, ...issued.changes, ...claim],
      facts: {
        accessor: issued.accessor,
        policies: issued.lease.policies.join(' '),
        type,
        ...(entityAlias !== null && owner.entity ? { entity: owner.entity.id, alias: entityAlias } : {}),
      },
    };
  },
});

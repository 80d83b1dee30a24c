import { z } from 'zod';
import { tokenId } from '#access';
import { ClavigerError, type Instant } from '#domain';
import type { Change } from '#ports';
import { requireCertificate } from '../auth/cert/renewal.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { identityOf } from '../identity/in-force.ts';
import type { Caller, Work } from '../operation.ts';
import { rootPolicy } from '../policies/policies.ts';
import { findGrant } from './grants.ts';
import { accessors, children, tokenOfAccessor, tokens, type TokenLease } from './lease.ts';
import { treeRemoval } from './revoke.ts';

/** Names a token: by itself, by its accessor, or as the one that was shown. */
const reference = z.union([
  z.strictObject({ kind: z.literal('token'), token: z.string().min(1).max(8192) }),
  z.strictObject({ kind: z.literal('accessor'), accessor: z.string().min(1).max(128) }),
  z.strictObject({ kind: z.literal('self'), token: z.string().min(1).max(8192) }),
]);
export type TokenReference = z.infer<typeof reference>;

const byReference = z.strictObject({ of: reference });
type ByReference = z.infer<typeof byReference>;

export type TokenView = {
  readonly lease: TokenLease;
  readonly endsAt: Instant | null;
  readonly isOrphan: boolean;
  /** What its entity gives it besides. */
  readonly identityPolicies: readonly string[];
  readonly now: Instant;
};

function badToken(): ClavigerError {
  return new ClavigerError('credential-unknown', 'bad token');
}

async function leaseOf(house: House, caller: Caller, of: TokenReference): Promise<TokenLease> {
  const { environment } = caller.principal;
  if (of.kind === 'accessor') return (await tokenOfAccessor(house, environment, of.accessor)).content;
  const id = tokenId(of.token);
  const grant = await findGrant(house, id, of.token);
  if (grant?.environment === environment) return grant.lease;
  const lease = grant ? null : await leaseOfCredential(house, environment, id);
  if (lease) return lease;
  throw badToken();
}

/** What a credential of a principal itself would be as a token: without end, and with what its roles allow. */
async function leaseOfCredential(house: House, environment: string, id: string): Promise<TokenLease | null> {
  const credential = await house.store.credential(id);
  if (credential?.kind !== 'token' || credential.environment !== environment) return null;
  const principal = await house.store.principal(credential.principalId);
  if (!principal) return null;
  return {
    accessor: '',
    principalId: principal.id,
    displayName: principal.name,
    policies: principal.roles.includes('administrator') ? [rootPolicy] : [...principal.roles],
    path: 'auth/token/root',
    meta: null,
    createdAt: credential.createdAt,
    ttlSeconds: 0,
    explicitMaxSeconds: 0,
    periodSeconds: 0,
    maxSeconds: 0,
    usesLeft: null,
    usesMax: 0,
    parentId: null,
    isRenewable: false,
    type: 'service',
    boundCidrs: [],
    role: null,
    entity: null,
    renewedAt: null,
    endsAt: credential.expiresAt,
  };
}

async function identityPoliciesOf(house: House, { principal }: Caller, { entity }: TokenLease) {
  return (await identityOf({ house, environment: principal.environment }, entity)).policies;
}

async function viewOf({ house, caller, now }: Work, of: TokenReference) {
  const lease = await leaseOf(house, caller, of);
  const identityPolicies = await identityPoliciesOf(house, caller, lease);
  return {
    output: { lease, endsAt: lease.endsAt, isOrphan: lease.parentId === null, identityPolicies, now },
  };
}

/** What is known of a token; the text of the token is not. */
export const lookUpToken = defineOperation<ByReference, TokenView>({
  name: 'tokens.look-up',
  kind: 'read',
  input: byReference,
  targets: [],
  permission: 'tokens:lookup',
  run: (work, { of }) => viewOf(work, of),
});

/** The same of the token that was shown. */
export const lookUpOwnToken = defineOperation<ByReference, TokenView>({
  name: 'tokens.look-up-own',
  kind: 'read',
  input: byReference,
  targets: [],
  permission: 'tokens:lookup-self',
  run: (work, { of }) => viewOf(work, requireOwn(work.caller, of)),
});

function requireOwn(caller: Caller, of: TokenReference): TokenReference {
  if (of.kind === 'self' && tokenId(of.token) === caller.tokenId) return of;
  throw badToken();
}

const renewInput = z.strictObject({
  of: reference,
  incrementSeconds: z.number().int().min(0).max(3_153_600_000),
});
type RenewInput = z.infer<typeof renewInput>;

async function keptToken(house: House, caller: Caller, of: TokenReference): Promise<Kept<TokenLease>> {
  const { environment } = caller.principal;
  if (of.kind === 'accessor') return tokenOfAccessor(house, environment, of.accessor);
  if (of.token.startsWith('hvb.')) throw new ClavigerError('input-invalid', 'batch tokens cannot be renewed');
  const kept = await tokens.find(house, environment, tokenId(of.token));
  if (!kept) throw badToken();
  return kept;
}

/** When a renewed token ends: after its period, or what was asked for, and never beyond its bounds. */
function renewedEnd(lease: TokenLease, now: Instant, incrementSeconds: number): Instant {
  const wanted = lease.periodSeconds || incrementSeconds || lease.ttlSeconds;
  const ages = [lease.periodSeconds ? 0 : lease.maxSeconds, lease.explicitMaxSeconds];
  const bounds = ages.filter((age) => age > 0).map((age) => lease.createdAt + age * 1000);
  return Math.min(now + wanted * 1000, ...bounds);
}

async function renewed(work: Work, { of, incrementSeconds }: RenewInput) {
  const { house, caller, now } = work;
  const kept = await keptToken(house, caller, of);
  const lease = kept.content;
  if (!lease.isRenewable) throw new ClavigerError('input-invalid', 'lease is not renewable');
  await requireCertificate(work, lease);
  const endsAt = renewedEnd(lease, now, incrementSeconds);
  if (endsAt <= now) throw new ClavigerError('input-invalid', 'past the max TTL, cannot renew');
  const seconds = Math.ceil((endsAt - now) / 1000);
  const after: TokenLease = { ...lease, renewedAt: now, endsAt };
  const { environment } = caller.principal;
  const accessor = await accessors.find(house, environment, lease.accessor);
  const changes: Change[] = [tokens.replaced(kept, after, { expiresAt: endsAt })];
  if (accessor) changes.push(accessors.replaced(accessor, accessor.content, { expiresAt: endsAt }));
  const identityPolicies = await identityPoliciesOf(house, caller, after);
  return {
    output: { lease: after, seconds, identityPolicies },
    changes,
    facts: { accessor: lease.accessor, seconds },
  };
}

export type Renewed = {
  readonly lease: TokenLease;
  readonly seconds: number;
  readonly identityPolicies: readonly string[];
};

/** Lets a token last longer. */
export const renewToken = defineOperation<RenewInput, Renewed>({
  name: 'tokens.renew',
  kind: 'manage',
  input: renewInput,
  targets: [],
  permission: 'tokens:renew',
  run: renewed,
});

/** The same for the token that was shown. */
export const renewOwnToken = defineOperation<RenewInput, Renewed>({
  name: 'tokens.renew-own',
  kind: 'manage',
  input: renewInput,
  targets: [],
  permission: 'tokens:renew-self',
  run: (work, wish) => renewed(work, { ...wish, of: requireOwn(work.caller, wish.of) }),
});

const revokeInput = z.strictObject({
  of: reference,
  /** Its children go on as orphans. */
  leavesChildren: z.boolean(),
});
type RevokeInput = z.infer<typeof revokeInput>;

async function revoked({ house, caller }: Work, { of, leavesChildren }: RevokeInput) {
  const { environment } = caller.principal;
  if (of.kind !== 'accessor' && of.token.startsWith('hvb.'))
    throw new ClavigerError('input-invalid', 'batch tokens cannot be revoked');
  // what is not there any more is revoked already
  const kept =
    of.kind === 'accessor'
      ? await tokenOfAccessor(house, environment, of.accessor)
      : await tokens.find(house, environment, tokenId(of.token));
  if (!kept) return { output: {} };
  const { changes, count } = leavesChildren
    ? await orphaned(house, kept)
    : await treeRemoval(house, environment, kept.document.id);
  return { output: {}, changes, facts: { accessor: kept.content.accessor, tokens: count } };
}

/** The token goes, and its children have no parent from then on. */
async function orphaned(house: House, kept: Kept<TokenLease>) {
  const { environment, id } = kept.document;
  const { changes } = await treeRemoval(house, environment, id, false);
  const links = await children.list(house, environment, `${id}/`, { after: null, limit: 1000 });
  const freed: Change[] = [];
  for (const link of links) {
    const child = await tokens.find(house, environment, link.document.id.slice(id.length + 1));
    if (child) freed.push(tokens.replaced(child, { ...child.content, parentId: null }));
    freed.push(children.removed(link));
  }
  return { changes: [...changes, ...freed], count: 1 };
}

/** Ends a token at once, with all that were made under it. */
export const revokeToken = defineOperation<RevokeInput, {}>({
  name: 'tokens.revoke',
  kind: 'manage',
  input: revokeInput,
  targets: [],
  permission: 'tokens:revoke',
  run: revoked,
});

/** The same for the token that was shown. */
export const revokeOwnToken = defineOperation<RevokeInput, {}>({
  name: 'tokens.revoke-own',
  kind: 'manage',
  input: revokeInput,
  targets: [],
  permission: 'tokens:revoke-self',
  run: (work, wish) => revoked(work, { ...wish, of: requireOwn(work.caller, wish.of) }),
});

/** The accessors of all living tokens, at most 10,000. */
export const listTokenAccessors = defineOperation<{}, { readonly accessors: readonly string[] }>({
  name: 'tokens.list',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'tokens:list',
  run: async ({ house, caller }) => {
    const found = await accessors.list(house, caller.principal.environment, '', {
      after: null,
      limit: 10_000,
    });
    return { output: { accessors: found.map(({ document }) => document.id) } };
  },
});

import { z } from 'zod';
import { newAccessKey, newToken, tokenId } from '#access';
import { newId, SecretBytes } from '#crypto';
import { ClavigerError, roles, type Instant, type Principal, type QuorumNeed, type Role } from '#domain';
import type { Credential } from '#ports';
import { defineOperation } from '../define.ts';
import { ownedRemoval } from '../tokens/revoke.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { requireStillSatisfiable } from '../quorum/policy.ts';

export const principalName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9+=,.@_-]{0,63}$/);
/** Those that came by an auth method have its path before their name. */
const anyPrincipalName = z.string().regex(/^[a-zA-Z0-9_.-][a-zA-Z0-9+=,.@_:|/%~-]{0,255}$/);
const role = z.enum(roles);

const createInput = z.strictObject({
  name: principalName,
  kind: z.enum(['user', 'service', 'workload']),
  roles: z.array(role).max(roles.length),
});
type CreateInput = z.infer<typeof createInput>;

const nothing = z.strictObject({});
type Nothing = z.infer<typeof nothing>;

/** The record of a new principal. */
export function newPrincipal(environment: string, wish: CreateInput, now: Instant): Principal {
  return {
    id: newId(),
    environment,
    name: wish.name,
    kind: wish.kind,
    roles: [...new Set(wish.roles)],
    createdAt: now,
    disabled: false,
  };
}

/** Makes a principal in the caller's environment; it has no credential yet. */
export const createPrincipal = defineOperation<CreateInput, Principal>({
  name: 'principals.create',
  kind: 'manage',
  input: createInput,
  targets: [],
  permission: 'principals:create',
  quorum: (wish) => (wish.roles.length > 0 ? 'roles' : null),
  run: async ({ house, caller, now }, wish) => {
    const { environment } = caller.principal;
    if (await house.store.principalByName(environment, wish.name)) {
      throw new ClavigerError('principal-taken', `There is a principal ${wish.name} already.`);
    }
    const principal = newPrincipal(environment, wish, now);
    return {
      output: principal,
      changes: [{ kind: 'principal-put', principal }],
      facts: { name: principal.name, roles: principal.roles.join(' ') },
    };
  },
});

/** The principals of the caller's environment. */
export const listPrincipals = defineOperation<Nothing, { readonly principals: readonly Principal[] }>({
  name: 'principals.list',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'principals:list',
  run: async ({ house, caller }) => ({
    output: { principals: await house.store.principals(caller.principal.environment) },
  }),
});

const setInput = z.strictObject({
  name: anyPrincipalName,
  roles: z.array(role).max(roles.length).nullable(),
  disabled: z.boolean().nullable(),
});
type SetInput = z.infer<typeof setInput>;

/** A role is given, or one whose word counted no more is let back in; to disable somebody is asked of nobody, so that it can be done at once. */
function changeNeeds({ roles: wanted, disabled }: SetInput): readonly QuorumNeed[] {
  return [...(wanted ? (['roles'] as const) : []), ...(disabled === false ? (['approvers'] as const) : [])];
}

/** Changes a principal's roles, or disables it; nobody changes themselves, and one administrator always stays. */
export const setPrincipal = defineOperation<SetInput, Principal>({
  name: 'principals.update',
  kind: 'manage',
  input: setInput,
  targets: [],
  permission: 'principals:update',
  quorum: changeNeeds,
  run: async ({ house, caller }, wish) => {
    const old = await findPrincipal(house, caller.principal.environment, wish.name);
    if (old.id === caller.principal.id) {
      throw new ClavigerError('access-denied', 'Nobody changes their own roles.');
    }
    const principal: Principal = {
      ...old,
      roles: wish.roles ? [...new Set<Role>(wish.roles)] : old.roles,
      disabled: wish.disabled ?? old.disabled,
    };
    return {
      output: principal,
      changes: [
        { kind: 'principal-put', principal, replaces: old },
        ...(await requireStillSatisfiable(house, principal)),
      ],
      facts: { name: principal.name, roles: principal.roles.join(' '), disabled: principal.disabled },
    };
  },
});

/** A principal by its name. Throws `principal-not-found`. */
async function findPrincipal(house: House, environment: string, name: string): Promise<Principal> {
  const found = await house.store.principalByName(environment, name);
  if (found) return found;
  throw new ClavigerError('principal-not-found', `There is no principal ${name}.`, { details: { name } });
}

const ofPrincipal = z.strictObject({ principal: principalName });
type OfPrincipal = z.infer<typeof ofPrincipal>;

/** Whoever has a credential of somebody else's asks in their name. */
function forOthers({ principal }: OfPrincipal, caller: Pick<Caller, 'principal'>): QuorumNeed | null {
  return principal === caller.principal.name ? null : 'principal';
}

export type NewAccessKey = {
  readonly principal: Principal;
  readonly accessKeyId: string;
  /** Told once; the house keeps it only sealed. */
  readonly secretAccessKey: string;
};

/** What an access key's secret is sealed as. */
export function accessKeySecretName(accessKeyId: string): string {
  return `access key ${accessKeyId}`;
}

/** The sealed credential of an access key. */
export async function sealAccessKey(
  house: Pick<House, 'hierarchy'>,
  principal: Principal,
  pair: { id: string; secret: string; now: Instant },
): Promise<Credential> {
  using secret = SecretBytes.take(Buffer.from(pair.secret, 'utf8'));
  return {
    kind: 'access-key',
    id: pair.id,
    principalId: principal.id,
    environment: principal.environment,
    wrappedSecret: await house.hierarchy.sealSmall(
      principal.environment,
      accessKeySecretName(pair.id),
      secret,
    ),
    createdAt: pair.now,
    expiresAt: null,
  };
}

/** The credential of a token; only the token's digest is kept. */
export function tokenCredential(principal: Principal, token: string, now: Instant): Credential {
  return {
    kind: 'token',
    id: tokenId(token),
    principalId: principal.id,
    environment: principal.environment,
    createdAt: now,
    expiresAt: null,
  };
}

/** Makes an access key for AWS clients. */
export const createAccessKey = defineOperation<OfPrincipal, NewAccessKey>({
  name: 'credentials.create-access-key',
  kind: 'manage',
  input: ofPrincipal,
  targets: [],
  permission: 'credentials:create',
  quorum: forOthers,
  run: async ({ house, caller, now }, wish) => {
    const principal = await findPrincipal(house, caller.principal.environment, wish.principal);
    const pair = newAccessKey();
    const { accessKeyId: id, secretAccessKey: secret } = pair;
    const credential = await sealAccessKey(house, principal, { id, secret, now });
    return {
      output: { principal, accessKeyId: id, secretAccessKey: secret },
      changes: [{ kind: 'credential-created', credential }],
      facts: { principal: principal.name, credential: id },
    };
  },
});

export type NewToken = {
  readonly principal: Principal;
  readonly tokenId: string;
  /** Told once; the house keeps only its digest. */
  readonly token: string;
};

/** Makes a bearer token. */
export const createToken = defineOperation<OfPrincipal, NewToken>({
  name: 'credentials.create-token',
  kind: 'manage',
  input: ofPrincipal,
  targets: [],
  permission: 'credentials:create',
  quorum: forOthers,
  run: async ({ house, caller, now }, wish) => {
    const principal = await findPrincipal(house, caller.principal.environment, wish.principal);
    const token = newToken();
    const credential = tokenCredential(principal, token, now);
    return {
      output: { principal, tokenId: credential.id, token },
      changes: [{ kind: 'credential-created', credential }],
      facts: { principal: principal.name, credential: credential.id },
    };
  },
});

const deleteInput = ofPrincipal.extend({ id: z.string().min(1).max(128) });
type DeleteInput = z.infer<typeof deleteInput>;

/** Revokes a credential; it stops on every node within a second. */
export const deleteCredential = defineOperation<DeleteInput, Nothing>({
  name: 'credentials.delete',
  kind: 'manage',
  input: deleteInput,
  targets: [],
  permission: 'credentials:delete',
  run: async ({ house, caller }, wish) => {
    const principal = await findPrincipal(house, caller.principal.environment, wish.principal);
    const credential = await house.store.credential(wish.id);
    if (!credential || credential.principalId !== principal.id) {
      throw new ClavigerError('credential-unknown', `${principal.name} has no such credential.`);
    }
    return {
      output: {},
      changes: [
        { kind: 'credential-deleted', id: credential.id },
        ...(await ownedRemoval(house, credential.environment, credential.id)),
      ],
      facts: { principal: principal.name, credential: credential.id },
    };
  },
});

export type CredentialView = Pick<Credential, 'id' | 'kind' | 'createdAt' | 'expiresAt'>;

/** The credentials of a principal, without their secrets. */
export const listCredentials = defineOperation<
  OfPrincipal,
  { readonly credentials: readonly CredentialView[] }
>({
  name: 'credentials.list',
  kind: 'read',
  input: ofPrincipal,
  targets: [],
  permission: 'credentials:list',
  run: async ({ house, caller }, wish) => {
    const principal = await findPrincipal(house, caller.principal.environment, wish.principal);
    const found = await house.store.credentialsOf(principal.id);
    const credentials = found.map(({ id, kind, createdAt, expiresAt }) => ({
      id,
      kind,
      createdAt,
      expiresAt,
    }));
    return { output: { credentials } };
  },
});

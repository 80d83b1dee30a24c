import { z } from 'zod';
import { newId } from '#crypto';
import type { Instant } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../../define.ts';
import type { Kept } from '../../documents.ts';
import type { Outcome } from '../../operation.ts';
import { methodPath } from '../auth-mount.ts';
import { areWithin } from '../cidr.ts';
import { allOf, documentsOf } from '../listing.ts';
import { ranges, refuse, seconds, uses } from '../token-settings.ts';
import { appRoleAt, appRoles, findAppRole, openRoleKey, roleName, type AppRole } from './roles.ts';
import {
  secretIdAccessors,
  secretIdByAccessor,
  secretIdCreated,
  secretIdDigest,
  secretIdOf,
  secretIdRemoved,
  secretIds,
  type SecretIdPlace,
  type SecretIdRecord,
} from './secret-id-records.ts';

const secretIdText = z.string().min(1).max(4096);

const createInput = z.strictObject({
  mount: methodPath,
  name: roleName,
  /** One that the caller chose; null: a random one. */
  secretId: secretIdText.nullable(),
  metadata: z.record(z.string().max(512), z.string().max(4096)),
  cidrList: ranges,
  tokenBoundCidrs: ranges,
  /** Null: as the role says. */
  numUses: uses.nullable(),
  ttlSeconds: seconds.nullable(),
});
type CreateInput = z.infer<typeof createInput>;

export type NewSecretId = {
  /** Told once; the house keeps only its keyed hash. */
  readonly secretId: string;
  readonly accessor: string;
  readonly ttlSeconds: number;
  readonly numUses: number;
};

async function requireRole(
  { house, environment, mount }: SecretIdPlace,
  name: string,
): Promise<Kept<AppRole>> {
  const role = await findAppRole(house, environment, mount, name);
  if (!role) throw refuse(`role "${name}" does not exist`);
  return role;
}

/** How often and how long, which can be less than the role says, and no more. */
function boundsOf(
  role: AppRole,
  { numUses, ttlSeconds }: CreateInput,
): { numUses: number; ttlSeconds: number } {
  const wanted = { numUses: numUses ?? role.secretIdNumUses, ttlSeconds: ttlSeconds ?? role.secretIdTtl };
  if (role.secretIdNumUses > 0 && (wanted.numUses === 0 || wanted.numUses > role.secretIdNumUses))
    throw refuse("num_uses cannot be higher than the role's secret_id_num_uses", 'num_uses');
  if (role.secretIdTtl > 0 && (wanted.ttlSeconds === 0 || wanted.ttlSeconds > role.secretIdTtl))
    throw refuse("ttl cannot be longer than the role's secret_id_ttl", 'ttl');
  return wanted;
}

function requireSubset(what: string, inner: readonly string[], outer: readonly string[]): void {
  if (inner.length === 0 || outer.length === 0 || areWithin(inner, outer)) return;
  throw refuse(
    `failed to verify subset relationship between CIDR blocks on the role ${JSON.stringify(outer)} and CIDR blocks on the secret ID ${JSON.stringify(inner)}`,
    what,
  );
}

function recordOf(
  wish: CreateInput,
  role: AppRole,
  { digest, now }: { digest: string; now: Instant },
): SecretIdRecord {
  const { numUses, ttlSeconds } = boundsOf(role, wish);
  requireSubset('cidr_list', wish.cidrList, role.secretIdBoundCidrs);
  requireSubset('token_bound_cidrs', wish.tokenBoundCidrs, role.settings.tokenBoundCidrs);
  return {
    digest,
    accessor: newId(),
    createdAt: now,
    updatedAt: now,
    numUses,
    usesLeft: numUses === 0 ? null : numUses,
    ttlSeconds,
    metadata: wish.metadata,
    cidrList: wish.cidrList,
    tokenBoundCidrs: wish.tokenBoundCidrs,
  };
}

/** Makes a secret id for a role. */
export const createSecretId = defineOperation<CreateInput, NewSecretId>({
  name: 'auth.create-secret-id',
  kind: 'manage',
  input: createInput,
  targets: [],
  permission: 'auth:create-secret-id',
  run: async ({ house, caller, now }, wish) => {
    const { environment } = caller.principal;
    const place = { house, environment, mount: await appRoleAt(house, environment, wish.mount) };
    const role = await requireRole(place, wish.name);
    if (!role.content.bindSecretId) throw refuse('bind_secret_id is not set on the role');
    const secretId = wish.secretId ?? newId();
    using key = await openRoleKey(house, role);
    const digest = secretIdDigest(key, secretId);
    if (await secretIdOf(place, role.content.instance, digest))
      throw refuse('SecretID is already registered');
    const record = recordOf(wish, role.content, { digest, now });
    const { accessor, ttlSeconds, numUses } = record;
    return {
      output: { secretId, accessor, ttlSeconds, numUses },
      changes: await secretIdCreated(place, role.content.instance, record),
      facts: { mount: wish.mount, role: role.content.name, secretIdAccessor: accessor, ttlSeconds, numUses },
    };
  },
});

const oneInput = z.strictObject({
  mount: methodPath,
  name: roleName,
  by: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('secret-id'), secretId: secretIdText }),
    z.strictObject({ kind: z.literal('accessor'), accessor: z.string().min(1).max(256) }),
  ]),
});
type OneInput = z.infer<typeof oneInput>;

type Standing = { readonly role: Kept<AppRole>; readonly kept: Kept<SecretIdRecord> | null };

async function findOne(place: SecretIdPlace, { name, by }: OneInput): Promise<Standing> {
  const role = await requireRole(place, name);
  const { instance } = role.content;
  if (by.kind === 'accessor') return { role, kept: await secretIdByAccessor(place, instance, by.accessor) };
  using key = await openRoleKey(place.house, role);
  return { role, kept: await secretIdOf(place, instance, secretIdDigest(key, by.secretId)) };
}

/** What is known of a secret id; null: there is none such. */
export const lookUpSecretId = defineOperation<OneInput, { readonly found: SecretIdRecord | null }>({
  name: 'auth.look-up-secret-id',
  kind: 'read',
  input: oneInput,
  targets: [],
  permission: 'auth:look-up-secret-id',
  run: async ({ house, caller }, wish) => {
    const { environment } = caller.principal;
    const place = { house, environment, mount: await appRoleAt(house, environment, wish.mount) };
    const { kept } = await findOne(place, wish);
    return { output: { found: kept?.content ?? null } };
  },
});

/** Ends a secret id; tokens that were given for it stay. */
export const destroySecretId = defineOperation<OneInput, { readonly found: boolean }>({
  name: 'auth.destroy-secret-id',
  kind: 'manage',
  input: oneInput,
  targets: [],
  permission: 'auth:destroy-secret-id',
  run: async ({ house, caller }, wish): Promise<Outcome<{ found: boolean }>> => {
    const { environment } = caller.principal;
    const place = { house, environment, mount: await appRoleAt(house, environment, wish.mount) };
    const { role, kept } = await findOne(place, wish);
    if (!kept) return { output: { found: false }, facts: { mount: wish.mount, role: wish.name } };
    return {
      output: { found: true },
      changes: await secretIdRemoved(place, role.content.instance, kept),
      facts: { mount: wish.mount, role: wish.name, secretIdAccessor: kept.content.accessor },
    };
  },
});

const listInput = z.strictObject({ mount: methodPath, name: roleName });
type ListInput = z.infer<typeof listInput>;

/** The accessors of the secret ids of a role. */
export const listSecretIds = defineOperation<ListInput, { readonly accessors: readonly string[] }>({
  name: 'auth.list-secret-ids',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'auth:list-secret-ids',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await appRoleAt(house, environment, path);
    const { instance } = (await requireRole({ house, environment, mount }, name)).content;
    const prefix = `${mount.id}/${instance}/`;
    const accessors: string[] = [];
    for await (const { document } of allOf(secretIdAccessors, { house, environment }, prefix))
      accessors.push(document.id.slice(prefix.length));
    return { output: { accessors } };
  },
});

const tidyInput = z.strictObject({ mount: methodPath });
type TidyInput = z.infer<typeof tidyInput>;
const tidiedMax = 1000;

/** Takes away what is left of secret ids that are over, or whose role is: at most 1,000 records at a time. */
export const tidySecretIds = defineOperation<TidyInput, { readonly removed: number }>({
  name: 'auth.tidy-secret-ids',
  kind: 'manage',
  input: tidyInput,
  targets: [],
  permission: 'auth:tidy-secret-ids',
  run: async ({ house, caller, now }, { mount: path }) => {
    const { environment } = caller.principal;
    const place = { house, environment, mount: await appRoleAt(house, environment, path) };
    const prefix = `${place.mount.id}/`;
    const standing = new Set<string>();
    for await (const { content } of documentsOf(place, appRoles.name, prefix))
      standing.add((content as AppRole).instance);
    const changes: Change[] = [];
    for (const collection of [secretIds.name, secretIdAccessors.name]) {
      for await (const { id, revision, expiresAt } of documentsOf(place, collection, prefix)) {
        if (changes.length >= tidiedMax) break;
        const instance = id.slice(prefix.length).split('/')[0] ?? '';
        if (standing.has(instance) && (expiresAt === null || expiresAt > now)) continue;
        changes.push({ kind: 'document-deleted', environment, collection, id, expectedRevision: revision });
      }
    }
    return { output: { removed: changes.length }, changes, facts: { mount: path, removed: changes.length } };
  },
});

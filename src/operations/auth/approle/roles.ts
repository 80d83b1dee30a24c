import { z } from 'zod';
import { newId, SecretBytes, sha256Hex } from '#crypto';
import type { Change } from '#ports';
import { defineOperation } from '../../define.ts';
import { defineCollection, documentSecretName, type Kept } from '../../documents.ts';
import type { House } from '../../house.ts';
import { requirePresumed } from '../../presumed.ts';
import type { Outcome } from '../../operation.ts';
import type { PlacedMount } from '../../mounts/mounts.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { allOf } from '../listing.ts';
import {
  given,
  ranges,
  refuse,
  requireSettings,
  seconds,
  tokenSettings,
  uses,
  usualSettings,
} from '../token-settings.ts';
import { secretIdsOf } from './secret-id-records.ts';

export const roleName = z
  .string()
  .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,254}[A-Za-z0-9_])?$/, 'must be a name of a role');
const roleId = z.string().min(1).max(4096);

const roleMembers = {
  bindSecretId: z.boolean(),
  secretIdBoundCidrs: ranges,
  secretIdNumUses: uses,
  secretIdTtl: seconds,
  localSecretIds: z.boolean(),
};
const roleShape = z.strictObject({
  ...roleMembers,
  name: z.string(),
  /** Names this role among those that had its name before: secret ids belong to it alone. */
  instance: z.string(),
  roleId,
  settings: tokenSettings,
});
export type AppRole = z.infer<typeof roleShape>;

/** Sealed is the key under which its secret ids are known. */
export const appRoles = defineCollection<AppRole>('approle-role', roleShape);
/** From role ids to roles. */
export const roleIds = defineCollection<{ readonly role: string }>(
  'approle-role-id',
  z.strictObject({ role: z.string() }),
);

/** Names are the same in small and capital letters. */
export function appRoleId(mount: PlacedMount, name: string): string {
  return `${mount.id}/${name.toLowerCase()}`;
}

export function roleIdId(mount: PlacedMount, id: string): string {
  return `${mount.id}/${sha256Hex(id)}`;
}

export function appRoleAt(house: House, environment: string, path: string): Promise<PlacedMount> {
  return methodAt(house, environment, path, ['approle']);
}

export async function findAppRole(
  house: House,
  environment: string,
  mount: PlacedMount,
  name: string,
): Promise<Kept<AppRole> | null> {
  return appRoles.find(house, environment, appRoleId(mount, name));
}

/** The key under which the secret ids of a role are known; the caller disposes it. */
export async function openRoleKey(house: House, { document }: Kept<AppRole>): Promise<SecretBytes> {
  if (!document.sealed) throw refuse(`role "${document.id}" has no key`);
  const what = documentSecretName(appRoles.name, document.id);
  return house.hierarchy.openSmall(document.environment, what, document.sealed);
}

const roleChange = z.strictObject(roleMembers).partial().extend({
  roleId: roleId.optional(),
  settings: tokenSettings.partial().optional(),
});

const writeInput = z.strictObject({
  mount: methodPath,
  name: roleName,
  change: roleChange,
  /** It changes a role, and makes none. */
  mustExist: z.boolean(),
});
type WriteInput = z.infer<typeof writeInput>;

function requireConstraint(role: AppRole): void {
  if (role.bindSecretId || role.secretIdBoundCidrs.length > 0 || role.settings.tokenBoundCidrs.length > 0)
    return;
  throw refuse('at least one constraint should be enabled on the role');
}

function newRole(name: string): AppRole {
  return {
    name: name.toLowerCase(),
    instance: newId(),
    roleId: newId(),
    bindSecretId: true,
    secretIdBoundCidrs: [],
    secretIdNumUses: 0,
    secretIdTtl: 0,
    localSecretIds: false,
    settings: usualSettings,
  };
}

function changedRole(role: AppRole, { settings = {}, ...change }: WriteInput['change']): AppRole {
  const after = { ...role, ...given(change), settings: { ...role.settings, ...given(settings) } };
  requireSettings(after.settings);
  requireConstraint(after);
  return after;
}

type Place = { readonly house: House; readonly environment: string; readonly mount: PlacedMount };

/** The changes by which a role id leads to a role, and the one before does not. */
async function roleIdChanges(
  { house, environment, mount }: Place,
  before: AppRole | null,
  after: AppRole,
): Promise<readonly Change[]> {
  if (before?.roleId === after.roleId) return [];
  const id = roleIdId(mount, after.roleId);
  if (await roleIds.find(house, environment, id)) throw refuse('role_id already in use', 'role_id');
  const old = before && (await roleIds.find(house, environment, roleIdId(mount, before.roleId)));
  return [roleIds.created(environment, id, { role: after.name }), ...(old ? [roleIds.removed(old)] : [])];
}

/** Makes or changes a role; `found` is false where it should have been there. */
export const writeAppRole = defineOperation<WriteInput, { readonly found: boolean }>({
  name: 'auth.write-app-role',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'auth:write-app-role',
  quorum: 'principal',
  run: async (
    { house, caller },
    { mount: path, name, change, mustExist },
  ): Promise<Outcome<{ found: boolean }>> => {
    const { environment } = caller.principal;
    const mount = await appRoleAt(house, environment, path);
    const before = await findAppRole(house, environment, mount, name);
    requirePresumed(caller, before !== null);
    if (!before && mustExist) return { output: { found: false }, facts: { mount: path, role: name } };
    const after = changedRole(before?.content ?? newRole(name), change);
    if (before && after.localSecretIds !== before.content.localSecretIds)
      throw refuse('local_secret_ids can only be modified during role creation', 'local_secret_ids');
    const place = { house, environment, mount };
    const changes = [...(await roleIdChanges(place, before?.content ?? null, after))];
    if (before) changes.push(appRoles.replaced(before, after));
    else changes.push(await createdRole(place, after));
    return {
      output: { found: true },
      changes,
      facts: { mount: path, role: after.name, policies: after.settings.tokenPolicies.join(' ') },
    };
  },
});

async function createdRole({ house, environment, mount }: Place, role: AppRole): Promise<Change> {
  const id = appRoleId(mount, role.name);
  using key = SecretBytes.random(32);
  const sealed = await house.hierarchy.sealSmall(environment, documentSecretName(appRoles.name, id), key);
  return appRoles.created(environment, id, role, { sealed });
}

const named = z.strictObject({ mount: methodPath, name: roleName });
type Named = z.infer<typeof named>;

/** A role; null: there is none. */
export const readAppRole = defineOperation<Named, { readonly role: AppRole | null }>({
  name: 'auth.read-app-role',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'auth:read-app-role',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await appRoleAt(house, environment, path);
    const found = await findAppRole(house, environment, mount, name);
    return { output: { role: found?.content ?? null } };
  },
});

const atMount = z.strictObject({ mount: methodPath });
type AtMount = z.infer<typeof atMount>;

/** The names of all roles, in order. */
export const listAppRoles = defineOperation<AtMount, { readonly names: readonly string[] }>({
  name: 'auth.list-app-roles',
  kind: 'read',
  input: atMount,
  targets: [],
  permission: 'auth:list-app-roles',
  run: async ({ house, caller }, { mount: path }) => {
    const { environment } = caller.principal;
    const mount = await appRoleAt(house, environment, path);
    const names: string[] = [];
    for await (const { content } of allOf(appRoles, { house, environment }, `${mount.id}/`))
      names.push(content.name);
    return { output: { names } };
  },
});

/** Takes a role away, with its secret ids: one that is made later under its name has none of them. */
export const deleteAppRole = defineOperation<Named, {}>({
  name: 'auth.delete-app-role',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'auth:delete-app-role',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await appRoleAt(house, environment, path);
    const role = await findAppRole(house, environment, mount, name);
    if (!role) return { output: {}, facts: { mount: path, role: name } };
    const changes = [appRoles.removed(role)];
    const id = await roleIds.find(house, environment, roleIdId(mount, role.content.roleId));
    if (id) changes.push(roleIds.removed(id));
    // those beyond one commit are out of reach without the role; tidying takes them away
    changes.push(...(await secretIdsOf({ house, environment, mount }, role.content.instance)).changes);
    return { output: {}, changes, facts: { mount: path, role: name } };
  },
});

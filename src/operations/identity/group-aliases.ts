import { z } from 'zod';
import { newId } from '#crypto';
import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import type { Outcome, Work } from '../operation.ts';
import { listedMax } from './entities.ts';
import { newAlias, type WrittenAlias } from './entity-aliases.ts';
import { newExternalGroup, withoutGroupLogin } from './groups.ts';
import { left, memberIds } from './members.ts';
import { methodOfAccessor, methodsById, placedAlias, type Place, type PlacedAlias } from './mounts.ts';
import {
  aliasName,
  type Group,
  groupAliasIds,
  groupLogins,
  groups,
  type IdentityAlias,
  loginId,
  lookedFor,
  refuseField,
} from './records.ts';

const writeInput = z.strictObject({
  /** Which one is changed; null: a new one. */
  id: lookedFor.nullable(),
  name: aliasName,
  mountAccessor: lookedFor,
  /** Whose it is to be; null: as it is, or a new external group's. */
  groupId: lookedFor.nullable(),
});
type WriteInput = z.infer<typeof writeInput>;

type Owned = { readonly alias: IdentityAlias; readonly owner: Kept<Group> };

async function aliasOf({ house, environment }: Place, id: string): Promise<Owned | null> {
  const found = await groupAliasIds.find(house, environment, id);
  const owner = found && (await groups.find(house, environment, found.content.ownerId));
  const alias = owner?.content.alias;
  return owner && alias ? { alias, owner } : null;
}

/** The group that is to have the alias. Throws `input-invalid` where it can't. */
async function requireExternal({ house, environment }: Place, id: string): Promise<Kept<Group>> {
  const found = await groups.find(house, environment, id);
  if (!found) throw refuseField("invalid group ID given in 'canonical_id'", 'canonical_id');
  if (found.content.type !== 'external')
    throw refuseField("alias can't be set on an internal group", 'canonical_id');
  return found;
}

async function requireFree({ house, environment }: Place, login: string, id: string | null): Promise<void> {
  const taken = await groupLogins.find(house, environment, login);
  const owner = taken && (await groups.find(house, environment, taken.content.ownerId));
  if (taken && owner?.content.alias?.id !== id)
    throw refuseField('combination of mount and group alias name is already in use', 'name');
}

/** Whoever was told to be of a group by logins is of it no more: the next login tells who is. */
async function dismissed(place: Place, group: string): Promise<Change[]> {
  const changes: Change[] = [];
  for (const member of (await memberIds(place, group)).entity)
    changes.push(...(await left(place, { group, member })));
  return changes;
}

/** The changes by which a group has this alias and no other. */
async function aliased(
  place: Place,
  now: number,
  owner: Kept<Group>,
  alias: IdentityAlias,
): Promise<Change[]> {
  const { environment } = place;
  const { id } = owner.document;
  const before = owner.content.alias;
  return [
    groups.replaced(owner, { ...owner.content, alias, updatedAt: now }),
    ...(before ? await withoutGroupLogin(place, before) : []),
    ...(await dismissed(place, id)),
    groupAliasIds.created(environment, alias.id, { ownerId: id }),
    groupLogins.created(environment, alias.loginId, { ownerId: id }),
  ];
}

function outcome(alias: IdentityAlias, ownerId: string, changes: readonly Change[]): Outcome<WrittenAlias> {
  const facts = {
    alias: alias.id,
    login: alias.name.slice(0, 512),
    mount: alias.mountAccessor,
    group: ownerId,
  };
  return { output: { id: alias.id, ownerId }, changes, facts };
}

async function created(place: Place, { now }: Work, wish: WriteInput, mount: PlacedMount) {
  const alias = newAlias(mount, wish.name, { metadata: null, customMetadata: null, createdAt: now });
  if (wish.groupId !== null) {
    const owner = await requireExternal(place, wish.groupId);
    return outcome(alias, owner.document.id, await aliased(place, now, owner, alias));
  }
  const id = newId();
  return outcome(alias, id, [
    ...(await newExternalGroup(place, now, id, alias)),
    groupAliasIds.created(place.environment, alias.id, { ownerId: id }),
    groupLogins.created(place.environment, alias.loginId, { ownerId: id }),
  ]);
}

/** An alias that changes is another one of the same id: who was of the group by it is of it no more. */
async function changed(
  place: Place,
  { now }: Work,
  { alias, owner }: Owned,
  wish: WriteInput,
  mount: PlacedMount,
) {
  const target =
    wish.groupId === null || wish.groupId === owner.document.id
      ? owner
      : await requireExternal(place, wish.groupId);
  if (target !== owner && target.content.alias)
    throw refuseField('the group has an alias already: delete it first', 'canonical_id');
  const after = {
    ...alias,
    name: wish.name,
    mountId: mount.id,
    mountAccessor: mount.accessor,
    loginId: loginId(mount, wish.name),
    updatedAt: now,
  };
  const gone = await dismissed(place, owner.document.id);
  if (target !== owner) gone.push(...(await dismissed(place, target.document.id)));
  const { house, environment } = place;
  const login = await groupLogins.find(house, environment, alias.loginId);
  const byId = await groupAliasIds.find(house, environment, alias.id);
  const ownerId = target.document.id;
  const changes: Change[] = [
    groups.replaced(target, { ...target.content, alias: after, updatedAt: now }),
    ...(target === owner ? [] : [groups.replaced(owner, { ...owner.content, alias: null, updatedAt: now })]),
    ...gone,
    ...(byId && target !== owner ? [groupAliasIds.replaced(byId, { ownerId })] : []),
  ];
  if (after.loginId !== alias.loginId) {
    if (login) changes.push(groupLogins.removed(login));
    changes.push(groupLogins.created(environment, after.loginId, { ownerId }));
  } else if (login && target !== owner) changes.push(groupLogins.replaced(login, { ownerId }));
  return outcome(after, ownerId, changes);
}

/** Says which group of a mount's logins a group is. Null: it is so already. */
export const writeGroupAlias = defineOperation<WriteInput, WrittenAlias | null>({
  name: 'identity.write-group-alias',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'identity:write-group-alias',
  quorum: 'principal',
  run: async (work, wish) => {
    const place = { house: work.house, environment: work.caller.principal.environment };
    const mount = await methodOfAccessor(place, wish.mountAccessor);
    const standing = wish.id === null ? null : await aliasOf(place, wish.id);
    if (wish.id !== null && !standing) throw refuseField('invalid group alias ID', 'id');
    await requireFree(place, loginId(mount, wish.name), wish.id);
    if (!standing) return created(place, work, wish, mount);
    const { alias, owner } = standing;
    const isSame = alias.loginId === loginId(mount, wish.name) && alias.name === wish.name;
    if (isSame && (wish.groupId ?? owner.document.id) === owner.document.id) return { output: null };
    return changed(place, work, standing, wish, mount);
  },
});

const byId = z.strictObject({ id: lookedFor });
type ById = z.infer<typeof byId>;

/** The alias of a group; null: there is none. */
export const readGroupAlias = defineOperation<ById, PlacedAlias | null>({
  name: 'identity.read-group-alias',
  kind: 'read',
  input: byId,
  targets: [],
  permission: 'identity:read-group-alias',
  run: async ({ house, caller }, { id }) => {
    const place = { house, environment: caller.principal.environment };
    const found = await aliasOf(place, id);
    if (!found) return { output: null };
    return { output: placedAlias(found.alias, found.owner.document.id, await methodsById(place)) };
  },
});

/** The aliases of all groups, at most 100,000. */
export const listGroupAliases = defineOperation<{}, { readonly aliases: readonly PlacedAlias[] }>({
  name: 'identity.list-group-aliases',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'identity:list-group-aliases',
  run: async ({ house, caller }) => {
    const place = { house, environment: caller.principal.environment };
    const mounts = await methodsById(place);
    const aliases: PlacedAlias[] = [];
    for await (const { document, content } of keptOf(groups, place, '')) {
      if (content.alias) aliases.push(placedAlias(content.alias, document.id, mounts));
      if (aliases.length >= listedMax) break;
    }
    return { output: { aliases } };
  },
});

/** Takes the alias of a group away, and with it those who were of the group by it. One that there is not is not missed. */
export const deleteGroupAlias = defineOperation<ById, {}>({
  name: 'identity.delete-group-alias',
  kind: 'manage',
  input: byId,
  targets: [],
  permission: 'identity:delete-group-alias',
  run: async ({ house, caller, now }, { id }) => {
    const place = { house, environment: caller.principal.environment };
    const found = await aliasOf(place, id);
    if (!found) return { output: {} };
    const { owner, alias } = found;
    const changes = [
      groups.replaced(owner, { ...owner.content, alias: null, updatedAt: now }),
      ...(await withoutGroupLogin(place, alias)),
      ...(await dismissed(place, owner.document.id)),
    ];
    return { output: {}, changes, facts: { alias: id, group: owner.document.id } };
  },
});

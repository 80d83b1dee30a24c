import { z } from 'zod';
import { newId } from '#crypto';
import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import { listedMax, type IdentityReference, reference } from './entities.ts';
import {
  directGroups,
  emptied,
  groupsAbove,
  leaveGroups,
  memberIds,
  membersMax,
  setMembers,
} from './members.ts';
import { findMethod, methodsById, placedAlias, type Place, type PlacedAlias } from './mounts.ts';
import {
  entities,
  foldedName,
  type Group,
  groupAliasIds,
  groupLogins,
  groupNames,
  groups,
  type IdentityAlias,
  identityMetadata,
  identityName,
  identityPolicies,
  loginId,
  lookedFor,
  policyNames,
  recordedList,
  refuseField,
} from './records.ts';

const memberList = z.array(lookedFor).max(membersMax);

const writeInput = z.strictObject({
  /** Which one is changed; null: the one of the name, or a new one. */
  id: lookedFor.nullable(),
  name: identityName.nullable(),
  type: z.enum(['internal', 'external']).optional(),
  /** What is left out stays. */
  metadata: identityMetadata.optional(),
  policies: policyNames.optional(),
  memberEntityIds: memberList.optional(),
  memberGroupIds: memberList.optional(),
});
type WriteInput = z.infer<typeof writeInput>;

export type WrittenGroup = { readonly id: string; readonly name: string; readonly isNew: boolean };

async function groupNamed({ house, environment }: Place, name: string): Promise<Kept<Group> | null> {
  const found = await groupNames.find(house, environment, foldedName(name));
  return found && groups.find(house, environment, found.content.ownerId);
}

/** The one that is meant. Throws `input-invalid` where the id is unknown or the name is another one's. */
async function standing(place: Place, { id, name }: WriteInput): Promise<Kept<Group> | null> {
  const named = name === null ? null : await groupNamed(place, name);
  if (id === null) return named;
  const found = await groups.find(place.house, place.environment, id);
  if (!found) throw refuseField('invalid group ID', 'id');
  if (named && named.document.id !== id) throw refuseField('group name is already in use', 'name');
  return found;
}

/** Throws `input-invalid` for members that are not there, or by which a group would be of itself. */
async function requireMembers(place: Place, id: string, wish: WriteInput): Promise<void> {
  const { house, environment } = place;
  for (const entity of wish.memberEntityIds ?? [])
    if (!(await entities.find(house, environment, entity)))
      throw refuseField(`invalid entity ID ${JSON.stringify(entity)}`, 'member_entity_ids');
  if (!wish.memberGroupIds || wish.memberGroupIds.length === 0) return;
  const above = await groupsAbove(place, [id, ...(await directGroups(place, id))]);
  for (const group of wish.memberGroupIds) {
    if (group === id || above.has(group))
      throw refuseField(
        `cyclic relationship detected for member group ID ${JSON.stringify(group)}`,
        'member_group_ids',
      );
    if (!(await groups.find(house, environment, group)))
      throw refuseField(`invalid member group ID ${JSON.stringify(group)}`, 'member_group_ids');
  }
}

function requireWritable(type: Group['type'], before: Group | null, wish: WriteInput): void {
  if (before && type !== before.type) throw refuseField('group type cannot be changed', 'type');
  if (type === 'internal') return;
  if (wish.memberEntityIds)
    throw refuseField("member entities can't be set manually for external groups", 'member_entity_ids');
  if (wish.memberGroupIds)
    throw refuseField("member groups can't be set for external groups", 'member_group_ids');
}

async function memberChanges(place: Place, id: string, wish: WriteInput): Promise<Change[]> {
  const { memberEntityIds, memberGroupIds } = wish;
  return [
    ...(memberEntityIds ? await setMembers(place, id, { kind: 'entity', wanted: memberEntityIds }) : []),
    ...(memberGroupIds ? await setMembers(place, id, { kind: 'group', wanted: memberGroupIds }) : []),
  ];
}

/** The changes by which a group is found by its name, and by no other. */
async function nameChanges(
  place: Place,
  before: Kept<Group> | null,
  id: string,
  name: string,
): Promise<Change[]> {
  const { house, environment } = place;
  const [from, to] = [before && foldedName(before.content.name), foldedName(name)];
  if (from === to) return [];
  const old = from === null ? null : await groupNames.find(house, environment, from);
  const taken = groupNames.created(environment, to, { ownerId: id });
  return old ? [groupNames.removed(old), taken] : [taken];
}

async function freshName({ house, environment }: Place, id: string): Promise<string> {
  const short = `group_${id.slice(0, 8)}`;
  return (await groupNames.find(house, environment, short)) ? `group_${id}` : short;
}

/** A new external group for an alias that names none, and the changes by which it is there. */
export async function newExternalGroup(
  place: Place,
  now: number,
  id: string,
  alias: IdentityAlias,
): Promise<Change[]> {
  const name = await freshName(place, id);
  const rest = { metadata: null, policies: [], alias, createdAt: now, updatedAt: now };
  return [
    groups.created(place.environment, id, { name, type: 'external', ...rest }),
    ...(await nameChanges(place, null, id, name)),
  ];
}

/** The group as it is to be. */
async function groupAfter(
  place: Place,
  {
    id,
    before,
    wish,
    now,
  }: {
    readonly id: string;
    readonly before: Group | null;
    readonly wish: WriteInput;
    readonly now: number;
  },
): Promise<Group> {
  const type = wish.type ?? before?.type ?? 'internal';
  requireWritable(type, before, wish);
  return {
    name: wish.name ?? before?.name ?? (await freshName(place, id)),
    type,
    metadata: wish.metadata ?? before?.metadata ?? null,
    policies: wish.policies ? identityPolicies(wish.policies) : (before?.policies ?? []),
    alias: before?.alias ?? null,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

/** Makes or changes a group: its policies hold for all tokens of its members from the next request on. */
export const writeGroup = defineOperation<WriteInput, WrittenGroup>({
  name: 'identity.write-group',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'identity:write-group',
  quorum: 'principal',
  run: async ({ house, caller, now }, wish) => {
    const place = { house, environment: caller.principal.environment };
    const before = await standing(place, wish);
    const id = before?.document.id ?? newId();
    const after = await groupAfter(place, { id, before: before?.content ?? null, wish, now });
    await requireMembers(place, id, wish);
    const put = before ? groups.replaced(before, after) : groups.created(place.environment, id, after);
    const changes = [
      put,
      ...(await nameChanges(place, before, id, after.name)),
      ...(await memberChanges(place, id, wish)),
    ];
    const facts = {
      group: id,
      name: after.name,
      type: after.type,
      policies: recordedList(after.policies),
      ...(wish.memberEntityIds ? { entities: recordedList(wish.memberEntityIds) } : {}),
      ...(wish.memberGroupIds ? { groups: recordedList(wish.memberGroupIds) } : {}),
    };
    return { output: { id, name: after.name, isNew: before === null }, changes, facts };
  },
});

const readInput = z.strictObject({ of: reference });
type ReadInput = z.infer<typeof readInput>;

async function idOf(place: Place, of: IdentityReference): Promise<string | null> {
  const { house, environment } = place;
  if ('id' in of) return of.id;
  if ('name' in of)
    return (await groupNames.find(house, environment, foldedName(of.name)))?.content.ownerId ?? null;
  if ('aliasId' in of)
    return (await groupAliasIds.find(house, environment, of.aliasId))?.content.ownerId ?? null;
  const mount = await findMethod(place, of.mountAccessor);
  if (!mount) return null;
  const login = await groupLogins.find(house, environment, loginId(mount, of.aliasName));
  return login?.content.ownerId ?? null;
}

async function groupOf(place: Place, of: IdentityReference): Promise<Kept<Group> | null> {
  const id = await idOf(place, of);
  return id === null ? null : groups.find(place.house, place.environment, id);
}

export type GroupView = {
  readonly id: string;
  readonly group: Group;
  /** Counts its changes. */
  readonly revision: number;
  readonly alias: PlacedAlias | null;
  readonly memberEntityIds: readonly string[];
  readonly memberGroupIds: readonly string[];
  /** The groups that it is of. */
  readonly parentGroupIds: readonly string[];
};

async function viewOf(place: Place, { document, content }: Kept<Group>): Promise<GroupView> {
  const { id, revision } = document;
  const members = await memberIds(place, id);
  return {
    id,
    group: content,
    revision,
    alias: content.alias && placedAlias(content.alias, id, await methodsById(place)),
    memberEntityIds: members.entity,
    memberGroupIds: members.group,
    parentGroupIds: await directGroups(place, id),
  };
}

/** A group with its members; null: there is none. */
export const readGroup = defineOperation<ReadInput, GroupView | null>({
  name: 'identity.read-group',
  kind: 'read',
  input: readInput,
  targets: [],
  permission: 'identity:read-group',
  run: async ({ house, caller }, { of }) => {
    const place = { house, environment: caller.principal.environment };
    const kept = await groupOf(place, of);
    return { output: kept && (await viewOf(place, kept)) };
  },
});

/** All groups of the caller's environment, at most 100,000. */
export const listGroups = defineOperation<{}, { readonly groups: readonly GroupView[] }>({
  name: 'identity.list-groups',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'identity:list-groups',
  run: async ({ house, caller }) => {
    const place = { house, environment: caller.principal.environment };
    const listed: GroupView[] = [];
    for await (const kept of keptOf(groups, place, '')) {
      listed.push(await viewOf(place, kept));
      if (listed.length >= listedMax) break;
    }
    return { output: { groups: listed } };
  },
});

/** The changes that take away what leads to the alias of a group. */
export async function withoutGroupLogin(
  { house, environment }: Place,
  alias: IdentityAlias,
): Promise<Change[]> {
  const login = await groupLogins.find(house, environment, alias.loginId);
  const byId = await groupAliasIds.find(house, environment, alias.id);
  return [...(login ? [groupLogins.removed(login)] : []), ...(byId ? [groupAliasIds.removed(byId)] : [])];
}

/** Takes a group away, with its alias; whoever was of it has nothing of it any more. One that there is not is not missed. */
export const deleteGroup = defineOperation<ReadInput, {}>({
  name: 'identity.delete-group',
  kind: 'manage',
  input: readInput,
  targets: [],
  permission: 'identity:delete-group',
  run: async ({ house, caller }, { of }) => {
    const place = { house, environment: caller.principal.environment };
    const kept = await groupOf(place, of);
    if (!kept) return { output: {} };
    const { id } = kept.document;
    const name = await groupNames.find(house, place.environment, foldedName(kept.content.name));
    const changes = [
      groups.removed(kept),
      ...(name ? [groupNames.removed(name)] : []),
      ...(kept.content.alias ? await withoutGroupLogin(place, kept.content.alias) : []),
      ...(await emptied(place, id)),
      ...(await leaveGroups(place, id)),
    ];
    return { output: {}, changes, facts: { group: id, name: kept.content.name } };
  },
});

import { ClavigerError } from '#domain';
import type { Change, Document } from '#ports';
import { keptOf } from '../auth/listing.ts';
import type { Kept } from '../documents.ts';
import { methodsById, type Place } from './mounts.ts';
import { type Group, groups, members, type Membership, memberships } from './records.ts';

/** Groups that one entity is of at most, directly and by others. */
export const groupsMax = 1000;
/** Entities, and groups, that one group has at most. */
export const membersMax = 10_000;

/** The groups of an entity. */
export type OwnGroups = {
  readonly direct: readonly string[];
  /** Those that it is of because another group of it is. */
  readonly inherited: readonly string[];
};

function lastOf({ id }: Pick<Document, 'id'>): string {
  return id.slice(id.indexOf('/') + 1);
}

/** Whether a group has the alias by which a login told it still, and that its mount. */
async function isToldStill({ house, environment }: Place, group: string, loginId: string): Promise<boolean> {
  const alias = (await groups.find(house, environment, group))?.content.alias;
  if (alias?.loginId !== loginId) return false;
  return (await methodsById({ house, environment })).has(alias.mountId);
}

/** The ids of the groups that somebody is of by themselves; not of one whose alias, or the mount of that, is no more. */
export async function directGroups({ house, environment }: Place, id: string): Promise<readonly string[]> {
  const page = { after: null, limit: groupsMax + 1 };
  const direct: string[] = [];
  for (const { document, content } of await memberships.list(house, environment, `${id}/`, page)) {
    const group = lastOf(document);
    const { loginId } = content;
    if (loginId === undefined || (await isToldStill({ house, environment }, group, loginId)))
      direct.push(group);
  }
  return direct;
}

/**
 * These groups, and all that are above them; a circle is gone round once. Throws `limit-exceeded` where they are too many to be looked at: none of
 * them is left out, because its policies may deny.
 */
export async function groupsAbove(
  place: Place,
  direct: readonly string[],
): Promise<ReadonlyMap<string, Kept<Group>>> {
  const found = new Map<string, Kept<Group>>();
  const waiting = [...direct];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    if (found.size >= groupsMax)
      throw new ClavigerError('limit-exceeded', `An entity is of at most ${groupsMax} groups.`);
    const group = await groups.find(place.house, place.environment, id);
    if (!group) continue;
    found.set(id, group);
    waiting.push(...(await directGroups(place, id)));
  }
  return found;
}

export async function ownGroups(place: Place, id: string): Promise<OwnGroups> {
  const direct = await directGroups(place, id);
  const all = await groupsAbove(place, direct);
  return { direct, inherited: [...all.keys()].filter((each) => !direct.includes(each)).sort() };
}

/** The ids of those who are of a group by themselves. */
export async function memberIds(
  { house, environment }: Place,
  group: string,
): Promise<Readonly<Record<Membership['kind'], readonly string[]>>> {
  const ids: Record<Membership['kind'], string[]> = { entity: [], group: [] };
  for await (const { document, content } of keptOf(members, { house, environment }, `${group}/`))
    ids[content.kind].push(lastOf(document));
  return ids;
}

/** The changes by which somebody is of a group. */
export function joined(
  { environment }: Place,
  { group, member }: { readonly group: string; readonly member: string },
  how: Membership,
): Change[] {
  return [
    members.created(environment, `${group}/${member}`, how),
    memberships.created(environment, `${member}/${group}`, how),
  ];
}

/** The changes by which somebody is of a group no more. */
export async function left(
  { house, environment }: Place,
  { group, member }: { readonly group: string; readonly member: string },
): Promise<Change[]> {
  const [there, back] = [
    await members.find(house, environment, `${group}/${member}`),
    await memberships.find(house, environment, `${member}/${group}`),
  ];
  return [...(there ? [members.removed(there)] : []), ...(back ? [memberships.removed(back)] : [])];
}

/** The changes by which exactly these of one kind are of a group. */
export async function setMembers(
  place: Place,
  group: string,
  { kind, wanted }: { readonly kind: Membership['kind']; readonly wanted: readonly string[] },
): Promise<Change[]> {
  const before = new Set((await memberIds(place, group))[kind]);
  const after = new Set(wanted);
  const changes: Change[] = [];
  for (const member of before)
    if (!after.has(member)) changes.push(...(await left(place, { group, member })));
  for (const member of after)
    if (!before.has(member)) changes.push(...joined(place, { group, member }, { kind, mountId: null }));
  return changes;
}

/** The changes by which somebody is of no group any more. */
export async function leaveGroups(place: Place, member: string): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const { document } of keptOf(memberships, place, `${member}/`))
    changes.push(...(await left(place, { group: lastOf(document), member })));
  return changes;
}

/** The changes by which nobody is of a group any more. */
export async function emptied(place: Place, group: string): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const { document } of keptOf(members, place, `${group}/`))
    changes.push(...(await left(place, { group, member: lastOf(document) })));
  return changes;
}

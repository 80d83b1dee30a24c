import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import { directGroups, groupsMax, joined, left } from './members.ts';
import type { Place } from './mounts.ts';
import { groupLogins, loginId, type Membership, memberships } from './records.ts';

/** What a login says of the groups of an entity. */
export type ToldGroups = {
  readonly mount: PlacedMount;
  readonly entity: string;
  /** As the mount calls them. */
  readonly names: readonly string[];
};

/** The groups that an entity is of by itself once a login has told its own, and what changes for it. */
export async function toldGroups(
  place: Place,
  { mount, entity, names }: ToldGroups,
): Promise<{ readonly direct: readonly string[]; readonly changes: readonly Change[] }> {
  const { house, environment } = place;
  const told = new Map<string, string>();
  for (const name of names) {
    const login = loginId(mount, name);
    const found = await groupLogins.find(house, environment, login);
    if (found) told.set(found.content.ownerId, login);
  }
  const by = (login: string): Membership => ({ kind: 'entity', mountId: mount.id, loginId: login });
  const page = { after: null, limit: groupsMax + 1 };
  const direct = new Set(await directGroups(place, entity));
  const changes: Change[] = [];
  for (const kept of await memberships.list(house, environment, `${entity}/`, page)) {
    const { document, content } = kept;
    const group = document.id.slice(entity.length + 1);
    const login = told.get(group);
    told.delete(group);
    if (login !== undefined) {
      direct.add(group);
      // it was told by an alias that the group has no more
      if (content.loginId !== login) changes.push(memberships.replaced(kept, by(login)));
      continue;
    }
    // what another mount told, or somebody wrote, is not this one's to take away
    if (content.mountId !== mount.id) continue;
    direct.delete(group);
    changes.push(...(await left(place, { group, member: entity })));
  }
  for (const [group, login] of told) {
    direct.add(group);
    changes.push(...joined(place, { group, member: entity }, by(login)));
  }
  return { direct: [...direct], changes };
}

/** The changes by which an entity is of no group any more that logins of a mount have told: its alias of that mount is gone, or another one's. */
export async function untold(place: Place, entity: string, mountId: string): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const { document, content } of keptOf(memberships, place, `${entity}/`))
    if (content.mountId === mountId)
      changes.push(...(await left(place, { group: document.id.slice(entity.length + 1), member: entity })));
  return changes;
}

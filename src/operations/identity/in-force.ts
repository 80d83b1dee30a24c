import type { AclSubject } from '#access';
import { rootPolicy } from '../policies/policies.ts';
import { directGroups, groupsAbove } from './members.ts';
import type { Place } from './mounts.ts';
import { type Entity, entities, type Group, mergedEntities } from './records.ts';

/** What a token has by its entity, now. */
export type Identity = {
  /** The entity is disabled, or gone: the token is refused. */
  readonly isBarred: boolean;
  /** Sorted, each once, and never `root`. */
  readonly policies: readonly string[];
  /** Whom the templates of policies speak of. */
  readonly subject: AclSubject | null;
  /** Ids of the entity and the groups by which all this is so: it is looked at anew when one of them changes. */
  readonly dependsOn: readonly string[];
};

/** Of a token without an entity. */
export const noIdentity: Identity = Object.freeze({
  isBarred: false,
  policies: [],
  subject: null,
  dependsOn: [],
});

function policiesOf(entity: Entity, groups: readonly Group[]): readonly string[] {
  const names = new Set([entity, ...groups].flatMap(({ policies }) => policies));
  // it can't be written either
  names.delete(rootPolicy);
  return [...names].sort();
}

function subjectOf(id: string, entity: Entity, groups: ReadonlyMap<string, Group>): AclSubject {
  return {
    entity: {
      id,
      name: entity.name,
      metadata: entity.metadata ?? {},
      aliases: Object.fromEntries(
        entity.aliases.map((alias) => [
          alias.mountAccessor,
          {
            id: alias.id,
            name: alias.name,
            metadata: alias.metadata ?? {},
            customMetadata: alias.customMetadata ?? {},
          },
        ]),
      ),
    },
    groups: [...groups].map(([groupId, { name, metadata }]) => ({
      id: groupId,
      name,
      metadata: metadata ?? {},
    })),
  };
}

/** What an entity gives that is of these groups by itself. */
export async function identityIn(
  place: Place,
  id: string,
  entity: Entity,
  direct: readonly string[],
): Promise<Identity> {
  const above = await groupsAbove(place, direct);
  const groups = new Map([...above].map(([groupId, { content }]) => [groupId, content]));
  return {
    isBarred: entity.disabled,
    policies: policiesOf(entity, [...groups.values()]),
    subject: subjectOf(id, entity, groups),
    dependsOn: [id, ...groups.keys()],
  };
}

/** What a token has by its entity. */
export async function identityOf(place: Place, entity: { readonly id: string } | null): Promise<Identity> {
  if (!entity) return noIdentity;
  const { house, environment } = place;
  let kept = await entities.find(house, environment, entity.id);
  if (!kept) {
    const merged = await mergedEntities.find(house, environment, entity.id);
    kept = merged && (await entities.find(house, environment, merged.content.ownerId));
  }
  if (!kept) return { ...noIdentity, isBarred: true, dependsOn: [entity.id] };
  const { id } = kept.document;
  const identity = await identityIn(place, id, kept.content, await directGroups(place, id));
  return id === entity.id ? identity : { ...identity, dependsOn: [entity.id, ...identity.dependsOn] };
}

import { z } from 'zod';
import { newId } from '#crypto';
import type { Instant } from '#domain';
import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { Work } from '../operation.ts';
import { leaveGroups, ownGroups, type OwnGroups } from './members.ts';
import { findMethod, methodsById, placedAlias, type Place, type PlacedAlias } from './mounts.ts';
import {
  aliasName,
  type Entity,
  entities,
  entityAliasIds,
  entityLogins,
  entityNames,
  foldedName,
  type IdentityAlias,
  identityMetadata,
  identityName,
  identityPolicies,
  loginId,
  lookedFor,
  mergedEntities,
  policyNames,
  recordedList,
  refuseField,
} from './records.ts';

/** The entity of a name; null: there is none. */
export async function entityNamed({ house, environment }: Place, name: string): Promise<Kept<Entity> | null> {
  const found = await entityNames.find(house, environment, foldedName(name));
  return found && entities.find(house, environment, found.content.ownerId);
}

/** What a new entity is called where nobody says it. */
async function freshName({ house, environment }: Place, id: string): Promise<string> {
  const short = `entity_${id.slice(0, 8)}`;
  return (await entityNames.find(house, environment, short)) ? `entity_${id}` : short;
}

/** The records by which an alias is found. */
export function aliasFound(environment: string, alias: IdentityAlias, ownerId: string): Change[] {
  return [
    entityAliasIds.created(environment, alias.id, { ownerId }),
    entityLogins.created(environment, alias.loginId, { ownerId }),
  ];
}

export type NewEntity = { readonly id: string; readonly entity: Entity; readonly changes: readonly Change[] };

/** A new entity, and the changes by which it is there. */
export async function newEntity(
  place: Place,
  now: Instant,
  wish: Partial<Pick<Entity, 'name' | 'metadata' | 'policies' | 'disabled'>> = {},
  aliases: readonly IdentityAlias[] = [],
): Promise<NewEntity> {
  const { environment } = place;
  const id = newId();
  const name = wish.name ?? (await freshName(place, id));
  const { metadata = null, policies = [], disabled = false } = wish;
  const rest = { aliases: [...aliases], mergedIds: [], createdAt: now, updatedAt: now };
  const entity = { name, metadata, policies, disabled, ...rest };
  return {
    id,
    entity,
    changes: [
      entities.created(environment, id, entity),
      entityNames.created(environment, foldedName(name), { ownerId: id }),
      ...aliases.flatMap((alias) => aliasFound(environment, alias, id)),
    ],
  };
}

const writeInput = z.strictObject({
  /** Which one is changed; null: the one of the name, or a new one. */
  id: lookedFor.nullable(),
  name: identityName.nullable(),
  /** What is left out stays. */
  metadata: identityMetadata.optional(),
  policies: policyNames.optional(),
  disabled: z.boolean().optional(),
});
type WriteInput = z.infer<typeof writeInput>;

export type WrittenEntity = { readonly id: string; readonly name: string; readonly isNew: boolean };

/** The one that is meant. Throws `input-invalid` where the id is unknown or the name is another one's. */
async function standing(place: Place, { id, name }: WriteInput): Promise<Kept<Entity> | null> {
  const named = name === null ? null : await entityNamed(place, name);
  if (id === null) return named;
  const found = await entities.find(place.house, place.environment, id);
  if (!found) throw refuseField('entity not found from id', 'id');
  if (named && named.document.id !== id) throw refuseField('entity name is already in use', 'name');
  return found;
}

/** The changes that call it otherwise. */
async function renamed({ house, environment }: Place, before: Kept<Entity>, name: string): Promise<Change[]> {
  const [from, to] = [foldedName(before.content.name), foldedName(name)];
  if (from === to) return [];
  const old = await entityNames.find(house, environment, from);
  const taken = entityNames.created(environment, to, { ownerId: before.document.id });
  return old ? [entityNames.removed(old), taken] : [taken];
}

/** Makes or changes an entity: its policies hold for all its tokens from the next request on. */
export const writeEntity = defineOperation<WriteInput, WrittenEntity>({
  name: 'identity.write-entity',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'identity:write-entity',
  quorum: 'principal',
  run: async ({ house, caller, now }, wish) => {
    const place = { house, environment: caller.principal.environment };
    const policies = wish.policies && identityPolicies(wish.policies);
    const before = await standing(place, wish);
    const settings = {
      ...(wish.metadata === undefined ? {} : { metadata: wish.metadata }),
      ...(policies === undefined ? {} : { policies }),
      ...(wish.disabled === undefined ? {} : { disabled: wish.disabled }),
    };
    const told = { ...(policies && { policies: recordedList(policies) }), disabled: wish.disabled ?? null };
    if (!before) {
      const name = wish.name === null ? {} : { name: wish.name };
      const { id, entity, changes } = await newEntity(place, now, { ...settings, ...name });
      const facts = { entity: id, name: entity.name, ...told };
      return { output: { id, name: entity.name, isNew: true }, changes, facts };
    }
    const { id } = before.document;
    const name = wish.name ?? before.content.name;
    const after = { ...before.content, ...settings, name, updatedAt: now };
    const changes = [entities.replaced(before, after), ...(await renamed(place, before, name))];
    return { output: { id, name, isNew: false }, changes, facts: { entity: id, name, ...told } };
  },
});

/** Names an entity by one of what it has. */
export const reference = z.union([
  z.strictObject({ id: lookedFor }),
  z.strictObject({ name: lookedFor }),
  z.strictObject({ aliasId: lookedFor }),
  z.strictObject({ aliasName, mountAccessor: lookedFor }),
]);
/** What names an entity or a group: it, or an alias of it. */
export type IdentityReference = z.infer<typeof reference>;

/** The id of the entity that is meant; null: there is none. */
async function idOf({ house, environment }: Place, of: IdentityReference): Promise<string | null> {
  if ('id' in of) return of.id;
  if ('name' in of)
    return (await entityNames.find(house, environment, foldedName(of.name)))?.content.ownerId ?? null;
  if ('aliasId' in of)
    return (await entityAliasIds.find(house, environment, of.aliasId))?.content.ownerId ?? null;
  const mount = await findMethod({ house, environment }, of.mountAccessor);
  if (!mount) return null;
  const login = await entityLogins.find(house, environment, loginId(mount, of.aliasName));
  return login?.content.ownerId ?? null;
}

async function entityOf(place: Place, of: IdentityReference): Promise<Kept<Entity> | null> {
  const id = await idOf(place, of);
  return id === null ? null : entities.find(place.house, place.environment, id);
}

export type EntityView = {
  readonly id: string;
  readonly entity: Entity;
  readonly aliases: readonly PlacedAlias[];
  readonly groups: OwnGroups;
};

const readInput = z.strictObject({ of: reference });
type ReadInput = z.infer<typeof readInput>;

/** An entity with its aliases and groups; null: there is none. */
export const readEntity = defineOperation<ReadInput, EntityView | null>({
  name: 'identity.read-entity',
  kind: 'read',
  input: readInput,
  targets: [],
  permission: 'identity:read-entity',
  run: async ({ house, caller }, { of }) => {
    const place = { house, environment: caller.principal.environment };
    const kept = await entityOf(place, of);
    if (!kept) return { output: null };
    const { id } = kept.document;
    const mounts = await methodsById(place);
    const aliases = kept.content.aliases.map((alias) => placedAlias(alias, id, mounts));
    const groups = await ownGroups(place, id);
    return { output: { id, entity: kept.content, aliases, groups }, facts: { entity: id } };
  },
});

export type ListedEntity = Pick<EntityView, 'id' | 'aliases'> & { readonly name: string };

/** The most of one kind that a list tells. */
export const listedMax = 100_000;

/** All entities of the caller's environment, at most 100,000. */
export const listEntities = defineOperation<{}, { readonly entities: readonly ListedEntity[] }>({
  name: 'identity.list-entities',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'identity:list-entities',
  run: async ({ house, caller }) => {
    const place = { house, environment: caller.principal.environment };
    const mounts = await methodsById(place);
    const listed: ListedEntity[] = [];
    for await (const { document, content } of keptOf(entities, place, '')) {
      const aliases = content.aliases.map((alias) => placedAlias(alias, document.id, mounts));
      listed.push({ id: document.id, name: content.name, aliases });
      if (listed.length >= listedMax) break;
    }
    return { output: { entities: listed } };
  },
});

/** The changes that take away what leads to aliases of entities. */
export async function withoutLogins(
  { house, environment }: Place,
  aliases: readonly IdentityAlias[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const alias of aliases) {
    const login = await entityLogins.find(house, environment, alias.loginId);
    const byId = await entityAliasIds.find(house, environment, alias.id);
    if (login) changes.push(entityLogins.removed(login));
    if (byId) changes.push(entityAliasIds.removed(byId));
  }
  return changes;
}

async function removal(place: Place, kept: Kept<Entity>): Promise<Change[]> {
  const merged: Change[] = [];
  for (const id of kept.content.mergedIds) {
    const found = await mergedEntities.find(place.house, place.environment, id);
    if (found) merged.push(mergedEntities.removed(found));
  }
  const name = await entityNames.find(place.house, place.environment, foldedName(kept.content.name));
  return [
    entities.removed(kept),
    ...merged,
    ...(name ? [entityNames.removed(name)] : []),
    ...(await withoutLogins(place, kept.content.aliases)),
    ...(await leaveGroups(place, kept.document.id)),
  ];
}

const deleteInput = z.strictObject({
  of: z.array(z.union([z.strictObject({ id: lookedFor }), z.strictObject({ name: identityName })])).max(1000),
});
type DeleteInput = z.infer<typeof deleteInput>;

async function deleted({ house, caller }: Work, { of }: DeleteInput) {
  const place = { house, environment: caller.principal.environment };
  const found = new Map<string, Kept<Entity>>();
  for (const each of of) {
    const kept = await entityOf(place, each);
    if (kept) found.set(kept.document.id, kept);
  }
  const changes: Change[] = [];
  for (const kept of found.values()) changes.push(...(await removal(place, kept)));
  return {
    output: {},
    changes,
    facts: { entities: recordedList([...found.keys()]), count: found.size },
  };
}

/** Takes entities away, with their aliases: their tokens are refused from the next request on. Those that there are not are not missed. */
export const deleteEntities = defineOperation<DeleteInput, {}>({
  name: 'identity.delete-entities',
  kind: 'manage',
  input: deleteInput,
  targets: [],
  permission: 'identity:delete-entities',
  run: deleted,
});

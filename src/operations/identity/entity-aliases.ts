import { z } from 'zod';
import { newId } from '#crypto';
import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import type { Outcome, Work } from '../operation.ts';
import { aliasFound, listedMax, newEntity, withoutLogins } from './entities.ts';
import { untold } from './external-groups.ts';
import { methodOfAccessor, methodsById, placedAlias, type Place, type PlacedAlias } from './mounts.ts';
import {
  aliasName,
  type Entity,
  entities,
  entityAliasIds,
  entityLogins,
  type IdentityAlias,
  identityMetadata,
  loginId,
  lookedFor,
  refuseField,
} from './records.ts';

const writeInput = z.strictObject({
  /** Which one is changed; null: the one of the mount and name, or a new one. */
  id: lookedFor.nullable(),
  /** Null: as it is. */
  name: aliasName.nullable(),
  mountAccessor: lookedFor.nullable(),
  /** Whose it is to be; null: as it is, or a new entity's. */
  entityId: lookedFor.nullable(),
  /** What is left out stays. */
  customMetadata: identityMetadata.optional(),
});
type WriteInput = z.infer<typeof writeInput>;

/** An alias, and whose it is. */
export type WrittenAlias = { readonly id: string; readonly ownerId: string };

type Owned = { readonly alias: IdentityAlias; readonly owner: Kept<Entity> };

/** An alias by its id; null: there is none. */
async function aliasOf({ house, environment }: Place, id: string): Promise<Owned | null> {
  const found = await entityAliasIds.find(house, environment, id);
  const owner = found && (await entities.find(house, environment, found.content.ownerId));
  const alias = owner?.content.aliases.find((each) => each.id === id);
  return owner && alias ? { alias, owner } : null;
}

/** An alias by the id of its login; null: there is none. */
export async function aliasOfLogin({ house, environment }: Place, login: string): Promise<Owned | null> {
  const found = await entityLogins.find(house, environment, login);
  const owner = found && (await entities.find(house, environment, found.content.ownerId));
  const alias = owner?.content.aliases.find((each) => each.loginId === login);
  return owner && alias ? { alias, owner } : null;
}

/** A new alias of an entity. */
export function newAlias(
  mount: Pick<PlacedMount, 'id' | 'type' | 'accessor'>,
  name: string,
  rest: Pick<IdentityAlias, 'metadata' | 'customMetadata' | 'createdAt'>,
): IdentityAlias {
  return {
    id: newId(),
    name,
    mountId: mount.id,
    mountAccessor: mount.accessor,
    loginId: loginId(mount, name),
    mergedFrom: [],
    updatedAt: rest.createdAt,
    ...rest,
  };
}

function requireRoom({ content }: Kept<Entity>, mountId: string): void {
  if (content.aliases.some((each) => each.mountId === mountId))
    throw refuseField('Alias already exists for requested entity and mount accessor', 'canonical_id');
}

async function requireEntity({ house, environment }: Place, id: string): Promise<Kept<Entity>> {
  const found = await entities.find(house, environment, id);
  if (found) return found;
  throw refuseField('invalid canonical ID', 'canonical_id');
}

async function created(place: Place, { now }: Work, wish: WriteInput, mount: PlacedMount) {
  const alias = newAlias(mount, wish.name ?? '', {
    metadata: null,
    customMetadata: wish.customMetadata ?? null,
    createdAt: now,
  });
  if (wish.entityId === null) {
    const { id, entity, changes } = await newEntity(place, now, {}, [alias]);
    return outcome(alias, id, { changes, entityName: entity.name });
  }
  const owner = await requireEntity(place, wish.entityId);
  requireRoom(owner, mount.id);
  const { id } = owner.document;
  const after = { ...owner.content, aliases: [...owner.content.aliases, alias], updatedAt: now };
  const changes = [entities.replaced(owner, after), ...aliasFound(place.environment, alias, id)];
  return outcome(alias, id, { changes, entityName: after.name });
}

type Done = {
  readonly changes: readonly Change[];
  readonly entityName: string;
  /** The entity that had it before. */
  readonly from?: string;
};

function outcome(
  alias: IdentityAlias,
  ownerId: string,
  { changes, entityName, from }: Done,
): Outcome<WrittenAlias> {
  const facts = { alias: alias.id, login: alias.name.slice(0, 512), mount: alias.mountAccessor };
  return {
    output: { id: alias.id, ownerId },
    changes,
    facts: {
      ...facts,
      entity: ownerId,
      name: entityName,
      ...(from === undefined ? {} : { movedFrom: from }),
    },
  };
}

/** The alias as it is to be. */
async function changedAlias(
  place: Place,
  { now }: Work,
  alias: IdentityAlias,
  wish: WriteInput,
): Promise<IdentityAlias> {
  const { mountAccessor, customMetadata = alias.customMetadata } = wish;
  const name = wish.name ?? alias.name;
  const isElsewhere = mountAccessor !== null && mountAccessor !== alias.mountAccessor;
  if (!isElsewhere && name === alias.name) return { ...alias, customMetadata, updatedAt: now };
  const mount = await methodOfAccessor(place, mountAccessor ?? alias.mountAccessor);
  const login = loginId(mount, name);
  const other = await aliasOfLogin(place, login);
  if (other && other.alias.id !== alias.id)
    throw refuseField('alias with combination of mount accessor and name already exists', 'name');
  return {
    ...alias,
    name,
    mountId: mount.id,
    mountAccessor: mount.accessor,
    loginId: login,
    // what was told by another login is not said of this one
    metadata: login === alias.loginId ? alias.metadata : null,
    customMetadata,
    updatedAt: now,
  };
}

async function changed(
  place: Place,
  work: Work,
  { alias, owner }: Owned,
  wish: WriteInput,
): Promise<Outcome<WrittenAlias>> {
  const { house, environment } = place;
  const after = await changedAlias(place, work, alias, wish);
  const target =
    wish.entityId === null || wish.entityId === owner.document.id
      ? owner
      : await requireEntity(place, wish.entityId);
  const others = owner.content.aliases.filter((each) => each.id !== alias.id);
  const isMoved = target !== owner;
  if (isMoved) requireRoom(target, after.mountId);
  else if (others.some((each) => each.mountId === after.mountId))
    throw refuseField(
      "Alias cannot be updated as the entity already has an alias for the given 'mount_accessor'",
      'mount_accessor',
    );
  const ownerId = target.document.id;
  const changes: Change[] = isMoved
    ? [
        entities.replaced(owner, { ...owner.content, aliases: others, updatedAt: work.now }),
        entities.replaced(target, {
          ...target.content,
          aliases: [...target.content.aliases, after],
          updatedAt: work.now,
        }),
      ]
    : [entities.replaced(owner, { ...owner.content, aliases: [...others, after], updatedAt: work.now })];
  if (isMoved) {
    const byId = await entityAliasIds.find(house, environment, alias.id);
    if (byId) changes.push(entityAliasIds.replaced(byId, { ownerId }));
  }
  if (isMoved || after.loginId !== alias.loginId)
    changes.push(...(await untold(place, owner.document.id, alias.mountId)));
  const login = await entityLogins.find(house, environment, alias.loginId);
  if (after.loginId !== alias.loginId) {
    if (login) changes.push(entityLogins.removed(login));
    changes.push(entityLogins.created(environment, after.loginId, { ownerId }));
  } else if (isMoved && login) changes.push(entityLogins.replaced(login, { ownerId }));
  const from = isMoved ? { from: owner.document.id } : {};
  return outcome(after, ownerId, { changes, entityName: target.content.name, ...from });
}

function isSame({ alias, owner }: Owned, wish: WriteInput): boolean {
  return (
    (wish.name ?? alias.name) === alias.name &&
    (wish.mountAccessor ?? alias.mountAccessor) === alias.mountAccessor &&
    (wish.entityId ?? owner.document.id) === owner.document.id &&
    (wish.customMetadata === undefined ||
      JSON.stringify(wish.customMetadata) === JSON.stringify(alias.customMetadata))
  );
}

async function written(work: Work, wish: WriteInput): Promise<Outcome<WrittenAlias | null>> {
  const place = { house: work.house, environment: work.caller.principal.environment };
  if (wish.id !== null) {
    const standing = await aliasOf(place, wish.id);
    if (!standing) throw refuseField('invalid alias ID provided', 'id');
    return isSame(standing, wish) ? { output: null } : changed(place, work, standing, wish);
  }
  if (wish.name === null || wish.mountAccessor === null)
    throw refuseField("'id' or 'mount_accessor' and 'name' must be provided", 'name');
  const mount = await methodOfAccessor(place, wish.mountAccessor);
  const standing = await aliasOfLogin(place, loginId(mount, wish.name));
  if (!standing) return created(place, work, wish, mount);
  if (wish.entityId !== null && wish.entityId !== standing.owner.document.id)
    throw refuseField(
      `the login is an alias of the entity ${standing.owner.document.id} already: write to identity/entity-alias/id/${standing.alias.id} to move it`,
      'canonical_id',
    );
  return isSame(standing, wish) ? { output: null } : changed(place, work, standing, wish);
}

/**
 * Says whose a login is, from its next one on: tokens stay those of the entity that they were made for, which is no more of the groups
 * that the login told. Null: it is so already.
 */
export const writeEntityAlias = defineOperation<WriteInput, WrittenAlias | null>({
  name: 'identity.write-entity-alias',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'identity:write-entity-alias',
  quorum: 'principal',
  run: written,
});

const byId = z.strictObject({ id: lookedFor });
type ById = z.infer<typeof byId>;

/** An alias of an entity; null: there is none. */
export const readEntityAlias = defineOperation<ById, PlacedAlias | null>({
  name: 'identity.read-entity-alias',
  kind: 'read',
  input: byId,
  targets: [],
  permission: 'identity:read-entity-alias',
  run: async ({ house, caller }, { id }) => {
    const place = { house, environment: caller.principal.environment };
    const found = await aliasOf(place, id);
    if (!found) return { output: null };
    return { output: placedAlias(found.alias, found.owner.document.id, await methodsById(place)) };
  },
});

/** The aliases of all entities, at most 100,000. */
export const listEntityAliases = defineOperation<{}, { readonly aliases: readonly PlacedAlias[] }>({
  name: 'identity.list-entity-aliases',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'identity:list-entity-aliases',
  run: async ({ house, caller }) => {
    const place = { house, environment: caller.principal.environment };
    const mounts = await methodsById(place);
    const aliases: PlacedAlias[] = [];
    for await (const { document, content } of keptOf(entities, place, '')) {
      for (const alias of content.aliases) aliases.push(placedAlias(alias, document.id, mounts));
      if (aliases.length >= listedMax) break;
    }
    return { output: { aliases } };
  },
});

/** Takes an alias away, and the groups that its logins told: the next login of its name is another entity's. One that there is not is not missed. */
export const deleteEntityAlias = defineOperation<ById, {}>({
  name: 'identity.delete-entity-alias',
  kind: 'manage',
  input: byId,
  targets: [],
  permission: 'identity:delete-entity-alias',
  run: async ({ house, caller, now }, { id }) => {
    const place = { house, environment: caller.principal.environment };
    const found = await aliasOf(place, id);
    if (!found) return { output: {} };
    const { owner, alias } = found;
    const aliases = owner.content.aliases.filter((each) => each.id !== id);
    const changes = [
      entities.replaced(owner, { ...owner.content, aliases, updatedAt: now }),
      ...(await withoutLogins(place, [alias])),
      ...(await untold(place, owner.document.id, alias.mountId)),
    ];
    return { output: {}, changes, facts: { alias: id, entity: owner.document.id } };
  },
});

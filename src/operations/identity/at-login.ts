import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import type { Kept } from '../documents.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import type { Work } from '../operation.ts';
import { newEntity } from './entities.ts';
import { aliasOfLogin, newAlias } from './entity-aliases.ts';
import type { Place } from './mounts.ts';
import { type Entity, entities, type IdentityAlias, loginId } from './records.ts';

/** What a mount says of somebody who has logged in. */
export type Login = {
  readonly mount: PlacedMount;
  /** What the mount calls it. */
  readonly name: string;
  /** What it tells of it; null: nothing. */
  readonly metadata: Readonly<Record<string, string>> | null;
};

/** The entity of a login, and what changes for it to be there. */
export type LoginEntity = {
  readonly id: string;
  readonly entity: Entity;
  readonly changes: readonly Change[];
  /** As it stood; absent: it is new. */
  readonly before?: Kept<Entity>;
};

function isSame(a: IdentityAlias['metadata'], b: Login['metadata']): boolean {
  const [before, after] = [Object.entries(a ?? {}), Object.entries(b ?? {})];
  return before.length === after.length && after.every(([key, value]) => a?.[key] === value);
}

/** The entity with what the login tells of its alias. */
function withMetadata(owner: Kept<Entity>, alias: IdentityAlias, login: Login, now: number): LoginEntity {
  const { id } = owner.document;
  if (isSame(alias.metadata, login.metadata))
    return { id, entity: owner.content, changes: [], before: owner };
  const after = { ...alias, metadata: login.metadata && { ...login.metadata }, updatedAt: now };
  const aliases = owner.content.aliases.map((each) => (each.id === alias.id ? after : each));
  const entity = { ...owner.content, aliases };
  return { id, entity, changes: [entities.replaced(owner, entity)], before: owner };
}

/** The entity of a login, which is made where no alias names one. Throws `access-denied` for one that is disabled. */
export async function entityOfLogin(
  place: Place,
  { now }: Pick<Work, 'now'>,
  login: Login,
): Promise<LoginEntity> {
  const { mount, name, metadata } = login;
  const found = await aliasOfLogin(place, loginId(mount, name));
  if (!found) {
    const alias = newAlias(mount, name, {
      metadata: metadata && { ...metadata },
      customMetadata: null,
      createdAt: now,
    });
    return newEntity(place, now, {}, [alias]);
  }
  const { alias, owner } = found;
  if (owner.content.disabled)
    throw new ClavigerError('access-denied', 'The entity of the login is disabled.', {
      recorded: { entity: owner.document.id, why: 'the entity is disabled' },
    });
  return withMetadata(owner, alias, login, now);
}

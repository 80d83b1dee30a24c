import { type EntityView, type ListedEntity, operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { innerAlias, namespaceId, shortAlias, time } from './aliases-view.ts';

type View = Readonly<Record<string, unknown>>;

export function entityView({ id, entity, aliases, groups }: EntityView): View {
  return {
    aliases: aliases.map(innerAlias),
    creation_time: time(entity.createdAt),
    direct_group_ids: groups.direct,
    disabled: entity.disabled,
    group_ids: [...groups.direct, ...groups.inherited],
    id,
    inherited_group_ids: groups.inherited,
    last_update_time: time(entity.updatedAt),
    merged_entity_ids: entity.mergedIds.length > 0 ? entity.mergedIds : null,
    metadata: entity.metadata,
    name: entity.name,
    namespace_id: namespaceId,
    policies: entity.policies,
  };
}

async function write(
  { fields, run }: Asked,
  which: { id: string | null; name: string | null },
): Promise<Answer> {
  const metadata = fields.pairs('metadata');
  const policies = fields.list('policies');
  const disabled = fields.flag('disabled');
  const { id, name, isNew } = await run(operations.writeEntity, {
    ...which,
    ...(metadata === undefined ? {} : { metadata }),
    ...(policies === undefined ? {} : { policies: [...policies] }),
    ...(disabled === undefined ? {} : { disabled }),
  });
  return isNew ? { data: { aliases: null, id, name } } : null;
}

const idOf = ({ fields }: Asked): string | null => fields.text('id') || null;
const nameOf = ({ fields }: Asked): string | null => fields.text('name') || null;

async function read({ run }: Asked, of: { id: string } | { name: string }): Promise<Answer> {
  const found = await run(operations.readEntity, { of });
  if (!found) throw absent();
  return { data: entityView(found) };
}

async function remove({ run }: Asked, of: { id: string } | { name: string }): Promise<Answer> {
  await run(operations.deleteEntities, { of: [of] });
  return null;
}

async function batchDelete({ fields, run }: Asked): Promise<Answer> {
  const ids = (fields.list('entity_ids') ?? []).filter((id) => id !== '');
  if (ids.length === 0) throw new VaultError(400, 'missing entity ids to delete');
  await run(operations.deleteEntities, { of: ids.map((id) => ({ id })) });
  return null;
}

function listed({ name, aliases }: ListedEntity): View {
  return { ...(aliases.length > 0 ? { aliases: aliases.map(shortAlias) } : {}), name };
}

function list(key: 'id' | 'name'): Handler {
  return async ({ run }) => {
    const { entities } = await run(operations.listEntities, {});
    if (entities.length === 0) throw absent();
    const info = Object.fromEntries(entities.map((entity) => [entity.id, listed(entity)]));
    return { data: { key_info: info, keys: entities.map((entity) => entity[key]) } };
  };
}

async function merge({ fields, run }: Asked): Promise<Answer> {
  const from = (fields.list('from_entity_ids') ?? []).filter((id) => id !== '');
  if (from.length === 0) throw new VaultError(400, 'missing entity ids to merge from');
  await run(operations.mergeEntities, {
    to: fields.needed('to_entity_id', 'missing entity id to merge to'),
    from,
    keptAliasIds: [...(fields.list('conflicting_alias_ids_to_keep') ?? [])],
  });
  return null;
}

export const entityRoutes: readonly Route[] = [
  {
    path: 'entity',
    about: 'Makes an entity, or changes the one of a name or id.',
    handlers: { update: (asked) => write(asked, { id: idOf(asked), name: nameOf(asked) }) },
  },
  { path: 'entity/batch-delete', about: 'Deletes entities.', handlers: { update: batchDelete } },
  { path: 'entity/merge', about: 'Makes one entity of several.', handlers: { update: merge } },
  { path: 'entity/id', about: 'Lists the entities by their ids.', handlers: { list: list('id') } },
  {
    path: 'entity/id/{id}',
    about: 'Changes, reads and deletes an entity.',
    handlers: {
      update: (asked) => write(asked, { id: asked.part('id'), name: nameOf(asked) }),
      read: (asked) => read(asked, { id: asked.part('id') }),
      delete: (asked) => remove(asked, { id: asked.part('id') }),
    },
  },
  { path: 'entity/name', about: 'Lists the entities by their names.', handlers: { list: list('name') } },
  {
    path: 'entity/name/{name}',
    about: 'Makes, reads and deletes an entity.',
    folds: true,
    handlers: {
      update: (asked) => write(asked, { id: null, name: asked.part('name') }),
      read: (asked) => read(asked, { name: asked.part('name') }),
      delete: (asked) => remove(asked, { name: asked.part('name') }),
    },
  },
];

import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent } from '../../vault-error.ts';
import { aliasView, listedAlias } from './aliases-view.ts';

async function write({ fields, run }: Asked, id: string | null): Promise<Answer> {
  const customMetadata = fields.pairs('custom_metadata');
  const written = await run(operations.writeEntityAlias, {
    id,
    name: fields.text('name') || null,
    mountAccessor: fields.text('mount_accessor') || null,
    entityId: fields.text('canonical_id') || fields.text('entity_id') || null,
    ...(customMetadata === undefined ? {} : { customMetadata }),
  });
  return written && { data: { canonical_id: written.ownerId, id: written.id } };
}

async function read({ part, run }: Asked): Promise<Answer> {
  const alias = await run(operations.readEntityAlias, { id: part('id') });
  if (!alias) throw absent();
  return { data: aliasView(alias) };
}

async function list({ run }: Asked): Promise<Answer> {
  const { aliases } = await run(operations.listEntityAliases, {});
  if (aliases.length === 0) throw absent();
  const info = Object.fromEntries(aliases.map((alias) => [alias.id, listedAlias(alias)]));
  return { data: { key_info: info, keys: aliases.map(({ id }) => id) } };
}

async function remove({ part, run }: Asked): Promise<Answer> {
  await run(operations.deleteEntityAlias, { id: part('id') });
  return null;
}

export const entityAliasRoutes: readonly Route[] = [
  {
    path: 'entity-alias',
    about: 'Says of which entity a login is.',
    handlers: { update: (asked) => write(asked, asked.fields.text('id') || null) },
  },
  { path: 'entity-alias/id', about: 'Lists the aliases of entities.', handlers: { list } },
  {
    path: 'entity-alias/id/{id}',
    about: 'Changes, reads and deletes an alias of an entity.',
    handlers: { update: (asked) => write(asked, asked.part('id')), read, delete: remove },
  },
];

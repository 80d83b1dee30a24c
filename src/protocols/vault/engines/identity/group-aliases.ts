import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent } from '../../vault-error.ts';
import { aliasView, listedAlias } from './aliases-view.ts';

async function write({ fields, run }: Asked, id: string | null): Promise<Answer> {
  const written = await run(operations.writeGroupAlias, {
    id,
    name: fields.needed('name', 'missing alias name'),
    mountAccessor: fields.needed('mount_accessor', 'missing mount_accessor'),
    groupId: fields.text('canonical_id') || null,
  });
  return written && { data: { canonical_id: written.ownerId, id: written.id } };
}

async function read({ part, run }: Asked): Promise<Answer> {
  const alias = await run(operations.readGroupAlias, { id: part('id') });
  if (!alias) throw absent();
  return { data: aliasView(alias) };
}

async function list({ run }: Asked): Promise<Answer> {
  const { aliases } = await run(operations.listGroupAliases, {});
  if (aliases.length === 0) throw absent();
  const info = Object.fromEntries(aliases.map((alias) => [alias.id, listedAlias(alias)]));
  return { data: { key_info: info, keys: aliases.map(({ id }) => id) } };
}

async function remove({ part, run }: Asked): Promise<Answer> {
  await run(operations.deleteGroupAlias, { id: part('id') });
  return null;
}

export const groupAliasRoutes: readonly Route[] = [
  {
    path: 'group-alias',
    about: 'Says which group of logins a group is.',
    handlers: { update: (asked) => write(asked, asked.fields.text('id') || null) },
  },
  { path: 'group-alias/id', about: 'Lists the aliases of groups.', handlers: { list } },
  {
    path: 'group-alias/id/{id}',
    about: 'Changes, reads and deletes the alias of a group.',
    handlers: { update: (asked) => write(asked, asked.part('id')), read, delete: remove },
  },
];

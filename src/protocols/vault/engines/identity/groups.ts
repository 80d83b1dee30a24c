import { type GroupView, operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { innerAlias, namespaceId, shortAlias, time } from './aliases-view.ts';

type View = Readonly<Record<string, unknown>>;

function orNull(ids: readonly string[]): readonly string[] | null {
  return ids.length > 0 ? ids : null;
}

export function groupView(view: GroupView): View {
  const { id, group, alias } = view;
  const { local: _local, custom_metadata: _custom, ...told } = alias ? innerAlias(alias) : {};
  return {
    alias: told,
    creation_time: time(group.createdAt),
    id,
    last_update_time: time(group.updatedAt),
    member_entity_ids: view.memberEntityIds,
    member_group_ids: orNull(view.memberGroupIds),
    metadata: group.metadata,
    modify_index: view.revision,
    name: group.name,
    namespace_id: namespaceId,
    parent_group_ids: orNull(view.parentGroupIds),
    policies: group.policies,
    type: group.type,
  };
}

function typeIn(text: string | undefined): 'internal' | 'external' | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === 'internal' || text === 'external') return text;
  throw new VaultError(400, `invalid group type ${JSON.stringify(text.slice(0, 40))}`);
}

async function write(
  { fields, run }: Asked,
  which: { id: string | null; name: string | null },
): Promise<Answer> {
  const type = typeIn(fields.text('type'));
  const metadata = fields.pairs('metadata');
  const policies = fields.list('policies');
  const ids = (name: string) => fields.list(name)?.filter((id) => id !== '');
  const [memberEntityIds, memberGroupIds] = [ids('member_entity_ids'), ids('member_group_ids')];
  const { id, name, isNew } = await run(operations.writeGroup, {
    ...which,
    ...(type === undefined ? {} : { type }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(policies === undefined ? {} : { policies: [...policies] }),
    ...(memberEntityIds === undefined ? {} : { memberEntityIds }),
    ...(memberGroupIds === undefined ? {} : { memberGroupIds }),
  });
  return isNew ? { data: { id, name } } : null;
}

const idOf = ({ fields }: Asked): string | null => fields.text('id') || null;
const nameOf = ({ fields }: Asked): string | null => fields.text('name') || null;

type Named = { id: string } | { name: string };

async function read({ run }: Asked, of: Named): Promise<Answer> {
  const found = await run(operations.readGroup, { of });
  if (!found) throw absent();
  return { data: groupView(found) };
}

async function remove({ run }: Asked, of: Named): Promise<Answer> {
  await run(operations.deleteGroup, { of });
  return null;
}

function listed({ group, alias, memberEntityIds, parentGroupIds }: GroupView): View {
  return {
    ...(alias ? { alias: shortAlias(alias) } : {}),
    name: group.name,
    num_member_entities: memberEntityIds.length,
    num_parent_groups: parentGroupIds.length,
  };
}

function list(keyOf: (view: GroupView) => string): Handler {
  return async ({ run }) => {
    const { groups } = await run(operations.listGroups, {});
    if (groups.length === 0) throw absent();
    const info = Object.fromEntries(groups.map((view) => [view.id, listed(view)]));
    return { data: { key_info: info, keys: groups.map(keyOf) } };
  };
}

export const groupRoutes: readonly Route[] = [
  {
    path: 'group',
    about: 'Makes a group, or changes the one of a name or id.',
    handlers: { update: (asked) => write(asked, { id: idOf(asked), name: nameOf(asked) }) },
  },
  { path: 'group/id', about: 'Lists the groups by their ids.', handlers: { list: list(({ id }) => id) } },
  {
    path: 'group/id/{id}',
    about: 'Changes, reads and deletes a group.',
    handlers: {
      update: (asked) => write(asked, { id: asked.part('id'), name: nameOf(asked) }),
      read: (asked) => read(asked, { id: asked.part('id') }),
      delete: (asked) => remove(asked, { id: asked.part('id') }),
    },
  },
  {
    path: 'group/name',
    about: 'Lists the groups by their names.',
    handlers: { list: list(({ group }) => group.name) },
  },
  {
    path: 'group/name/{name}',
    about: 'Makes, reads and deletes a group.',
    folds: true,
    handlers: {
      update: (asked) => write(asked, { id: null, name: asked.part('name') }),
      read: (asked) => read(asked, { name: asked.part('name') }),
      delete: (asked) => remove(asked, { name: asked.part('name') }),
    },
  },
];

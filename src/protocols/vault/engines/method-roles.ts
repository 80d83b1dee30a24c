import { operations, type MethodRole } from '#operations';
import type { Answer } from '../answer.ts';
import type { Asked, Route } from '../route.ts';
import { absent } from '../vault-error.ts';
import { tokenSettingsOf } from './token-settings.ts';

const olderNames = ['policies', 'period', 'ttl', 'max_ttl', 'num_uses', 'bound_cidrs'] as const;

/** How a method's roles are read and told. */
type RoleWords = {
  /** Under which they are. */
  readonly path?: string;
  readonly change: (asked: Asked, isNew: boolean) => Readonly<Record<string, unknown>>;
  readonly view: (role: MethodRole) => Readonly<Record<string, unknown>>;
};

async function list({ mount, run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listMethodRoles, { mount: mount.path });
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

async function remove({ mount, part, run }: Asked): Promise<Answer> {
  await run(operations.deleteMethodRole, { mount: mount.path, name: part('role') });
  return null;
}

/** The paths of the roles of an auth method. */
export function roleRoutes({ path = 'role', change, view }: RoleWords): readonly Route[] {
  const find = async ({ mount, part, run }: Asked): Promise<MethodRole | null> =>
    (await run(operations.readMethodRole, { mount: mount.path, name: part('role') })).role;
  return [
    { path, about: 'Lists the roles.', handlers: { list } },
    {
      path: `${path}/{role}`,
      about: 'Makes, changes, reads and takes away a role.',
      exists: async (asked) => (await find(asked)) !== null,
      handlers: {
        read: async (asked) => {
          const role = await find(asked);
          if (!role) throw absent();
          return { data: view(role) };
        },
        update: async (asked) => {
          const { mount, part, fields, run } = asked;
          await run(operations.writeMethodRole, {
            mount: mount.path,
            name: part('role'),
            change: change(asked, (await find(asked)) === null),
            settings: tokenSettingsOf(fields, olderNames),
          });
          return null;
        },
        delete: remove,
      },
    },
  ];
}

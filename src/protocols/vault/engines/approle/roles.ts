import { operations, type AppRole } from '#operations';
import type { Answer } from '../../answer.ts';
import { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { cidrsOf, lengthOf, tokenSettingsOf, tokenSettingsView } from '../token-settings.ts';

type Change = Parameters<typeof operations.writeAppRole.run>[1]['change'];

function changeOf(fields: Fields): Change {
  const id = fields.text('role_id');
  return {
    bindSecretId: fields.flag('bind_secret_id'),
    secretIdBoundCidrs: cidrsOf(fields, 'secret_id_bound_cidrs') ?? cidrsOf(fields, 'bound_cidr_list'),
    secretIdNumUses: fields.whole('secret_id_num_uses'),
    secretIdTtl: lengthOf(fields, 'secret_id_ttl'),
    localSecretIds: fields.flag('local_secret_ids'),
    settings: tokenSettingsOf(fields, ['policies', 'period']),
    ...(id === undefined || id === '' ? {} : { roleId: id }),
  };
}

function viewOf(role: AppRole): Readonly<Record<string, unknown>> {
  return {
    bind_secret_id: role.bindSecretId,
    local_secret_ids: role.localSecretIds,
    secret_id_bound_cidrs: role.secretIdBoundCidrs.length > 0 ? role.secretIdBoundCidrs : null,
    secret_id_num_uses: role.secretIdNumUses,
    secret_id_ttl: role.secretIdTtl,
    ...tokenSettingsView(role.settings),
  };
}

async function roleOf({ mount, part, run }: Asked): Promise<AppRole> {
  const { role } = await run(operations.readAppRole, { mount: mount.path, name: part('role') });
  if (!role) throw absent();
  return role;
}

async function write(asked: Asked, change: Change, mustExist: boolean): Promise<Answer> {
  const name = asked.part('role');
  const { found } = await asked.run(operations.writeAppRole, {
    mount: asked.mount.path,
    name,
    change,
    mustExist,
  });
  if (!found) throw new VaultError(404, `role "${name}" does not exist`);
  return null;
}

async function list({ mount, run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listAppRoles, { mount: mount.path });
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

async function remove({ mount, part, run }: Asked): Promise<Answer> {
  await run(operations.deleteAppRole, { mount: mount.path, name: part('role') });
  return null;
}

/** One setting of a role under a path of its own, and what it is when it is taken away. */
type Setting = { readonly path: string; readonly fields: readonly string[]; readonly usual: unknown };

const settings: readonly Setting[] = [
  { path: 'policies', fields: ['token_policies', 'policies'], usual: [] },
  { path: 'bound-cidr-list', fields: ['bound_cidr_list', 'secret_id_bound_cidrs'], usual: [] },
  { path: 'secret-id-bound-cidrs', fields: ['secret_id_bound_cidrs'], usual: [] },
  { path: 'token-bound-cidrs', fields: ['token_bound_cidrs'], usual: [] },
  { path: 'bind-secret-id', fields: ['bind_secret_id'], usual: true },
  { path: 'secret-id-num-uses', fields: ['secret_id_num_uses'], usual: 0 },
  { path: 'secret-id-ttl', fields: ['secret_id_ttl'], usual: 0 },
  { path: 'period', fields: ['token_period', 'period'], usual: 0 },
  { path: 'token-num-uses', fields: ['token_num_uses'], usual: 0 },
  { path: 'token-ttl', fields: ['token_ttl'], usual: 0 },
  { path: 'token-max-ttl', fields: ['token_max_ttl'], usual: 0 },
];

/** Under which names a view tells the settings that have an older name. */
const older: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  policies: 'token_policies',
  period: 'token_period',
  bound_cidr_list: 'secret_id_bound_cidrs',
});

function routeOf({ path, fields: names, usual }: Setting): Route {
  return {
    path: `role/{role}/${path}`,
    about: `Reads, sets and resets ${names[0]} of a role.`,
    handlers: {
      read: async (asked) => {
        const view = viewOf(await roleOf(asked));
        return { data: Object.fromEntries(names.map((name) => [name, view[older[name] ?? name]])) };
      },
      update: (asked) => {
        const sent = names.filter((name) => asked.fields.has(name));
        if (sent.length === 0) throw new VaultError(400, `missing ${names.at(-1)}`);
        const only = Object.fromEntries(sent.map((name) => [name, asked.fields.raw(name)]));
        return write(asked, changeOf(new Fields(only)), true);
      },
      delete: (asked) => write(asked, changeOf(new Fields({ [names[0] ?? '']: usual })), true),
    },
  };
}

export const roleRoutes: readonly Route[] = [
  { path: 'role', about: 'Lists the roles.', handlers: { list } },
  ...settings.map(routeOf),
  {
    path: 'role/{role}/local-secret-ids',
    about: 'Tells whether secret ids of a role are local; without replication it makes no difference.',
    handlers: {
      read: async (asked) => ({ data: { local_secret_ids: (await roleOf(asked)).localSecretIds } }),
    },
  },
  {
    path: 'role/{role}/role-id',
    about: 'Reads and sets the id of a role.',
    handlers: {
      read: async (asked) => ({ data: { role_id: (await roleOf(asked)).roleId } }),
      update: (asked) => write(asked, { roleId: asked.fields.needed('role_id') }, true),
    },
  },
  {
    path: 'role/{role}',
    about: 'Makes, changes, reads and takes away a role.',
    exists: async ({ mount, part, run }) =>
      (await run(operations.readAppRole, { mount: mount.path, name: part('role') })).role !== null,
    handlers: {
      read: async (asked) => ({ data: viewOf(await roleOf(asked)) }),
      update: (asked) => write(asked, changeOf(asked.fields), false),
      delete: remove,
    },
  },
];

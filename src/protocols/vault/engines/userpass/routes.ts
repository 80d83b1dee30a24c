import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { authBlock } from '../token/auth-block.ts';
import { listOf, tokenSettingsOf, tokenSettingsView } from '../token-settings.ts';

type Wish = Omit<Parameters<typeof operations.writePasswordUser.run>[1], 'mount' | 'name'>;

async function write({ mount, part, run }: Asked, wish: Wish): Promise<Answer> {
  const { found } = await run(operations.writePasswordUser, {
    mount: mount.path,
    name: part('user'),
    ...wish,
  });
  if (!found) throw new VaultError(400, 'username does not exist');
  return null;
}

async function put(asked: Asked): Promise<Answer> {
  const { fields } = asked;
  if (fields.has('password_hash'))
    throw new VaultError(400, 'password_hash is not taken here: send the password itself');
  const password = fields.text('password') ?? '';
  return write(asked, {
    password: password === '' ? null : password,
    change: tokenSettingsOf(fields, ['policies', 'ttl', 'max_ttl', 'bound_cidrs']),
    mustExist: false,
  });
}

async function setPassword(asked: Asked): Promise<Answer> {
  return write(asked, {
    password: asked.fields.needed('password', 'missing password'),
    change: {},
    mustExist: true,
  });
}

async function setPolicies(asked: Asked): Promise<Answer> {
  const tokenPolicies = listOf(asked.fields, 'token_policies') ?? listOf(asked.fields, 'policies') ?? [];
  return write(asked, { password: null, change: { tokenPolicies }, mustExist: true });
}

async function read({ mount, part, run }: Asked): Promise<Answer> {
  const { user } = await run(operations.readPasswordUser, { mount: mount.path, name: part('user') });
  if (!user) throw absent();
  return { data: tokenSettingsView(user.settings) };
}

async function list({ mount, run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listPasswordUsers, { mount: mount.path });
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

async function remove({ mount, part, run }: Asked): Promise<Answer> {
  await run(operations.deletePasswordUser, { mount: mount.path, name: part('user') });
  return null;
}

async function logIn({ mount, part, fields, run }: Asked): Promise<Answer> {
  const issued = await run(operations.logInByPassword, {
    mount: mount.path,
    name: part('user'),
    password: fields.needed('password', 'missing password'),
  });
  return { auth: authBlock(issued) };
}

export const userpassRoutes: readonly Route[] = [
  { path: 'login/{user}', about: 'Gives a token for a password.', open: true, handlers: { update: logIn } },
  { path: 'users', about: 'Lists the users.', handlers: { list } },
  { path: 'users/{user}/password', about: 'Sets a password.', handlers: { update: setPassword } },
  { path: 'users/{user}/policies', about: 'Sets the policies of a user.', handlers: { update: setPolicies } },
  {
    path: 'users/{user}',
    about: 'Makes, changes, reads and takes away a user.',
    exists: async ({ mount, part, run }) =>
      (await run(operations.readPasswordUser, { mount: mount.path, name: part('user') })).user !== null,
    handlers: { read, update: put, delete: remove },
  },
];

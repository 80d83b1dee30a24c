import { z } from 'zod';
import { SecretBytes } from '#crypto';
import type { Besides, Kept } from '../../documents.ts';
import { defineCollection, documentSecretName } from '../../documents.ts';
import { defineOperation } from '../../define.ts';
import type { House } from '../../house.ts';
import { requirePresumed } from '../../presumed.ts';
import type { PlacedMount } from '../../mounts/mounts.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { newPasswordCosts, passwordCosts, passwordVerifier } from '../passwords.ts';
import { allOf } from '../listing.ts';
import { given, refuse, requireSettings, tokenSettings, usualSettings } from '../token-settings.ts';

export const userName = z
  .string()
  .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.@-]{0,126}[A-Za-z0-9_])?$/, 'must be a name of a user');
export const password = z.string().min(1).max(1024);

const userShape = z.strictObject({ name: z.string(), costs: passwordCosts, settings: tokenSettings });
export type PasswordUser = z.infer<typeof userShape>;

/** Sealed is the verifier of the password. */
export const users = defineCollection<PasswordUser>('userpass-user', userShape);

/** Names are the same in small and capital letters. */
export function userId(mount: PlacedMount, name: string): string {
  return `${mount.id}/${name.toLowerCase()}`;
}

export function userpassAt(house: House, environment: string, path: string): Promise<PlacedMount> {
  return methodAt(house, environment, path, ['userpass']);
}

/** The sealed verifier of a new password, and how it was derived. */
async function sealedPassword(house: House, place: { environment: string; id: string }, text: string) {
  const costs = newPasswordCosts(house.fips !== null);
  using secret = SecretBytes.take(Buffer.from(text, 'utf8'));
  using verifier = await passwordVerifier(house, secret, costs);
  const what = documentSecretName(users.name, place.id);
  return { costs, sealed: await house.hierarchy.sealSmall(place.environment, what, verifier) };
}

const writeInput = z.strictObject({
  mount: methodPath,
  name: userName,
  /** Null: it stays. */
  password: password.nullable(),
  change: tokenSettings.partial(),
  /** It changes a user, and makes none. */
  mustExist: z.boolean(),
});
type WriteInput = z.infer<typeof writeInput>;

type Written = { readonly content: PasswordUser; readonly besides: Besides };

async function written(
  house: House,
  place: { environment: string; id: string },
  { wish, before }: { wish: WriteInput; before: Kept<PasswordUser> | null },
): Promise<Written> {
  const settings = { ...(before?.content.settings ?? usualSettings), ...given(wish.change) };
  requireSettings(settings);
  const name = wish.name.toLowerCase();
  if (wish.password !== null) {
    const { costs, sealed } = await sealedPassword(house, place, wish.password);
    return { content: { name, costs, settings }, besides: { sealed } };
  }
  if (!before) throw refuse('missing password', 'password');
  return { content: { ...before.content, settings }, besides: {} };
}

/** Makes or changes a user; `found` is false where it should have been there. Tokens that it has stay. */
export const writePasswordUser = defineOperation<WriteInput, { readonly found: boolean }>({
  name: 'auth.write-password-user',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'auth:write-password-user',
  quorum: 'principal',
  run: async ({ house, caller }, wish) => {
    const { environment } = caller.principal;
    const mount = await userpassAt(house, environment, wish.mount);
    const id = userId(mount, wish.name);
    const before = await users.find(house, environment, id);
    requirePresumed(caller, before !== null);
    const facts = { mount: wish.mount, user: wish.name.toLowerCase() };
    if (!before && wish.mustExist) return { output: { found: false }, facts };
    const { content, besides } = await written(house, { environment, id }, { wish, before });
    const change = before
      ? users.replaced(before, content, besides)
      : users.created(environment, id, content, besides);
    return {
      output: { found: true },
      changes: [change],
      facts: {
        ...facts,
        password: wish.password !== null,
        policies: content.settings.tokenPolicies.join(' '),
      },
    };
  },
});

const named = z.strictObject({ mount: methodPath, name: userName });
type Named = z.infer<typeof named>;

/** A user; null: there is none. */
export const readPasswordUser = defineOperation<Named, { readonly user: PasswordUser | null }>({
  name: 'auth.read-password-user',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'auth:read-password-user',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await userpassAt(house, environment, path);
    return { output: { user: (await users.find(house, environment, userId(mount, name)))?.content ?? null } };
  },
});

const atMount = z.strictObject({ mount: methodPath });
type AtMount = z.infer<typeof atMount>;

/** The names of all users, in order. */
export const listPasswordUsers = defineOperation<AtMount, { readonly names: readonly string[] }>({
  name: 'auth.list-password-users',
  kind: 'read',
  input: atMount,
  targets: [],
  permission: 'auth:list-password-users',
  run: async ({ house, caller }, { mount: path }) => {
    const { environment } = caller.principal;
    const mount = await userpassAt(house, environment, path);
    const names: string[] = [];
    for await (const { content } of allOf(users, { house, environment }, `${mount.id}/`))
      names.push(content.name);
    return { output: { names } };
  },
});

/** Takes a user away; its tokens live until they end. */
export const deletePasswordUser = defineOperation<Named, {}>({
  name: 'auth.delete-password-user',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'auth:delete-password-user',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await userpassAt(house, environment, path);
    const found = await users.find(house, environment, userId(mount, name));
    return {
      output: {},
      changes: found ? [users.removed(found)] : [],
      facts: { mount: path, user: name.toLowerCase() },
    };
  },
});

import { z } from 'zod';
import { SecretBytes } from '#crypto';
import { defineOperation } from '../define.ts';
import type { Besides } from '../documents.ts';
import type { House } from '../house.ts';
import { requirePresumed } from '../presumed.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import { methodAt, methodPath } from './auth-mount.ts';
import { requireCertRole, usualCertConfig, usualCertRole } from './cert/settings.ts';
import { keysOf } from './jwt/keys.ts';
import { requireJwtConfig, requireJwtRole, usualJwtConfig, usualJwtRole } from './jwt/settings.ts';
import {
  requireKubernetesConfig,
  requireKubernetesRole,
  usualKubernetesConfig,
  usualKubernetesRole,
} from './kubernetes/settings.ts';
import { allOf } from './listing.ts';
import {
  configAt,
  configSecretName,
  methodConfigs,
  methodConfigShape,
  methodOf,
  methodRoleId,
  methodRoles,
  methodRoleShape,
  roleAt,
  type Method,
  type MethodConfig,
  type MethodRole,
} from './method-records.ts';
import { OutsideError } from './outside.ts';
import { given, refuse } from './token-settings.ts';

const types = ['jwt', 'oidc', 'kubernetes', 'cert'];
const changes = z.record(z.string(), z.unknown());

function methodMount(house: House, environment: string, path: string): Promise<PlacedMount> {
  return methodAt(house, environment, path, types);
}

/** A record after a change, checked. Throws `input-invalid` for what is not of the shape. */
function checked<T>(shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, issue?.path.join('.') ?? '');
}

/** Throws `input-invalid` for a configuration that can't work, or whose keys can't be had now. */
async function requireConfig(house: House, config: MethodConfig): Promise<void> {
  if (config.method === 'cert') return;
  if (config.method === 'kubernetes') return requireKubernetesConfig(config);
  requireJwtConfig(config);
  try {
    await keysOf(house, config);
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    const what = config.jwksUrl === '' ? 'oidc discovery URL' : 'jwks URL';
    throw refuse(`error checking ${what}: ${error.message}`);
  }
}

const configInput = z.strictObject({
  mount: methodPath,
  /** Members of the configuration; what is left out is as usual. */
  change: changes,
  /** What is to be sealed beside it. */
  secret: z.string().max(32_768).nullable(),
});
type ConfigInput = z.infer<typeof configInput>;

const usualConfigs: Readonly<Record<Method, MethodConfig>> = {
  cert: usualCertConfig,
  jwt: usualJwtConfig,
  kubernetes: usualKubernetesConfig,
};

/** Says how an auth method verifies who comes, in the place of what was said before. */
export const writeMethodConfig = defineOperation<ConfigInput, {}>({
  name: 'auth.write-method-config',
  kind: 'manage',
  input: configInput,
  targets: [],
  permission: 'auth:write-method-config',
  quorum: 'principal',
  run: async ({ house, caller }, { mount: path, change, secret }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    const method = methodOf(mount);
    const wanted = { ...usualConfigs[method], ...given(change), method };
    const config = checked(
      methodConfigShape,
      method === 'kubernetes' ? { ...wanted, hasReviewer: secret !== null } : wanted,
    );
    await requireConfig(house, config);
    const place = { environment, id: mount.id };
    const besides = await sealedBesides(house, place, secret);
    return {
      output: {},
      changes: [await methodConfigs.put(house, place, config, besides)],
      facts: { mount: path },
    };
  },
});

async function sealedBesides(
  house: House,
  { environment, id }: { environment: string; id: string },
  text: string | null,
): Promise<Besides> {
  if (text === null) return {};
  using secret = SecretBytes.take(Buffer.from(text, 'utf8'));
  return { sealed: await house.hierarchy.sealSmall(environment, configSecretName(id), secret) };
}

const atMount = z.strictObject({ mount: methodPath });
type AtMount = z.infer<typeof atMount>;

/** How an auth method verifies who comes, without what of it is secret; null: nothing was said yet. */
export const readMethodConfig = defineOperation<AtMount, { readonly config: MethodConfig | null }>({
  name: 'auth.read-method-config',
  kind: 'read',
  input: atMount,
  targets: [],
  permission: 'auth:read-method-config',
  run: async ({ house, caller }, { mount: path }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    return {
      output: { config: (await configAt(house, environment, mount, methodOf(mount)))?.content ?? null },
    };
  },
});

const roleName = z
  .string()
  .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,254}[A-Za-z0-9_])?$/, 'must be a name of a role');
const roleInput = z.strictObject({
  mount: methodPath,
  name: roleName,
  /** Members of the role; what is left out stays as it is. */
  change: changes,
  settings: z.record(z.string(), z.unknown()),
});
type RoleInput = z.infer<typeof roleInput>;

const usualRoles: Readonly<Record<Method, Omit<MethodRole, 'name'>>> = {
  cert: usualCertRole,
  jwt: usualJwtRole,
  kubernetes: usualKubernetesRole,
};

/** Makes or changes a role of an auth method. */
export const writeMethodRole = defineOperation<RoleInput, {}>({
  name: 'auth.write-method-role',
  kind: 'manage',
  input: roleInput,
  targets: [],
  permission: 'auth:write-method-role',
  quorum: 'principal',
  run: async ({ house, caller }, { mount: path, name, change, settings }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    const method = methodOf(mount);
    const before = await roleAt(house, environment, mount, { name, method });
    requirePresumed(caller, before !== null);
    const old = before?.content ?? usualRoles[method];
    const role = checked(methodRoleShape, {
      ...old,
      ...given(change),
      settings: { ...old.settings, ...given(settings) },
      method,
      name: name.toLowerCase(),
    });
    if (role.method === 'jwt') requireJwtRole(role);
    else if (role.method === 'kubernetes') requireKubernetesRole(role);
    else await requireCertRole(role);
    return {
      output: {},
      changes: [
        before
          ? methodRoles.replaced(before, role)
          : methodRoles.created(environment, methodRoleId(mount, name), role),
      ],
      facts: { mount: path, role: role.name, policies: role.settings.tokenPolicies.join(' ') },
    };
  },
});

const named = z.strictObject({ mount: methodPath, name: roleName });
type Named = z.infer<typeof named>;

/** A role of an auth method; null: there is none. */
export const readMethodRole = defineOperation<Named, { readonly role: MethodRole | null }>({
  name: 'auth.read-method-role',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'auth:read-method-role',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    const found = await roleAt(house, environment, mount, { name, method: methodOf(mount) });
    return { output: { role: found?.content ?? null } };
  },
});

/** The names of the roles of an auth method, in order. */
export const listMethodRoles = defineOperation<AtMount, { readonly names: readonly string[] }>({
  name: 'auth.list-method-roles',
  kind: 'read',
  input: atMount,
  targets: [],
  permission: 'auth:list-method-roles',
  run: async ({ house, caller }, { mount: path }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    const names: string[] = [];
    for await (const { content } of allOf(methodRoles, { house, environment }, `${mount.id}/`))
      names.push(content.name);
    return { output: { names } };
  },
});

/** Takes a role of an auth method away; tokens that were given by it live until they end. */
export const deleteMethodRole = defineOperation<Named, {}>({
  name: 'auth.delete-method-role',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'auth:delete-method-role',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await methodMount(house, environment, path);
    const found = await roleAt(house, environment, mount, { name, method: methodOf(mount) });
    return {
      output: {},
      changes: found ? [methodRoles.removed(found)] : [],
      facts: { mount: path, role: name.toLowerCase() },
    };
  },
});

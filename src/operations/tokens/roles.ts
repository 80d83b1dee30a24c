import { z } from 'zod';
import { ranges } from '../auth/token-settings.ts';
import { defineOperation } from '../define.ts';
import { defineCollection } from '../documents.ts';

const seconds = z.number().int().min(0).max(3_153_600_000);
const words = z.array(z.string().min(1).max(256)).max(1000);

const roleShape = z.strictObject({
  allowedPolicies: words,
  allowedPolicyGlobs: words,
  deniedPolicies: words,
  deniedPolicyGlobs: words,
  isOrphan: z.boolean(),
  isRenewable: z.boolean(),
  periodSeconds: seconds,
  explicitMaxSeconds: seconds,
  usesMax: z.number().int().min(0),
  noDefaultPolicy: z.boolean(),
  boundCidrs: words,
  /** Whose its tokens may be, in small letters; `*` stands for anything. */
  allowedEntityAliases: words.default([]),
  pathSuffix: z.string().max(256),
  type: z.enum(['default', 'service', 'batch']),
});
/** What tokens that are made by a role can be. */
export type TokenRole = z.infer<typeof roleShape>;
export const tokenRoles = defineCollection<TokenRole>('token-role', roleShape);

const roleName = z.string().regex(/^[A-Za-z0-9_.-]{1,256}$/);
const named = z.strictObject({ name: roleName });
type Named = z.infer<typeof named>;
// what was kept before addresses were checked can still be read, and lets nobody in
const writeInput = z.strictObject({ name: roleName, role: roleShape.extend({ boundCidrs: ranges }) });
type WriteInput = z.infer<typeof writeInput>;

/** Makes or replaces a role. */
export const writeTokenRole = defineOperation<WriteInput, {}>({
  name: 'token-roles.write',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'token-roles:write',
  quorum: 'principal',
  run: async ({ house, caller }, { name, role }) => {
    const place = { environment: caller.principal.environment, id: name };
    return { output: {}, changes: [await tokenRoles.put(house, place, role)], facts: { role: name } };
  },
});

/** A role; null: there is none. */
export const readTokenRole = defineOperation<Named, TokenRole | null>({
  name: 'token-roles.read',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'token-roles:read',
  run: async ({ house, caller }, { name }) => ({
    output: (await tokenRoles.find(house, caller.principal.environment, name))?.content ?? null,
  }),
});

/** The names of all roles, at most 1,000. */
export const listTokenRoles = defineOperation<{}, { readonly names: readonly string[] }>({
  name: 'token-roles.list',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'token-roles:list',
  run: async ({ house, caller }) => {
    const found = await tokenRoles.list(house, caller.principal.environment, '', {
      after: null,
      limit: 1000,
    });
    return { output: { names: found.map(({ document }) => document.id) } };
  },
});

/** Takes a role away; its tokens stay as they are. */
export const deleteTokenRole = defineOperation<Named, {}>({
  name: 'token-roles.delete',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'token-roles:delete',
  run: async ({ house, caller }, { name }) => {
    const kept = await tokenRoles.find(house, caller.principal.environment, name);
    return { output: {}, changes: kept ? [tokenRoles.removed(kept)] : [], facts: { role: name } };
  },
});

import { z } from 'zod';
import { type AclPolicy, defaultPolicyText, parseAclPolicy } from '#access';
import { ClavigerError } from '#domain';
import type { Document } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection } from '../documents.ts';
import type { House } from '../house.ts';

/** The policy that allows everything; it can't be changed. */
export const rootPolicy = 'root';
/** The policy that every token has that does not do without. */
export const defaultPolicyName = 'default';

const nameForm = /^[^\p{Cc}\p{Cs}/ ][^\p{Cc}\p{Cs}]{0,127}$/u;
/** Names of policies are the same in small and capital letters. */
const policyName = z.string().toLowerCase().regex(nameForm, 'must be 1 to 128 characters');

const policyShape = z.strictObject({ text: z.string().max(131_072) });
type StoredPolicy = z.infer<typeof policyShape>;
export const aclPolicies = defineCollection<StoredPolicy>('acl-policy', policyShape);

const builtInDefault = parseAclPolicy(defaultPolicyText);
/** The policy of tokens that only unwrap what waits under them. */
export const wrappingPolicy = 'response-wrapping';
const builtInWrapping = parseAclPolicy(`
path "cubbyhole/response" { capabilities = ["read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["read", "update"] }
path "sys/wrapping/rewrap" { capabilities = ["update"] }
`);
const parsed = new WeakMap<Document, AclPolicy>();

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;

/** The policies of these names, without those that there are not. */
export async function policiesNamed(
  house: Shelf,
  environment: string,
  names: readonly string[],
): Promise<readonly AclPolicy[]> {
  const found: AclPolicy[] = [];
  for (const name of names) {
    const kept = await aclPolicies.find(house, environment, name);
    if (kept) {
      const policy = parsed.get(kept.document) ?? parseAclPolicy(kept.content.text);
      parsed.set(kept.document, policy);
      found.push(policy);
    } else if (name === defaultPolicyName) found.push(builtInDefault);
    else if (name === wrappingPolicy) found.push(builtInWrapping);
  }
  return found;
}

const nothing = z.strictObject({});

async function namesOf(house: Shelf, environment: string): Promise<readonly string[]> {
  const names = new Set<string>([defaultPolicyName]);
  for (let after: string | null = null; ; ) {
    const page = await house.store.documents.list({ environment, collection: aclPolicies.name }, '', {
      after,
      limit: 1000,
    });
    for (const { id } of page) names.add(id);
    after = page.at(-1)?.id ?? null;
    if (page.length < 1000) break;
  }
  return [...[...names].sort(), rootPolicy];
}

/** The names of all policies of the caller's environment. */
export const listPolicies = defineOperation<{}, { readonly names: readonly string[] }>({
  name: 'policies.list',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'policies:list',
  run: async ({ house, caller }) => ({
    output: { names: await namesOf(house, caller.principal.environment) },
  }),
});

const named = z.strictObject({ name: policyName });
type Named = z.infer<typeof named>;

/** The text of a policy; null: there is none. */
export const readPolicy = defineOperation<Named, { readonly name: string; readonly text: string } | null>({
  name: 'policies.read',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'policies:read',
  run: async ({ house, caller }, { name }) => {
    const kept = await aclPolicies.find(house, caller.principal.environment, name);
    if (kept) return { output: { name, text: kept.content.text } };
    if (name === rootPolicy) return { output: { name, text: '' } };
    return { output: name === defaultPolicyName ? { name, text: defaultPolicyText } : null };
  },
});

function requireChangeable(name: string, act: 'update' | 'delete'): void {
  if (name === rootPolicy) throw new ClavigerError('input-invalid', `cannot ${act} root policy`);
  if (name === wrappingPolicy) throw new ClavigerError('input-invalid', `cannot ${act} policy ${name}`);
  if (name === defaultPolicyName && act === 'delete')
    throw new ClavigerError('input-invalid', 'cannot delete default policy');
}

const writeInput = z.strictObject({ name: policyName, text: z.string().max(131_072) });
type WriteInput = z.infer<typeof writeInput>;

/** Makes or replaces a policy; it holds for tokens that have it from the next request on. */
export const writePolicy = defineOperation<WriteInput, {}>({
  name: 'policies.write',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'policies:write',
  quorum: 'policy',
  run: async ({ house, caller }, { name, text }) => {
    requireChangeable(name, 'update');
    const { rules } = parseAclPolicy(text);
    const place = { environment: caller.principal.environment, id: name };
    return {
      output: {},
      changes: [await aclPolicies.put(house, place, { text })],
      facts: { policy: name, rules: rules.length },
    };
  },
});

/** Takes a policy away; who had it has nothing of it any more. */
export const deletePolicy = defineOperation<Named, {}>({
  name: 'policies.delete',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'policies:delete',
  quorum: 'policy',
  run: async ({ house, caller }, { name }) => {
    requireChangeable(name, 'delete');
    const kept = await aclPolicies.find(house, caller.principal.environment, name);
    return { output: {}, changes: kept ? [aclPolicies.removed(kept)] : [], facts: { policy: name } };
  },
});

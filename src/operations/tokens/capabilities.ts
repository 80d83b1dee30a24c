import { z } from 'zod';
import { tokenId, rootAcl, type CompiledAcl } from '#access';
import { ClavigerError } from '#domain';
import { defineOperation } from '../define.ts';
import { identityOf } from '../identity/in-force.ts';
import type { Work } from '../operation.ts';
import { aclOf, findGrant } from './grants.ts';
import { tokenOfAccessor } from './lease.ts';
import type { TokenReference } from './tokens.ts';

const input = z.strictObject({
  of: z.custom<TokenReference>((value) => typeof value === 'object' && value !== null && 'kind' in value),
  paths: z.array(z.string().min(1).max(4096)).min(1).max(1000),
});
type Input = z.infer<typeof input>;

export type Capabilities = { readonly byPath: Readonly<Record<string, readonly string[]>> };

async function aclFor({ house, caller }: Work, of: TokenReference): Promise<CompiledAcl> {
  const { environment, roles } = caller.principal;
  if (of.kind === 'accessor') {
    const { content } = await tokenOfAccessor(house, environment, of.accessor);
    const identity = await identityOf({ house, environment }, content.entity);
    return aclOf(house, environment, { policies: content.policies, identity });
  }
  const grant = await findGrant(house, tokenId(of.token), of.token);
  if (grant?.environment === environment) return grant.acl;
  // the credential of a principal itself has no policies: its roles decide
  const isOwn = tokenId(of.token) === caller.tokenId && !caller.scope;
  if (isOwn && roles.includes('administrator')) return rootAcl;
  throw new ClavigerError('input-invalid', 'invalid token');
}

async function capabilitiesOf(work: Work, { of, paths }: Input) {
  const acl = await aclFor(work, of);
  return { output: { byPath: Object.fromEntries(paths.map((path) => [path, acl.capabilities(path)])) } };
}

/** What a token may do on paths. */
export const tokenCapabilities = defineOperation<Input, Capabilities>({
  name: 'tokens.capabilities',
  kind: 'read',
  input,
  targets: [],
  permission: 'tokens:capabilities',
  run: capabilitiesOf,
});

/** The same of the token that was shown. */
export const ownCapabilities = defineOperation<Input, Capabilities>({
  name: 'tokens.own-capabilities',
  kind: 'read',
  input,
  targets: [],
  permission: 'tokens:capabilities-self',
  run: (work, wish) => {
    if (wish.of.kind !== 'self' || tokenId(wish.of.token) !== work.caller.tokenId)
      throw new ClavigerError('input-invalid', 'invalid token');
    return capabilitiesOf(work, wish);
  },
});

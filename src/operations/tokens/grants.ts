import { type CompiledAcl, compileAcl, rootAcl } from '#access';
import { hasCode, type Instant, type Principal } from '#domain';
import type { House } from '../house.ts';
import { type Identity, identityOf } from '../identity/in-force.ts';
import { policiesNamed, rootPolicy } from '../policies/policies.ts';
import { batchSecretName, readBatchToken } from './batch.ts';
import { tokens, type TokenLease } from './lease.ts';

/** A token as it was found: its lease, what its policies allow, and until when it and those above it last. */
export type TokenGrant = {
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenId: string;
  readonly environment: string;
  readonly lease: TokenLease;
  readonly acl: CompiledAcl;
  readonly endsAt: Instant | null;
  /** The tokens above it: it ends with each of them. */
  readonly lineage: readonly string[];
  readonly principal: Principal;
  readonly identity: Identity;
};

type Shelf = Pick<House, 'store' | 'documents' | 'clock' | 'hierarchy'>;

const lineageMax = 100;

type Found = { readonly environment: string; readonly lease: TokenLease };

async function openBatch(house: Shelf, token: string): Promise<Found | null> {
  const parts = readBatchToken(token);
  if (!parts || !(await house.store.environment(parts.environment))) return null;
  try {
    using content = await house.hierarchy.openSmall(parts.environment, batchSecretName, parts.sealed);
    const lease = content.use((bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as TokenLease);
    return { environment: parts.environment, lease };
  } catch (error) {
    // what was not sealed here is no token; a store or root that does not answer is told
    if (hasCode(error, 'store-unavailable') || hasCode(error, 'root-unavailable')) throw error;
    return null;
  }
}

async function findLease(house: Shelf, tokenId: string, token: string): Promise<Found | null> {
  if (token.startsWith('hvb.')) return openBatch(house, token);
  for (const { environment } of await house.store.environments()) {
    const kept = await tokens.find(house, environment.name, tokenId);
    if (kept) return { environment: environment.name, lease: kept.content };
  }
  return null;
}

function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** What a token is; null: there is no such token, or it or one above it has ended. One without uses left is found while its last request runs. */
export async function findGrant(house: Shelf, tokenId: string, token: string): Promise<TokenGrant | null> {
  const found = await findLease(house, tokenId, token);
  if (!found) return null;
  const { environment, lease } = found;
  let { endsAt } = lease;
  const lineage: string[] = [];
  for (let parentId = lease.parentId; parentId !== null; ) {
    if (lineage.length >= lineageMax) return null;
    lineage.push(parentId);
    const parent = await tokens.find(house, environment, parentId);
    if (!parent) {
      // a token of a principal itself stands above its children as long as it is there, and lasts
      const credential = await house.store.credential(parentId);
      if (!credential) return null;
      endsAt = earlier(endsAt, credential.expiresAt);
      break;
    }
    endsAt = earlier(endsAt, parent.content.endsAt);
    parentId = parent.content.parentId;
  }
  const now = house.clock.now();
  if (endsAt !== null && endsAt <= now) return null;
  const principal = await house.store.principal(lease.principalId);
  if (!principal || principal.environment !== environment) return null;
  const identity = await identityOf({ house, environment }, lease.entity);
  const acl = await aclOf(house, environment, { policies: lease.policies, identity });
  return { tokenId, environment, lease, acl, endsAt, lineage, principal, identity };
}

/** What the policies of a token allow, and those of its entity besides. */
export async function aclOf(
  house: Shelf,
  environment: string,
  { policies, identity }: { readonly policies: readonly string[]; readonly identity: Identity },
): Promise<CompiledAcl> {
  if (identity.isBarred) return compileAcl([], null);
  if (policies.includes(rootPolicy)) return rootAcl;
  const names = [...new Set([...policies, ...identity.policies])];
  return compileAcl(await policiesNamed(house, environment, names), identity.subject);
}

import { newServiceToken, tokenId } from '#access';
import { randomBytes, SecretBytes } from '#crypto';
import type { Instant } from '#domain';
import type { Change } from '#ports';
import type { House } from '../house.ts';
import { defaultPolicyName } from '../policies/policies.ts';
import { batchSecretName, writeBatchToken } from './batch.ts';
import { accessors, children, endAfter, tokens, type TokenLease } from './lease.ts';

/** What a new token is to be. Times are seconds; 0 is none. */
export type TokenWish = {
  readonly environment: string;
  readonly principalId: string;
  readonly displayName: string;
  readonly policies: readonly string[];
  /** By which it is made, e.g. `auth/approle/login`. */
  readonly path: string;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly ttlSeconds: number;
  readonly explicitMaxSeconds: number;
  readonly periodSeconds: number;
  /** The most that renewals can reach; 0: the house's own bound. */
  readonly maxSeconds?: number;
  readonly usesMax: number;
  readonly parentId: string | null;
  readonly isRenewable: boolean;
  readonly type: 'service' | 'batch';
  readonly boundCidrs: readonly string[];
  readonly noDefaultPolicy: boolean;
  readonly role: string | null;
  readonly entity: { readonly id: string; readonly name: string } | null;
  readonly identityPolicies: readonly string[];
  /** For whose certificate it is given. */
  readonly certificate?: TokenLease['certificate'];
  /** Its id in the place of a random one. */
  readonly token?: string;
};

export type IssuedToken = {
  /** Told once; the house keeps its hash. */
  readonly token: string;
  /** Empty for a batch token. */
  readonly accessor: string;
  readonly lease: TokenLease;
  /** What its entity gives it besides. */
  readonly identityPolicies: readonly string[];
  readonly changes: readonly Change[];
};

/** Seconds that a token lives where nobody said how long, and the most that it can live: 32 days. */
export const usualTokenSeconds = 2_764_800;

function newAccessor(): string {
  return Buffer.from(randomBytes(18)).toString('base64url');
}

/** The policies of a token, in order and each once. */
export function policiesOf(wish: Pick<TokenWish, 'policies' | 'noDefaultPolicy'>): string[] {
  const names = new Set(wish.policies.map((name) => name.toLowerCase()).filter((name) => name !== ''));
  if (!wish.noDefaultPolicy && !names.has('root')) names.add(defaultPolicyName);
  return [...names].sort();
}

function leaseOf(wish: TokenWish, now: Instant): TokenLease {
  const isEndless = wish.ttlSeconds === 0 && wish.periodSeconds === 0 && wish.policies.includes('root');
  const maxSeconds = isEndless ? 0 : wish.maxSeconds || usualTokenSeconds;
  const wanted = wish.periodSeconds || wish.ttlSeconds || (isEndless ? 0 : usualTokenSeconds);
  const bounds = [wanted, wish.periodSeconds ? 0 : maxSeconds, wish.explicitMaxSeconds].filter(
    (bound) => bound > 0,
  );
  const ttlSeconds = bounds.length === 0 ? 0 : Math.min(...bounds);
  return {
    accessor: wish.type === 'batch' ? '' : newAccessor(),
    principalId: wish.principalId,
    displayName: wish.displayName,
    policies: policiesOf(wish),
    path: wish.path,
    meta: wish.meta,
    createdAt: now,
    ttlSeconds,
    explicitMaxSeconds: wish.explicitMaxSeconds,
    periodSeconds: wish.periodSeconds,
    maxSeconds,
    usesLeft: wish.usesMax === 0 ? null : wish.usesMax,
    usesMax: wish.usesMax,
    parentId: wish.parentId,
    isRenewable: wish.type === 'service' && wish.isRenewable && ttlSeconds > 0,
    type: wish.type,
    boundCidrs: [...wish.boundCidrs],
    role: wish.role,
    entity: wish.entity,
    ...(wish.certificate ? { certificate: wish.certificate } : {}),
    renewedAt: null,
    endsAt: endAfter(now, ttlSeconds),
  };
}

/** Makes a token: the text that its holder gets, and the changes by which the house knows it, to be committed by the operation that gives it. */
export async function issueToken(
  house: Pick<House, 'hierarchy'>,
  now: Instant,
  wish: TokenWish,
): Promise<IssuedToken> {
  const lease = leaseOf(wish, now);
  const { environment, parentId, identityPolicies } = wish;
  if (wish.type === 'batch') {
    using content = SecretBytes.take(Buffer.from(JSON.stringify(lease)));
    const sealed = await house.hierarchy.sealSmall(environment, batchSecretName, content);
    return {
      token: writeBatchToken(environment, sealed),
      accessor: '',
      lease,
      identityPolicies,
      changes: [],
    };
  }
  const token = wish.token ?? newServiceToken();
  const id = tokenId(token);
  const besides = { expiresAt: lease.endsAt };
  const changes: Change[] = [
    tokens.created(environment, id, lease, besides),
    accessors.created(environment, lease.accessor, { tokenId: id }, besides),
  ];
  if (parentId !== null) changes.push(children.created(environment, `${parentId}/${id}`, {}));
  return { token, accessor: lease.accessor, lease, identityPolicies, changes };
}

import type { IssuedToken, TokenLease } from '#operations';
import type { AuthBlock } from '../../answer.ts';

type Told = Pick<IssuedToken, 'token' | 'accessor' | 'lease' | 'identityPolicies'>;

/** The token as an answer tells it to who may have it. */
export function authBlock(
  { token, accessor, lease, identityPolicies }: Told,
  seconds = lease.ttlSeconds,
): AuthBlock {
  return {
    client_token: token,
    accessor,
    policies: [...new Set([...lease.policies, ...identityPolicies])].sort(),
    token_policies: lease.policies,
    ...(lease.entity ? { identity_policies: identityPolicies } : {}),
    metadata: lease.meta,
    lease_duration: seconds,
    renewable: lease.isRenewable,
    entity_id: lease.entity?.id ?? '',
    token_type: lease.type,
    orphan: lease.parentId === null,
    mfa_requirement: null,
    num_uses: lease.usesMax,
  };
}

/** Seconds of a lease that are left; 0: it has no end. */
export function secondsLeft({ endsAt }: TokenLease, now: number): number {
  return endsAt === null ? 0 : Math.max(0, Math.ceil((endsAt - now) / 1000));
}

import type { Principal, Role } from './principal.ts';

/** What a quorum can be asked for. `docs/quorum.md` has the operations of each. */
export const quorumRules = [
  'destroy',
  'export',
  'import-replace',
  'policy',
  'restore',
  'escrow',
  'tier',
  'period-exception',
  'principal',
] as const;
export type QuorumRule = (typeof quorumRules)[number];

/**
 * What an operation needs. `approvers`: it changes who approves or how many, which every rule in force decides together. `roles`: it gives
 * a role, which does the same where a rule's approvers are those of a role, and is else asked of rule `principal`.
 */
export type QuorumNeed = QuorumRule | 'roles' | 'approvers';

/** How many of whom, and for how long what they say holds. */
export type QuorumTerms = {
  /** How many approve, the asker not counted. */
  readonly approvalsMin: number;
  /** By name, or all who have a role. */
  readonly approvers: { readonly names: readonly string[] } | { readonly role: Role };
  /** Seconds that a request can be approved and used. */
  readonly expirySeconds: number;
};

/** What an environment says of quorums. A rule that is not there asks nobody. */
export type QuorumPolicy = { readonly rules: Readonly<Partial<Record<QuorumRule, QuorumTerms>>> };

/** One rule of those that must all be met. */
export type Requirement = QuorumTerms & { readonly rule: QuorumRule };

/** The rules in force that a need asks; none: nobody is asked. */
export function requirementsOf(policy: QuorumPolicy, needs: readonly QuorumNeed[]): readonly Requirement[] {
  const all = quorumRules.flatMap((rule): Requirement[] => {
    const terms = policy.rules[rule];
    return terms ? [{ rule, ...terms }] : [];
  });
  const byRole = all.some(({ approvers }) => 'role' in approvers);
  const wanted = new Set(needs.map((need) => (need === 'roles' && !byRole ? 'principal' : need)));
  if (wanted.has('approvers') || wanted.has('roles')) return all;
  return all.filter(({ rule }) => wanted.has(rule));
}

/** Whether somebody is one of those whom a rule names. */
export function isApprover(
  { approvers }: QuorumTerms,
  principal: Pick<Principal, 'name' | 'roles'>,
): boolean {
  return 'role' in approvers
    ? principal.roles.includes(approvers.role)
    : approvers.names.includes(principal.name);
}

/** Seconds until a request expires: the shortest that a rule in it says. */
export function expirySecondsOf(requirements: readonly Requirement[]): number {
  return Math.min(...requirements.map(({ expirySeconds }) => expirySeconds));
}

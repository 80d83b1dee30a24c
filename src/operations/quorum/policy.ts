import { z } from 'zod';
import {
  ClavigerError,
  isApprover,
  quorumRules,
  requirementsOf,
  roles,
  type Principal,
  type QuorumPolicy,
  type Requirement,
} from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { allApproverKeys, type EnrolledKey } from './approver-keys.ts';

const principalName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9+=,.@_-]{0,63}$/);

const termsShape = z.strictObject({
  approvalsMin: z.int().min(1).max(16),
  approvers: z.union([
    z.strictObject({ names: z.array(principalName).min(1).max(64) }),
    z.strictObject({ role: z.enum(roles) }),
  ]),
  expirySeconds: z.int().min(60).max(2_592_000),
});

const policyShape = z.strictObject({
  rules: z.partialRecord(z.enum(quorumRules), termsShape),
}) as unknown as z.ZodType<QuorumPolicy>;

const policies = defineCollection<QuorumPolicy>('quorum-policy', policyShape);
const policyId = 'current';
/** Where an environment says nothing. */
const nobodyAsked: QuorumPolicy = Object.freeze({ rules: Object.freeze({}) });

function kept(house: House, environment: string): Promise<Kept<QuorumPolicy> | null> {
  return policies.read(house, environment, policyId);
}

/** What an environment says of quorums now. */
export async function quorumPolicyOf(house: House, environment: string): Promise<QuorumPolicy> {
  return (await kept(house, environment))?.content ?? nobodyAsked;
}

/** Somebody whom the rules name, and whether their word would count. */
export type ApproverView = {
  readonly principal: string;
  readonly disabled: boolean;
  /** Of the key by which they approve; null: they have none. */
  readonly fingerprint: string | null;
};

/** Whether somebody can approve at all. */
function canApprove(principal: Principal, keys: ReadonlyMap<string, EnrolledKey>): boolean {
  return !principal.disabled && principal.roles.length > 0 && keys.has(principal.id);
}

type People = {
  readonly principals: readonly Principal[];
  readonly keys: ReadonlyMap<string, EnrolledKey>;
};

async function peopleOf(house: House, environment: string): Promise<People> {
  const principals = await house.store.principals(environment);
  return { principals, keys: await allApproverKeys(house, environment) };
}

/** Throws `policy-lockout` for rules that those who can approve now could never meet. */
function requireSatisfiable(rules: readonly Requirement[], { principals, keys }: People): void {
  for (const requirement of rules) {
    const able = principals.filter(
      (principal) => isApprover(requirement, principal) && canApprove(principal, keys),
    );
    if (able.length >= requirement.approvalsMin) continue;
    throw new ClavigerError(
      'policy-lockout',
      `Rule ${requirement.rule} wants ${requirement.approvalsMin} approvers, and ${able.length} of those whom it names are enabled, have a ` +
        'role and have enrolled a key (claviger approval enroll).',
      { details: { rule: requirement.rule } },
    );
  }
}

function requireKnown(rules: readonly Requirement[], { principals }: People): void {
  for (const { rule, approvers } of rules) {
    if ('role' in approvers) continue;
    const missing = approvers.names.find((name) => !principals.some((principal) => principal.name === name));
    if (missing === undefined && new Set(approvers.names).size === approvers.names.length) continue;
    throw new ClavigerError(
      missing === undefined ? 'input-invalid' : 'principal-not-found',
      missing === undefined
        ? `Rule ${rule} names somebody twice.`
        : `Rule ${rule} names ${missing}, and there is no such principal.`,
      { details: { rule } },
    );
  }
}

/**
 * Refuses a change of a principal after which the rules in force could not be met any more: nobody would be left to undo it. Throws
 * `policy-lockout`. Returns what makes the change fail where the rules are changed meanwhile, or another such change is made.
 */
export async function requireStillSatisfiable(house: House, changed: Principal): Promise<readonly Change[]> {
  const policy = await kept(house, changed.environment);
  if (!policy) return [];
  const people = await peopleOf(house, changed.environment);
  const principals = people.principals.map((each) => (each.id === changed.id ? changed : each));
  requireSatisfiable(requirementsOf(policy.content, ['approvers']), { ...people, principals });
  return [policies.replaced(policy, policy.content)];
}

export type QuorumPolicyView = {
  readonly policy: QuorumPolicy;
  /** Everybody whom a rule names or who has enrolled a key. */
  readonly approvers: readonly ApproverView[];
  /** Who reads it, as they sign for themselves. */
  readonly reader: Pick<Principal, 'id' | 'name' | 'environment'>;
};

function viewOf(policy: QuorumPolicy, { principals, keys }: People, reader: Principal): QuorumPolicyView {
  const rules = requirementsOf(policy, ['approvers']);
  const named = principals.filter(
    (principal) => keys.has(principal.id) || rules.some((rule) => isApprover(rule, principal)),
  );
  return {
    policy,
    approvers: named.map(({ id, name, disabled }) => ({
      principal: name,
      disabled,
      fingerprint: keys.get(id)?.fingerprint ?? null,
    })),
    reader: { id: reader.id, name: reader.name, environment: reader.environment },
  };
}

/** What the environment says of quorums, and who can approve. */
export const readQuorumPolicy = defineOperation<{}, QuorumPolicyView>({
  name: 'approvals.read-policy',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'approvals:read-policy',
  run: async ({ house, caller }) => {
    const { environment } = caller.principal;
    const policy = await quorumPolicyOf(house, environment);
    return { output: viewOf(policy, await peopleOf(house, environment), caller.principal) };
  },
});

const writeInput = z.strictObject({ policy: policyShape });
type WriteInput = z.infer<typeof writeInput>;

/**
 * Says it anew. Where rules are in force each of them must approve the change, so that M is lowered by nobody but M. Throws
 * `policy-lockout` for what could not be met, `principal-not-found`.
 */
export const writeQuorumPolicy = defineOperation<WriteInput, QuorumPolicyView>({
  name: 'approvals.write-policy',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'approvals:write-policy',
  quorum: 'approvers',
  run: async ({ house, caller }, { policy }) => {
    const { environment } = caller.principal;
    const people = await peopleOf(house, environment);
    const rules = requirementsOf(policy, ['approvers']);
    requireKnown(rules, people);
    requireSatisfiable(rules, people);
    const before = await kept(house, environment);
    const change = before
      ? policies.replaced(before, policy)
      : policies.created(environment, policyId, policy);
    const inWords = rules.map(({ rule, approvalsMin, approvers }) => {
      const who = 'role' in approvers ? `role:${approvers.role}` : approvers.names.join(',');
      return `${rule}=${approvalsMin}/${who}`;
    });
    return {
      output: viewOf(policy, people, caller.principal),
      changes: [change],
      facts: { rules: inWords.join(' ').slice(0, 4000), before: before?.document.revision ?? 0 },
    };
  },
});

import { accountRootArn, principalArn, type Principal } from '#domain';
import { holds, type ConditionValues } from './condition.ts';
import type { Policy, Statement } from './policy.ts';
import { matchesWildcard } from './wildcard.ts';

/** Who asks for what, as a key policy sees it. */
export type PolicyRequest = {
  readonly principalArn: string;
  /** The AWS action, lower case. */
  readonly action: string;
  readonly values: ConditionValues;
};

export type PolicyAnswer = {
  /** `delegated`: allowed to the account, so that the roles of the environment decide. */
  readonly effect: 'deny' | 'allow' | 'delegated' | 'none';
  readonly sid: string | null;
};

/** A key policy made ready for one key. */
export type CompiledPolicy = { readonly answer: (request: PolicyRequest) => PolicyAnswer };

type Place = { readonly accountId: string; readonly keyArn: string };

const none: PolicyAnswer = Object.freeze({ effect: 'none', sid: null });

function namesKey(statement: Statement, { keyArn }: Place): boolean {
  if (statement.notResources) return !statement.notResources.some((entry) => matchesWildcard(entry, keyArn));
  // a statement without a resource is silently without effect, as it is in AWS
  return statement.resources?.some((entry) => entry === '*' || matchesWildcard(entry, keyArn)) ?? false;
}

function namesAction(statement: Statement, action: string): boolean {
  if (statement.notActions) return !statement.notActions.some((entry) => matchesWildcard(entry, action));
  return statement.actions?.some((entry) => matchesWildcard(entry, action)) ?? false;
}

type Naming = 'itself' | 'account' | 'no';

/** How a list of principals names the caller: by its own name or `*`, or by its whole account. */
function naming(list: readonly string[], arn: string, accountId: string): Naming {
  if (list.includes(arn) || list.includes('*')) return 'itself';
  return list.includes(accountRootArn(accountId)) || list.includes(accountId) ? 'account' : 'no';
}

function whom(statement: Statement, arn: string, accountId: string): Naming {
  if (statement.principals) return naming(statement.principals, arn, accountId);
  return naming(statement.notPrincipals ?? [], arn, accountId) === 'no' ? 'itself' : 'no';
}

/** Prepares a policy for the decisions about one key. */
export function compilePolicy(policy: Policy, place: Place): CompiledPolicy {
  const statements = policy.statements.filter((statement) => namesKey(statement, place));
  return {
    answer({ principalArn: arn, action, values }) {
      let best = none;
      for (const statement of statements) {
        const named = whom(statement, arn, place.accountId);
        if (named === 'no' || !namesAction(statement, action)) continue;
        if (!statement.conditions.every((condition) => holds(condition, values))) continue;
        if (statement.effect === 'Deny') return { effect: 'deny', sid: statement.sid };
        if (named === 'itself') best = { effect: 'allow', sid: statement.sid };
        else if (best.effect === 'none') best = { effect: 'delegated', sid: statement.sid };
      }
      return best;
    },
  };
}

/** Whether a policy would keep its writer from ever changing it again. */
export function locksOut(
  policy: Policy,
  caller: { principal: Principal; accountId: string; keyArn: string },
): boolean {
  const compiled = compilePolicy(policy, caller);
  const { effect } = compiled.answer({
    principalArn: principalArn(caller.accountId, caller.principal.name),
    action: 'kms:putkeypolicy',
    values: () => undefined,
  });
  return effect === 'deny' || effect === 'none';
}

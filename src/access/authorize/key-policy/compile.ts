import { accountRootArn, principalArn, type Principal } from '#domain';
import { rolesAllow } from '../permissions.ts';
import { holds, type ConditionValues } from './condition.ts';
import type { Policy, Statement } from './policy.ts';
import { fillVariables, hasVariable } from './variables.ts';
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

/** Whether a statement is about the key; where its resources hold variables, each request says. */
type KeyRule = boolean | ((values: ConditionValues) => boolean);

function keyRule(statement: Statement, place: Place, version: Policy['version']): KeyRule {
  const listed = statement.resources ?? statement.notResources;
  // a statement without a resource is silently without effect, as it is in AWS
  if (!listed) return false;
  const isNamed = statement.resources !== null;
  // a variable without a value never widens what is allowed
  const unknown = !isNamed && statement.effect === 'Allow';
  const isAbout = (values: ConditionValues | null) =>
    listed.some((entry) => namesKey(entry, place, values) ?? unknown) === isNamed;
  return version === '2012-10-17' && listed.some(hasVariable) ? isAbout : isAbout(null);
}

/** Null: a variable in the entry has no value. */
function namesKey(entry: string, { keyArn }: Place, values: ConditionValues | null): boolean | null {
  if (entry === '*') return true;
  if (!values) return matchesWildcard(entry, keyArn);
  const filled = fillVariables(entry, values);
  return filled && matchesWildcard(filled.text, keyArn, filled.literals);
}

function namesAction(statement: Statement, action: string): boolean {
  if (statement.notActions) return !statement.notActions.some((entry) => matchesWildcard(entry, action));
  return statement.actions?.some((entry) => matchesWildcard(entry, action)) ?? false;
}

type Naming = 'itself' | 'account' | 'no';

/** How a list of principals names the caller: by its own name or `*`, or by its whole account. */
function namingOf(list: readonly string[], arn: string, accountId: string): Naming {
  if (list.includes(arn) || list.includes('*')) return 'itself';
  return list.includes(accountRootArn(accountId)) || list.includes(accountId) ? 'account' : 'no';
}

function whom(statement: Statement, arn: string, accountId: string): Naming {
  if (statement.principals) return namingOf(statement.principals, arn, accountId);
  return namingOf(statement.notPrincipals ?? [], arn, accountId) === 'no' ? 'itself' : 'no';
}

/** Prepares a policy for the decisions about one key. */
export function compilePolicy(policy: Policy, place: Place): CompiledPolicy {
  const statements = policy.statements
    .map((statement) => ({ statement, about: keyRule(statement, place, policy.version) }))
    .filter(({ about }) => about !== false);
  // the actions are the permissions of the house: there are not many
  const byAction = new Map<string, typeof statements>();

  function naming(action: string): typeof statements {
    let found = byAction.get(action);
    if (!found) {
      found = statements.filter(({ statement }) => namesAction(statement, action));
      byAction.set(action, found);
    }
    return found;
  }

  return {
    answer({ principalArn: arn, action, values }) {
      let best = none;
      for (const { statement, about } of naming(action)) {
        const named = whom(statement, arn, place.accountId);
        if (named === 'no') continue;
        if (typeof about === 'function' && !about(values)) continue;
        if (!statement.conditions.every((condition) => holds(condition, values))) continue;
        if (statement.effect === 'Deny') return { effect: 'deny', sid: statement.sid };
        if (named === 'itself') best = { effect: 'allow', sid: statement.sid };
        else if (best.effect === 'none') best = { effect: 'delegated', sid: statement.sid };
      }
      return best;
    },
  };
}

/** Whether a policy would keep its writer, who asks now with these values, from ever changing it again. */
export function locksOut(
  policy: Policy,
  caller: Place & { readonly principal: Principal; readonly values: ConditionValues },
): boolean {
  const { principal, accountId, values } = caller;
  const { effect } = compilePolicy(policy, caller).answer({
    principalArn: principalArn(accountId, principal.name),
    action: 'kms:putkeypolicy',
    values,
  });
  // a policy that leaves it to the account's roles keeps its writer only if these roles may
  if (effect === 'delegated') return !rolesAllow(principal.roles, 'keys:put-policy');
  return effect !== 'allow';
}

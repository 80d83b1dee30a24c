import { principalArn, type Principal } from '#domain';
import type { CompiledPolicy } from './key-policy/compile.ts';
import type { ConditionValues } from './key-policy/condition.ts';
import { type Permission, permissions, rolesAllow } from './permissions.ts';

export type AccessRequest = {
  readonly principal: Principal;
  readonly accountId: string;
  readonly permission: Permission;
  /** The key that is asked for; null for operations without one. */
  readonly key: { readonly environment: string; readonly policy: CompiledPolicy } | null;
  readonly values: ConditionValues;
};

export type Decision = {
  readonly allowed: boolean;
  /** A stable word for the record and for the caller. */
  readonly reason:
    | 'explicit-deny'
    | 'key-policy'
    | 'role'
    | 'no-role'
    | 'no-statement'
    | 'other-environment'
    | 'principal-disabled';
  /** The statement that decided, where one did. */
  readonly sid: string | null;
};

function decision(allowed: boolean, reason: Decision['reason'], sid: string | null = null): Decision {
  return { allowed, reason, sid };
}

function byRole(request: AccessRequest, sid: string | null): Decision {
  const allowed = rolesAllow(request.principal.roles, request.permission);
  return decision(allowed, allowed ? 'role' : 'no-role', sid);
}

/** The one decision about every operation: deny by default, an explicit deny wins, and it says why. */
export function decide(request: AccessRequest): Decision {
  const { principal, key, permission } = request;
  if (principal.disabled) return decision(false, 'principal-disabled');
  if (!key) return byRole(request, null);
  if (key.environment !== principal.environment) return decision(false, 'other-environment');
  const { awsAction } = permissions[permission];
  const answer = key.policy.answer({
    principalArn: principalArn(request.accountId, principal.name),
    // what policies can't name is still covered by a deny of everything
    action: actionOf(permission, awsAction),
    values: request.values,
  });
  if (answer.effect === 'deny') return decision(false, 'explicit-deny', answer.sid);
  if (awsAction === null) return byRole(request, null);
  if (answer.effect === 'allow') return decision(true, 'key-policy', answer.sid);
  if (answer.effect === 'delegated') return byRole(request, answer.sid);
  return decision(false, 'no-statement');
}

/** Lower-case actions by permission, filled as they are asked for. */
const actions = new Map<Permission, string>();

function actionOf(permission: Permission, awsAction: string | null): string {
  const known = actions.get(permission);
  if (known !== undefined) return known;
  const action = (awsAction ?? `kms:claviger-${permission}`).toLowerCase();
  actions.set(permission, action);
  return action;
}

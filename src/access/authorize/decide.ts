import { principalArn, type Principal } from '#domain';
import type { CompiledPolicy } from './key-policy/compile.ts';
import type { ConditionValues } from './key-policy/condition.ts';
import type { AclAnswer, AclRequest, CompiledAcl } from './acl-policy/compile.ts';
import { type Permission, permissions, rolesAllow } from './permissions.ts';

export type AccessRequest = {
  readonly principal: Principal;
  readonly accountId: string;
  readonly permission: Permission;
  /** The key that is asked for; null for operations without one. */
  readonly key: { readonly environment: string; readonly policy: CompiledPolicy } | null;
  readonly values: ConditionValues;
  /** Of a token whose policies say what it may do, in the place of roles; absent: the roles say it. */
  readonly scope?: AccessScope;
};

/** What the policies of a token allow, and the path that is asked for. */
export type AccessScope = {
  readonly acl: CompiledAcl;
  /** `own`: the path is every token's; null: the request has no path, and the token nothing to do with it. */
  readonly request: AclRequest | 'own' | null;
  /** The same path in other letters, where both name the same thing: it must be allowed as well. */
  readonly alias?: string;
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
    | 'principal-disabled'
    | 'house-only'
    | 'token-scope'
    | AclAnswer['reason'];
  /** The statement that decided, where one did. */
  readonly sid: string | null;
};

function decision(allowed: boolean, reason: Decision['reason'], sid: string | null = null): Decision {
  return { allowed, reason, sid };
}

/** What a token's policies say of the path. They give what roles could give, and never what is the house's own. */
function byScope({ principal, permission }: AccessRequest, scope: AccessScope): Decision {
  const { roles } = permissions[permission];
  if (roles.length === 0) return decision(false, 'house-only');
  // what is kept from administrators by a role of its own is not theirs by the policy root either
  if (!roles.includes('administrator') && !rolesAllow(principal.roles, permission))
    return decision(false, 'no-role');
  if (scope.request === null) return decision(false, 'token-scope');
  if (scope.request === 'own') return decision(true, 'acl-policy');
  const { allowed, reason } = scope.acl.answer(scope.request);
  if (!allowed || scope.alias === undefined) return decision(allowed, reason);
  const other = scope.acl.answer({ ...scope.request, path: scope.alias });
  return decision(other.allowed, other.reason);
}

function byRole(request: AccessRequest, sid: string | null): Decision {
  if (request.scope) return byScope(request, request.scope);
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
  if (answer.effect === 'allow') {
    // a key policy speaks of the principal, and can't give its token more than it was made for
    return request.scope ? byRole(request, answer.sid) : decision(true, 'key-policy', answer.sid);
  }
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

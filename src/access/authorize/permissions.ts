import type { Role } from '#domain';

/** What a permission is called by key policies, and which roles have it in their environment. */
type PermissionFacts = {
  /** The action of AWS key policies; null: policies can't name it. */
  readonly awsAction: string | null;
  readonly roles: readonly Role[];
};

const use: readonly Role[] = ['administrator', 'user'];
const manage: readonly Role[] = ['administrator', 'operator'];
const read: readonly Role[] = ['administrator', 'operator', 'user', 'auditor'];
/** What neither shows a secret nor makes one. */
const change: readonly Role[] = ['administrator', 'operator', 'user'];
const inspect: readonly Role[] = ['administrator', 'operator', 'auditor'];
/** Given to nobody by another role: who exports keys is said by name. */
const takeOut: readonly Role[] = ['exporter'];
const administrate: readonly Role[] = ['administrator'];
const house: readonly Role[] = [];
const everybody: readonly Role[] = ['administrator', 'operator', 'user', 'auditor', 'exporter'];

function permission(awsAction: string | null, roles: readonly Role[]): PermissionFacts {
  return Object.freeze({ awsAction, roles });
}

/**
 * Every permission there is. Duties are separate: an operator manages keys and can't use them, a user uses them and can't
 * manage them, an auditor reads. An administrator may do all in its environment but take keys out of it, which an exporter does; until there is a quorum,
 * an administrator can make a principal that is one, on the record.
 * Nobody has the house's own (`keys:destroy`).
 */
export const permissions = Object.freeze({
  'keys:create': permission('kms:CreateKey', manage),
  'keys:describe': permission('kms:DescribeKey', read),
  'keys:list': permission('kms:ListKeys', read),
  'keys:encrypt': permission('kms:Encrypt', use),
  'keys:decrypt': permission('kms:Decrypt', use),
  'keys:reencrypt-from': permission('kms:ReEncryptFrom', use),
  'keys:reencrypt-to': permission('kms:ReEncryptTo', use),
  'keys:generate-data-key': permission('kms:GenerateDataKey', use),
  'keys:generate-data-key-without-plaintext': permission('kms:GenerateDataKeyWithoutPlaintext', use),
  'keys:generate-data-key-pair': permission('kms:GenerateDataKeyPair', use),
  'keys:generate-data-key-pair-without-plaintext': permission('kms:GenerateDataKeyPairWithoutPlaintext', use),
  'keys:generate-random': permission('kms:GenerateRandom', use),
  'keys:digest': permission(null, use),
  'keys:generate-mac': permission('kms:GenerateMac', use),
  'keys:verify-mac': permission('kms:VerifyMac', use),
  'keys:sign': permission('kms:Sign', use),
  'keys:verify': permission('kms:Verify', use),
  'keys:derive-shared-secret': permission('kms:DeriveSharedSecret', use),
  'keys:get-public-key': permission('kms:GetPublicKey', read),
  'keys:enable': permission('kms:EnableKey', manage),
  'keys:disable': permission('kms:DisableKey', manage),
  'keys:schedule-destruction': permission('kms:ScheduleKeyDeletion', manage),
  'keys:cancel-destruction': permission('kms:CancelKeyDeletion', manage),
  'keys:begin-destruction': permission(null, house),
  'keys:destroy': permission(null, house),
  'keys:check-destruction': permission(null, house),
  'keys:describe-destruction': permission(null, inspect),
  'keys:certify-destruction': permission(null, inspect),
  'keys:rotate-due': permission(null, house),
  'keys:enable-rotation': permission('kms:EnableKeyRotation', manage),
  'keys:disable-rotation': permission('kms:DisableKeyRotation', manage),
  'keys:get-rotation-status': permission('kms:GetKeyRotationStatus', read),
  'keys:rotate': permission('kms:RotateKeyOnDemand', manage),
  'keys:list-rotations': permission('kms:ListKeyRotations', read),
  'keys:configure': permission(null, manage),
  'keys:trim': permission(null, manage),
  'keys:update-description': permission('kms:UpdateKeyDescription', manage),
  'keys:get-policy': permission('kms:GetKeyPolicy', inspect),
  'keys:put-policy': permission('kms:PutKeyPolicy', manage),
  'keys:list-policies': permission('kms:ListKeyPolicies', inspect),
  'keys:tag': permission('kms:TagResource', manage),
  'keys:untag': permission('kms:UntagResource', manage),
  'keys:list-tags': permission('kms:ListResourceTags', read),
  'keys:last-use': permission('kms:GetKeyLastUsage', read),
  'keys:report-compromise': permission(null, manage),
  'keys:get-import-parameters': permission('kms:GetParametersForImport', manage),
  'keys:import-material': permission('kms:ImportKeyMaterial', manage),
  'keys:delete-imported-material': permission('kms:DeleteImportedKeyMaterial', manage),
  'keys:expire-imported-material': permission(null, house),
  'keys:get-wrapping-key': permission(null, manage),
  'keys:import-whole': permission(null, manage),
  'keys:restore': permission(null, manage),
  'keys:export': permission(null, takeOut),
  'keys:wrap': permission(null, use),
  'keys:unwrap': permission(null, use),
  'keys:list-copies': permission(null, inspect),
  'names:create': permission('kms:CreateAlias', manage),
  'names:move': permission('kms:UpdateAlias', manage),
  'names:move-to': permission('kms:UpdateAlias', manage),
  'names:delete': permission('kms:DeleteAlias', manage),
  'names:list': permission('kms:ListAliases', read),
  'mounts:list': permission(null, read),
  'mounts:read': permission(null, read),
  'mounts:enable': permission(null, administrate),
  'mounts:tune': permission(null, administrate),
  'mounts:move': permission(null, administrate),
  'mounts:disable': permission(null, administrate),
  'policies:list': permission(null, inspect),
  'policies:read': permission(null, inspect),
  'policies:write': permission(null, administrate),
  'policies:delete': permission(null, administrate),
  'tokens:create': permission(null, administrate),
  'tokens:lookup': permission(null, administrate),
  'tokens:list': permission(null, administrate),
  'tokens:renew': permission(null, administrate),
  'tokens:revoke': permission(null, administrate),
  'tokens:lookup-self': permission(null, everybody),
  'tokens:renew-self': permission(null, everybody),
  'tokens:revoke-self': permission(null, everybody),
  'tokens:capabilities': permission(null, administrate),
  'tokens:capabilities-self': permission(null, everybody),
  'token-roles:write': permission(null, administrate),
  'token-roles:read': permission(null, administrate),
  'token-roles:list': permission(null, administrate),
  'token-roles:delete': permission(null, administrate),
  'cubbyholes:read': permission(null, everybody),
  'cubbyholes:write': permission(null, everybody),
  'cubbyholes:delete': permission(null, everybody),
  'cubbyholes:list': permission(null, everybody),
  'wrappings:create': permission(null, everybody),
  'wrappings:lookup': permission(null, everybody),
  'wrappings:open': permission(null, everybody),
  'wrappings:rewrap': permission(null, everybody),
  'documents:sweep': permission(null, house),
  'secrets:write': permission(null, use),
  'secrets:patch': permission(null, use),
  'secrets:read': permission(null, use),
  'secrets:delete': permission(null, use),
  'secrets:undelete': permission(null, use),
  'secrets:destroy': permission(null, change),
  'secrets:remove': permission(null, change),
  'secrets:shred': permission(null, house),
  'secrets:list': permission(null, read),
  'secrets:describe': permission(null, read),
  'secrets:update': permission(null, change),
  'secrets:read-settings': permission(null, read),
  'secrets:configure': permission(null, manage),
  'auth:write-app-role': permission(null, administrate),
  'auth:read-app-role': permission(null, administrate),
  'auth:list-app-roles': permission(null, administrate),
  'auth:delete-app-role': permission(null, administrate),
  'auth:create-secret-id': permission(null, administrate),
  'auth:look-up-secret-id': permission(null, administrate),
  'auth:destroy-secret-id': permission(null, administrate),
  'auth:list-secret-ids': permission(null, administrate),
  'auth:tidy-secret-ids': permission(null, administrate),
  'auth:write-password-user': permission(null, administrate),
  'auth:read-password-user': permission(null, administrate),
  'auth:list-password-users': permission(null, administrate),
  'auth:delete-password-user': permission(null, administrate),
  'auth:write-method-config': permission(null, administrate),
  'auth:read-method-config': permission(null, administrate),
  'auth:write-method-role': permission(null, administrate),
  'auth:read-method-role': permission(null, administrate),
  'auth:list-method-roles': permission(null, administrate),
  'auth:delete-method-role': permission(null, administrate),
  'environments:create': permission(null, administrate),
  'environments:create-administrator': permission(null, administrate),
  'environments:list': permission(null, inspect),
  'principals:create': permission(null, administrate),
  'principals:list': permission(null, inspect),
  'principals:update': permission(null, administrate),
  'credentials:create': permission(null, administrate),
  'credentials:delete': permission(null, administrate),
  'credentials:list': permission(null, inspect),
  'recovery:configure': permission(null, administrate),
  'recovery:list-holders': permission(null, inspect),
  'recovery:record-drill': permission(null, administrate),
  'backup:create': permission(null, house),
  'escrow:create': permission(null, house),
  'escrow:complete': permission(null, house),
  'copies:register': permission(null, administrate),
  'copies:acknowledge': permission(null, administrate),
  'copies:list': permission(null, inspect),
  'audit:read': permission(null, ['administrator', 'auditor']),
  'server:status': permission(null, inspect),
  'server:seal': permission(null, administrate),
  'server:rekey': permission(null, administrate),
  'roots:prepare': permission(null, administrate),
  'roots:migrate': permission(null, administrate),
  'roots:verify': permission(null, administrate),
  'roots:make-successor': permission(null, administrate),
  'roots:status': permission(null, inspect),
  'environments:rekey': permission(null, administrate),
  'environments:rekey-status': permission(null, inspect),
  'environments:reseal': permission(null, house),
  'environments:fence-rekey': permission(null, house),
  'environments:end-rekey': permission(null, house),
});

export type Permission = keyof typeof permissions;

/** Whether one of the roles has the permission. */
export function rolesAllow(roles: readonly Role[], wanted: Permission): boolean {
  const allowed = permissions[wanted].roles;
  return roles.some((role) => allowed.includes(role));
}

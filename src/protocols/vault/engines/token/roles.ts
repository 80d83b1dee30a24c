import { operations, type TokenRole } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { cidrsOf } from '../token-settings.ts';

const fresh: TokenRole = {
  allowedPolicies: [],
  allowedPolicyGlobs: [],
  deniedPolicies: [],
  deniedPolicyGlobs: [],
  isOrphan: false,
  isRenewable: true,
  periodSeconds: 0,
  explicitMaxSeconds: 0,
  usesMax: 0,
  noDefaultPolicy: false,
  boundCidrs: [],
  allowedEntityAliases: [],
  pathSuffix: '',
  type: 'default',
};

function view(name: string, role: TokenRole): Readonly<Record<string, unknown>> {
  return {
    allowed_entity_aliases: role.allowedEntityAliases.length > 0 ? role.allowedEntityAliases : null,
    allowed_policies: role.allowedPolicies,
    allowed_policies_glob: role.allowedPolicyGlobs,
    disallowed_policies: role.deniedPolicies,
    disallowed_policies_glob: role.deniedPolicyGlobs,
    explicit_max_ttl: role.explicitMaxSeconds,
    name,
    orphan: role.isOrphan,
    path_suffix: role.pathSuffix,
    period: role.periodSeconds,
    renewable: role.isRenewable,
    token_bound_cidrs: role.boundCidrs,
    token_explicit_max_ttl: role.explicitMaxSeconds,
    token_no_default_policy: role.noDefaultPolicy,
    token_num_uses: role.usesMax,
    token_period: role.periodSeconds,
    token_type: role.type === 'default' ? 'default-service' : role.type,
  };
}

function typeIn(text: string | undefined, before: TokenRole['type']): TokenRole['type'] {
  if (text === undefined) return before;
  if (text === 'service' || text === 'batch') return text;
  if (text === '' || text === 'default' || text === 'default-service') return 'default';
  if (text === 'default-batch') return 'batch';
  throw new VaultError(400, `invalid 'token_type' value ${JSON.stringify(text.slice(0, 32))}`);
}

/** Policies are named in small letters. */
function lower(names: readonly string[] | undefined, before: readonly string[]): string[] {
  return (names ?? before).map((name) => name.toLowerCase()).filter((name) => name !== '');
}

async function write(asked: Asked): Promise<Answer> {
  const { fields, part, run } = asked;
  const name = part('role');
  const before = (await run(operations.readTokenRole, { name })) ?? fresh;
  await run(operations.writeTokenRole, {
    name,
    role: {
      allowedPolicies: lower(fields.list('allowed_policies'), before.allowedPolicies),
      allowedPolicyGlobs: lower(fields.list('allowed_policies_glob'), before.allowedPolicyGlobs),
      deniedPolicies: lower(fields.list('disallowed_policies'), before.deniedPolicies),
      deniedPolicyGlobs: lower(fields.list('disallowed_policies_glob'), before.deniedPolicyGlobs),
      isOrphan: fields.flag('orphan') ?? before.isOrphan,
      isRenewable: fields.flag('renewable') ?? before.isRenewable,
      periodSeconds: fields.seconds('token_period') ?? fields.seconds('period') ?? before.periodSeconds,
      explicitMaxSeconds:
        fields.seconds('token_explicit_max_ttl') ??
        fields.seconds('explicit_max_ttl') ??
        before.explicitMaxSeconds,
      usesMax: fields.whole('token_num_uses') ?? before.usesMax,
      noDefaultPolicy: fields.flag('token_no_default_policy') ?? before.noDefaultPolicy,
      boundCidrs: cidrsOf(fields, 'token_bound_cidrs') ?? cidrsOf(fields, 'bound_cidrs') ?? before.boundCidrs,
      allowedEntityAliases: lower(fields.list('allowed_entity_aliases'), before.allowedEntityAliases),
      pathSuffix: fields.text('path_suffix') ?? before.pathSuffix,
      type: typeIn(fields.text('token_type'), before.type),
    },
  });
  return null;
}

async function read({ part, run }: Asked): Promise<Answer> {
  const role = await run(operations.readTokenRole, { name: part('role') });
  if (!role) throw absent();
  return { data: view(part('role'), role) };
}

async function list({ run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listTokenRoles, {});
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

async function remove({ part, run }: Asked): Promise<Answer> {
  await run(operations.deleteTokenRole, { name: part('role') });
  return null;
}

export const roleRoutes: readonly Route[] = [
  { path: 'roles', about: 'Lists the roles of tokens.', handlers: { list } },
  {
    path: 'roles/{role}',
    about: 'Makes, reads and deletes a role.',
    handlers: { update: write, read, delete: remove },
  },
];

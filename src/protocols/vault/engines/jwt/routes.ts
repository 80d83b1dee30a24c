import type { Answer } from '../../answer.ts';
import { operations, type JwtConfig, type JwtRole } from '#operations';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { roleRoutes } from '../method-roles.ts';
import { authBlock } from '../token/auth-block.ts';
import { listOf, tokenSettingsView } from '../token-settings.ts';

const browserFlow =
  'the login by a browser (oidc/auth_url, oidc/callback) is not offered here: use a role of role_type "jwt" and log in with a token of the issuer';

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

/** Refuses what is not offered; clients send the empty values of everything. */
function refuseUnoffered(fields: Fields, names: readonly string[]): void {
  for (const name of names)
    if (!isEmpty(fields.raw(name))) throw new VaultError(400, `${name} is not offered here`);
}

function configView(config: JwtConfig): Readonly<Record<string, unknown>> {
  return {
    bound_issuer: config.boundIssuer,
    default_role: config.defaultRole,
    jwks_ca_pem: config.jwksCaPem,
    jwks_pairs: [],
    jwks_url: config.jwksUrl,
    jwt_supported_algs: config.supportedAlgs,
    jwt_validation_pubkeys: config.validationPubkeys,
    namespace_in_state: true,
    oidc_client_id: '',
    oidc_discovery_ca_pem: config.discoveryCaPem,
    oidc_discovery_url: config.discoveryUrl,
    oidc_response_mode: '',
    oidc_response_types: [],
    provider_config: {},
    unsupported_critical_cert_extensions: [],
  };
}

/** Keys of PEM form; a list in a text would be cut at its commas, which no PEM has. */
function pemsOf(fields: Fields): readonly string[] | undefined {
  return listOf(fields, 'jwt_validation_pubkeys');
}

async function writeConfig({ mount, fields, run }: Asked): Promise<Answer> {
  refuseUnoffered(fields, ['jwks_pairs', 'oidc_client_id', 'oidc_client_secret', 'provider_config']);
  await run(operations.writeMethodConfig, {
    mount: mount.path,
    change: {
      jwksUrl: fields.text('jwks_url'),
      jwksCaPem: fields.text('jwks_ca_pem'),
      validationPubkeys: pemsOf(fields),
      discoveryUrl: fields.text('oidc_discovery_url'),
      discoveryCaPem: fields.text('oidc_discovery_ca_pem'),
      boundIssuer: fields.text('bound_issuer'),
      supportedAlgs: listOf(fields, 'jwt_supported_algs'),
      defaultRole: fields.text('default_role'),
    },
    secret: null,
  });
  return null;
}

async function readConfig({ mount, run }: Asked): Promise<Answer> {
  const { config } = await run(operations.readMethodConfig, { mount: mount.path });
  if (config?.method !== 'jwt') throw absent();
  return { data: configView(config) };
}

function roleView(role: JwtRole): Readonly<Record<string, unknown>> {
  return {
    allowed_redirect_uris: null,
    bound_audiences: role.boundAudiences,
    bound_claims: role.boundClaims,
    bound_claims_type: role.boundClaimsType,
    bound_subject: role.boundSubject,
    claim_mappings: role.claimMappings,
    clock_skew_leeway: role.clockSkewLeeway,
    expiration_leeway: role.expirationLeeway,
    groups_claim: role.groupsClaim,
    max_age: 0,
    not_before_leeway: role.notBeforeLeeway,
    oidc_scopes: null,
    role_type: 'jwt',
    user_claim: role.userClaim,
    user_claim_json_pointer: role.userClaimJsonPointer,
    verbose_oidc_logging: false,
    ...tokenSettingsView(role.settings),
  };
}

/** Values that a claim may have: one, or a list of them. */
function boundClaimsOf(fields: Fields): Readonly<Record<string, readonly unknown[]>> | undefined {
  const object = fields.object('bound_claims');
  if (!object) return undefined;
  return Object.fromEntries(
    Object.entries(object).map(([name, value]): [string, readonly unknown[]] => [
      name,
      Array.isArray(value) ? (value as readonly unknown[]) : [value],
    ]),
  );
}

function changeOf({ fields }: Asked, isNew: boolean): Readonly<Record<string, unknown>> {
  const type = fields.text('role_type');
  //= vault: a role is of type oidc where nothing is said
  if ((type ?? (isNew ? 'oidc' : 'jwt')) !== 'jwt') throw new VaultError(400, browserFlow);
  return {
    boundAudiences: listOf(fields, 'bound_audiences'),
    boundSubject: fields.text('bound_subject'),
    boundClaims: boundClaimsOf(fields),
    boundClaimsType: fields.text('bound_claims_type'),
    claimMappings: fields.pairs('claim_mappings'),
    userClaim: fields.text('user_claim'),
    userClaimJsonPointer: fields.flag('user_claim_json_pointer'),
    groupsClaim: fields.text('groups_claim'),
    clockSkewLeeway: fields.seconds('clock_skew_leeway'),
    expirationLeeway: fields.seconds('expiration_leeway'),
    notBeforeLeeway: fields.seconds('not_before_leeway'),
  };
}

async function logIn({ mount, fields, run }: Asked): Promise<Answer> {
  const issued = await run(operations.logInByJwt, {
    mount: mount.path,
    role: fields.text('role') ?? '',
    jwt: fields.needed('jwt', 'missing token').trim(),
  });
  return { auth: authBlock(issued) };
}

async function refuseBrowser(): Promise<Answer> {
  throw new VaultError(400, browserFlow);
}

export const jwtRoutes: readonly Route[] = [
  { path: 'login', about: 'Gives a token for a JWT.', open: true, handlers: { update: logIn } },
  {
    path: 'config',
    about: 'Says by which keys JWTs are verified.',
    handlers: { read: readConfig, update: writeConfig },
  },
  {
    path: 'oidc/auth_url',
    about: 'Not offered: the login by a browser.',
    open: true,
    handlers: { update: refuseBrowser },
  },
  {
    path: 'oidc/callback',
    about: 'Not offered: the login by a browser.',
    open: true,
    handlers: { read: refuseBrowser, update: refuseBrowser },
  },
  ...roleRoutes({
    change: changeOf,
    view: (role) => {
      if (role.method !== 'jwt') throw absent();
      return roleView(role);
    },
  }),
];

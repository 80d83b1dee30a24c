import { operations, type KubernetesConfig, type KubernetesRole } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { roleRoutes } from '../method-roles.ts';
import { authBlock } from '../token/auth-block.ts';
import { listOf, tokenSettingsView } from '../token-settings.ts';

function configView(config: KubernetesConfig): Readonly<Record<string, unknown>> {
  return {
    disable_iss_validation: config.disableIssuerValidation,
    disable_local_ca_jwt: true,
    issuer: config.issuer,
    kubernetes_ca_cert: config.caPem,
    kubernetes_host: config.host,
    pem_keys: [],
    token_reviewer_jwt_set: config.hasReviewer,
    use_annotations_as_alias_metadata: false,
  };
}

async function writeConfig({ mount, fields, run }: Asked): Promise<Answer> {
  if ((listOf(fields, 'pem_keys') ?? []).length > 0)
    throw new VaultError(400, 'pem_keys is not offered here: tokens are reviewed by the API server');
  if (fields.flag('use_annotations_as_alias_metadata') === true)
    throw new VaultError(400, 'use_annotations_as_alias_metadata is not offered here');
  const reviewer = (fields.text('token_reviewer_jwt') ?? '').trim();
  if (/[^\w.-]/.test(reviewer)) throw new VaultError(400, 'token_reviewer_jwt is no JWT');
  await run(operations.writeMethodConfig, {
    mount: mount.path,
    change: {
      host: fields.needed('kubernetes_host', 'no host provided'),
      caPem: fields.text('kubernetes_ca_cert'),
      issuer: fields.text('issuer'),
      disableIssuerValidation: fields.flag('disable_iss_validation'),
    },
    secret: reviewer === '' ? null : reviewer,
  });
  return null;
}

async function readConfig({ mount, run }: Asked): Promise<Answer> {
  const { config } = await run(operations.readMethodConfig, { mount: mount.path });
  if (config?.method !== 'kubernetes') throw absent();
  return { data: configView(config) };
}

function roleView(role: KubernetesRole): Readonly<Record<string, unknown>> {
  return {
    alias_name_source: role.aliasNameSource,
    ...(role.audience === '' ? {} : { audience: role.audience }),
    bound_service_account_names: role.accountNames,
    bound_service_account_namespaces: role.accountNamespaces,
    ...tokenSettingsView(role.settings),
  };
}

function changeOf({ fields }: Asked): Readonly<Record<string, unknown>> {
  if ((fields.text('bound_service_account_namespace_selector') ?? '') !== '')
    throw new VaultError(400, 'bound_service_account_namespace_selector is not offered here');
  return {
    accountNames: listOf(fields, 'bound_service_account_names'),
    accountNamespaces: listOf(fields, 'bound_service_account_namespaces'),
    audience: fields.text('audience'),
    aliasNameSource: fields.text('alias_name_source'),
  };
}

async function logIn({ mount, fields, run }: Asked): Promise<Answer> {
  const issued = await run(operations.logInByKubernetes, {
    mount: mount.path,
    role: fields.needed('role', 'missing role'),
    jwt: fields.needed('jwt', 'missing jwt').trim(),
  });
  return { auth: authBlock(issued) };
}

export const kubernetesRoutes: readonly Route[] = [
  {
    path: 'login',
    about: 'Gives a token for one of a service account.',
    open: true,
    handlers: { update: logIn },
  },
  {
    path: 'config',
    about: 'Says which API server is asked about tokens.',
    handlers: { read: readConfig, update: writeConfig },
  },
  ...roleRoutes({
    change: changeOf,
    view: (role) => {
      if (role.method !== 'kubernetes') throw absent();
      return roleView(role);
    },
  }),
];

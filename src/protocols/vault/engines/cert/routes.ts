import { operations, type CertRole } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { roleRoutes } from '../method-roles.ts';
import { authBlock } from '../token/auth-block.ts';
import { listOf, tokenSettingsView } from '../token-settings.ts';
import { revocationListRoutes } from './revocation-lists.ts';

/** Refuses a switch that nothing here would heed; clients send the usual `false`. */
function refuseSwitch(fields: Fields, name: string, why: string): void {
  if (fields.flag(name) === true) throw new VaultError(400, `${name} is not offered here: ${why}`);
}

async function writeConfig({ mount, fields, run }: Asked): Promise<Answer> {
  refuseSwitch(fields, 'enable_metadata_on_failures', 'the log says why a login failed');
  await run(operations.writeMethodConfig, {
    mount: mount.path,
    change: {
      disableBinding: fields.flag('disable_binding'),
      enableIdentityAliasMetadata: fields.flag('enable_identity_alias_metadata'),
    },
    secret: null,
  });
  return null;
}

async function readConfig({ mount, run }: Asked): Promise<Answer> {
  const { config } = await run(operations.readMethodConfig, { mount: mount.path });
  const own = config?.method === 'cert' ? config : null;
  return {
    data: {
      disable_binding: own?.disableBinding ?? false,
      enable_identity_alias_metadata: own?.enableIdentityAliasMetadata ?? false,
      enable_metadata_on_failures: false,
      ocsp_cache_size: 0,
      role_cache_size: 0,
    },
  };
}

function roleView(role: CertRole): Readonly<Record<string, unknown>> {
  return {
    allowed_common_names: role.allowedCommonNames,
    allowed_dns_sans: role.allowedDnsSans,
    allowed_email_sans: role.allowedEmailSans,
    allowed_metadata_extensions: role.allowedMetadataExtensions,
    allowed_names: role.allowedNames,
    allowed_organizational_units: role.allowedOrganizationalUnits,
    allowed_organizations: role.allowedOrganizations,
    allowed_uri_sans: role.allowedUriSans,
    certificate: role.certificate,
    display_name: role.displayName,
    ocsp_ca_certificates: '',
    ocsp_enabled: false,
    ocsp_fail_open: false,
    ocsp_query_all_servers: false,
    ocsp_servers_override: [],
    required_extensions: role.requiredExtensions,
    ...tokenSettingsView(role.settings),
  };
}

//= vault: a role is shown by its name where nothing else is said
function displayNameOf(fields: Fields, name: string, isNew: boolean): string | undefined {
  const wanted = fields.text('display_name');
  return (wanted === undefined && isNew) || wanted === '' ? name.toLowerCase() : wanted;
}

function changeOf({ fields, part }: Asked, isNew: boolean): Readonly<Record<string, unknown>> {
  refuseSwitch(fields, 'ocsp_enabled', 'write a revocation list to crls/NAME');
  return {
    certificate: fields.text('certificate'),
    displayName: displayNameOf(fields, part('role'), isNew),
    allowedNames: listOf(fields, 'allowed_names'),
    allowedCommonNames: listOf(fields, 'allowed_common_names'),
    allowedDnsSans: listOf(fields, 'allowed_dns_sans'),
    allowedEmailSans: listOf(fields, 'allowed_email_sans'),
    allowedUriSans: listOf(fields, 'allowed_uri_sans'),
    allowedOrganizations: listOf(fields, 'allowed_organizations'),
    allowedOrganizationalUnits: listOf(fields, 'allowed_organizational_units'),
    requiredExtensions: listOf(fields, 'required_extensions'),
    allowedMetadataExtensions: listOf(fields, 'allowed_metadata_extensions'),
  };
}

async function logIn({ mount, fields, run }: Asked): Promise<Answer> {
  const issued = await run(operations.logInByCertificate, {
    mount: mount.path,
    name: fields.text('name') ?? '',
  });
  return { auth: authBlock(issued) };
}

export const certRoutes: readonly Route[] = [
  {
    path: 'login',
    about: 'Gives a token for the certificate by which the client connected.',
    open: true,
    handlers: { update: logIn },
  },
  {
    path: 'config',
    about: 'Says how tokens are bound to certificates.',
    handlers: { read: readConfig, update: writeConfig },
  },
  ...roleRoutes({
    path: 'certs',
    change: changeOf,
    view: (role) => {
      if (role.method !== 'cert') throw absent();
      return roleView(role);
    },
  }),
  ...revocationListRoutes,
];

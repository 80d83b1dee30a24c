import type { Answer } from '../../answer.ts';
import { apiVersion } from '../../server-facts.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

/** What is never otherwise: told as it is to clients that look before they go on. */
function always(data: Readonly<Record<string, unknown>>, alsoOnTop = false): Handler {
  return async () => ({ data, ...(alsoOnTop ? { alsoOnTop: true as const } : {}) });
}

/** What this server has no such thing of, with the reason. */
function refused(reason: string): Handler {
  return async () => {
    throw new VaultError(400, reason);
  };
}

//= design: the one log can't be switched off
const log = {
  description: 'the log of every operation: chained, signed, and never switched off',
  local: false,
  options: { format: 'json', verifier: 'claviger audit verify' },
  path: 'claviger/',
  type: 'claviger',
};
const oneLog =
  'audit devices are not made or taken away here: every operation is in the log of the server, which can not be switched off';

async function namespaces({ caller }: Asked): Promise<Answer> {
  const { environment } = caller.principal;
  return {
    data: {
      keys: [`${environment}/`],
      key_info: { [`${environment}/`]: { id: environment, path: `${environment}/` } },
    },
  };
}

/** Tokens are the only leases, and they are looked up under auth/token. */
async function noLease({ fields }: Asked): Promise<Answer> {
  fields.needed('lease_id', 'lease_id must be specified');
  throw new VaultError(400, 'invalid lease');
}

async function nothing(): Promise<Answer> {
  throw absent();
}

export const stateRoutes: readonly Route[] = [
  {
    path: 'audit',
    about: 'The log of every operation.',
    sudo: true,
    handlers: { read: always({ 'claviger/': log }, true) },
  },
  {
    path: 'audit/{path...}',
    about: 'The log can not be switched off.',
    sudo: true,
    handlers: { update: refused(oneLog), delete: refused(oneLog) },
  },
  {
    path: 'audit-hash/{path}',
    about: 'Values are not in the log.',
    handlers: { update: refused('the log holds no values, also not hashed: there is nothing to look for') },
  },
  { path: 'ha-status', about: 'The nodes.', handlers: { read: always({ nodes: [] }) } },
  {
    path: 'replication/status',
    about: 'There is no replication.',
    handlers: { read: always({ dr: { mode: 'disabled' }, performance: { mode: 'disabled' } }) },
  },
  { path: 'license/status', about: 'Open source needs none.', handlers: { read: nothing } },
  { path: 'namespaces', about: 'The environment of the token.', handlers: { list: namespaces } },
  {
    path: 'internal/ui/namespaces',
    about: 'The environment of the token.',
    handlers: { list: namespaces, read: namespaces },
  },
  {
    path: 'version-history',
    about: 'The version of the API.',
    handlers: {
      list: always({
        keys: [apiVersion],
        key_info: {
          [apiVersion]: {
            build_date: '',
            previous_version: null,
            timestamp_installed: '1970-01-01T00:00:00Z',
          },
        },
      }),
    },
  },
  {
    path: 'plugins/catalog',
    about: 'What can be mounted.',
    handlers: {
      read: always({
        auth: ['approle', 'cert', 'jwt', 'kubernetes', 'oidc', 'userpass'],
        secret: ['kv', 'transit'],
        database: [],
      }),
    },
  },
  {
    path: 'config/cors',
    about: 'No page of another origin may ask.',
    sudo: true,
    handlers: { read: always({ enabled: false }) },
  },
  { path: 'config/ui/headers', about: 'There are none of its own.', sudo: true, handlers: { list: nothing } },
  {
    path: 'config/state/sanitized',
    about: 'The configuration is told by claviger config show.',
    handlers: { read: nothing },
  },
  { path: 'leases/lookup', about: 'Only tokens are leased.', handlers: { update: noLease } },
  { path: 'leases/renew', about: 'Only tokens are leased.', handlers: { update: noLease } },
  { path: 'renew', about: 'Only tokens are leased.', handlers: { update: noLease } },
  { path: 'leases/revoke', about: 'Only tokens are leased.', handlers: { update: noLease } },
  { path: 'revoke', about: 'Only tokens are leased.', handlers: { update: noLease } },
  {
    path: 'leases/lookup/{path...}',
    about: 'Only tokens are leased.',
    sudo: true,
    handlers: { list: nothing },
  },
  {
    path: 'leases/revoke-prefix/{path...}',
    about: 'Only tokens are leased.',
    sudo: true,
    handlers: { update: async () => null },
  },
  {
    path: 'leases/revoke-force/{path...}',
    about: 'Only tokens are leased.',
    sudo: true,
    handlers: { update: async () => null },
  },
  {
    path: 'leases/tidy',
    about: 'What is over is swept by itself.',
    sudo: true,
    handlers: { update: async () => null },
  },
  {
    path: 'leases/count',
    about: 'Only tokens are leased.',
    sudo: true,
    handlers: { read: always({ lease_count: 0, counts: {} }) },
  },
  {
    path: 'quotas/config',
    about: 'There are no quotas.',
    sudo: true,
    handlers: {
      read: always({
        enable_rate_limit_audit_logging: false,
        enable_rate_limit_response_headers: false,
        rate_limit_exempt_paths: [],
      }),
    },
  },
];

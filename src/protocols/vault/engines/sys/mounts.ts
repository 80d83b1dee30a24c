import { operations, type Mount } from '#operations';
import type { Answer } from '../../answer.ts';
import { durationSeconds, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';

type Kind = 'secrets' | 'auth';

/** The longest life of a lease where a mount says nothing, in seconds. */
export const leaseSeconds = 2_764_800;

/** A mount as Vault tells it. */
export function mountView(mount: Mount): Readonly<Record<string, unknown>> {
  return {
    accessor: mount.accessor,
    config: {
      default_lease_ttl: mount.defaultLeaseSeconds,
      force_no_cache: false,
      max_lease_ttl: mount.maxLeaseSeconds,
      ...mount.tuning,
    },
    deprecation_status: mount.type === 'kv' || mount.type === 'transit' ? 'supported' : '',
    description: mount.description,
    external_entropy_access: false,
    local: mount.local,
    options: mount.options,
    plugin_version: '',
    running_plugin_version: '',
    running_sha256: '',
    seal_wrap: mount.sealWrap,
    type: mount.type,
    uuid: mount.id,
  };
}

function pathOf(path: string): string {
  const trimmed = path.replaceAll(/^\/+|\/+$/g, '');
  if (trimmed === '') throw new VaultError(400, 'backend mount path must be specified');
  return `${trimmed}/`;
}

const tunable = [
  'listing_visibility',
  'audit_non_hmac_request_keys',
  'audit_non_hmac_response_keys',
  'passthrough_request_headers',
  'allowed_response_headers',
  'allowed_managed_keys',
  'token_type',
] as const;

function tuningOf(fields: Fields): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const name of tunable) {
    if (!fields.has(name)) continue;
    found[name] =
      name === 'listing_visibility' || name === 'token_type' ? fields.text(name) : fields.list(name);
  }
  return found;
}

function leaseOf(fields: Fields, name: string): number | undefined {
  const text = fields.text(name);
  if (text === undefined || text === '' || text === 'system') return text === undefined ? undefined : 0;
  const seconds = durationSeconds(text);
  if (seconds === null || seconds < 0)
    throw new VaultError(400, `unable to parse ${name}: ${text.slice(0, 40)}`);
  return Math.trunc(seconds);
}

function listMounts(kind: Kind) {
  return async ({ run }: Asked): Promise<Answer> => {
    const { mounts } = await run(operations.listMounts, { kind });
    const data = Object.fromEntries(Object.entries(mounts).map(([path, mount]) => [path, mountView(mount)]));
    return { data, alsoOnTop: true };
  };
}

function enable(kind: Kind) {
  return async ({ part, fields, run }: Asked): Promise<Answer> => {
    const type = fields.needed('type', 'backend type must be specified as a string');
    const config = fields.batchOf('config');
    const options = fields.pairs('options') ?? null;
    const isKv = type === 'kv' || type === 'kv-v1' || type === 'kv-v2' || type === 'generic';
    const version = type === 'kv-v2' ? '2' : (options?.['version'] ?? '1');
    if (isKv && version !== '1' && version !== '2')
      throw new VaultError(400, `invalid option: version ${version}`);
    await run(operations.enableMount, {
      kind,
      path: pathOf(part('path')),
      type: isKv ? 'kv' : type,
      description: fields.text('description') ?? '',
      options: isKv ? { ...options, version } : options,
      defaultLeaseSeconds: leaseOf(config, 'default_lease_ttl') ?? 0,
      maxLeaseSeconds: leaseOf(config, 'max_lease_ttl') ?? 0,
      tuning: tuningOf(config),
      local: fields.flag('local') ?? false,
      sealWrap: fields.flag('seal_wrap') ?? false,
    });
    return null;
  };
}

function disable(kind: Kind) {
  return async ({ part, run }: Asked): Promise<Answer> => {
    await run(operations.disableMount, { kind, path: pathOf(part('path')) });
    return null;
  };
}

function readOne(kind: Kind) {
  return async ({ part, run }: Asked): Promise<Answer> => {
    const mount = await run(operations.readMount, { kind, path: pathOf(part('path')) });
    return { data: mountView(mount), alsoOnTop: true };
  };
}

function readTuning(kind: Kind) {
  return async ({ part, run }: Asked): Promise<Answer> => {
    const mount = await run(operations.readMount, { kind, path: pathOf(part('path')) });
    const data = {
      default_lease_ttl: mount.defaultLeaseSeconds || leaseSeconds,
      description: mount.description,
      force_no_cache: false,
      max_lease_ttl: mount.maxLeaseSeconds || leaseSeconds,
      ...(mount.options ? { options: mount.options } : {}),
      ...mount.tuning,
    };
    return { data, alsoOnTop: true };
  };
}

function tune(kind: Kind) {
  return async ({ part, fields, run }: Asked): Promise<Answer> => {
    const [defaultLeaseSeconds, maxLeaseSeconds] = [
      leaseOf(fields, 'default_lease_ttl'),
      leaseOf(fields, 'max_lease_ttl'),
    ];
    const [description, options] = [fields.text('description'), fields.pairs('options')];
    await run(operations.tuneMount, {
      kind,
      path: pathOf(part('path')),
      tuning: tuningOf(fields),
      ...(description === undefined ? {} : { description }),
      ...(options === undefined ? {} : { options }),
      ...(defaultLeaseSeconds === undefined ? {} : { defaultLeaseSeconds }),
      ...(maxLeaseSeconds === undefined ? {} : { maxLeaseSeconds }),
    });
    return null;
  };
}

async function remount({ fields, run }: Asked): Promise<Answer> {
  const from = fields.needed('from');
  const to = fields.needed('to');
  const isAuth = from.startsWith('auth/');
  if (isAuth !== to.startsWith('auth/'))
    throw new VaultError(400, 'cannot remount auth mount to non-auth mount');
  const inner = (path: string): string => pathOf(isAuth ? path.slice('auth/'.length) : path);
  await run(operations.moveMount, { kind: isAuth ? 'auth' : 'secrets', from: inner(from), to: inner(to) });
  return { data: { migration_id: 'done' } };
}

async function remountStatus({ part }: Asked): Promise<Answer> {
  return { data: { migration_id: part('id'), migration_info: { status: 'success' } } };
}

/** Where a path belongs to, for clients that look before they ask (`vault kv`). */
async function mountOfPath({ part, run, seesBelow }: Asked): Promise<Answer> {
  const path = part('path');
  const { mounts } = await run(operations.listMounts, { kind: 'secrets' });
  const slashed = path.endsWith('/') ? path : `${path}/`;
  const [found] = Object.keys(mounts)
    .filter((mount) => slashed.startsWith(mount))
    .sort((a, b) => b.length - a.length);
  const mount = found === undefined ? undefined : mounts[found];
  if (!mount || found === undefined || !seesBelow(found))
    throw new VaultError(
      403,
      `preflight capability check returned 403, please ensure client's policies grant access to path "${slashed}"`,
    );
  return { data: { ...mountView(mount), path: found } };
}

async function visibleMounts({ run, seesBelow }: Asked): Promise<Answer> {
  const [secret, auth] = [
    await run(operations.listMounts, { kind: 'secrets' }),
    await run(operations.listMounts, { kind: 'auth' }),
  ];
  const shown = (mounts: Readonly<Record<string, Mount>>, base: string) =>
    Object.fromEntries(
      Object.entries(mounts)
        .filter(([path]) => seesBelow(`${base}${path}`))
        .map(([path, mount]) => [path, mountView(mount)]),
    );
  return { data: { secret: shown(secret.mounts, ''), auth: shown(auth.mounts, 'auth/') } };
}

export const mountRoutes: readonly Route[] = [
  { path: 'mounts', about: 'Lists the secret engines.', handlers: { read: listMounts('secrets') } },
  { path: 'auth', about: 'Lists the auth methods.', handlers: { read: listMounts('auth') } },
  { path: 'remount', about: 'Moves a mount.', sudo: true, handlers: { update: remount } },
  { path: 'remount/status/{id}', about: 'Tells how far a move is.', handlers: { read: remountStatus } },
  {
    path: 'internal/ui/mounts',
    about: 'Lists what the caller can see.',
    own: true,
    handlers: { read: visibleMounts },
  },
  {
    path: 'internal/ui/mounts/{path...}',
    about: 'Tells the mount of a path.',
    own: true,
    handlers: { read: mountOfPath },
  },
  ...(['secrets', 'auth'] as const).flatMap((kind): Route[] => {
    const base = kind === 'auth' ? 'auth' : 'mounts';
    //= vault: of the two, only auth methods are root-protected
    const guard = kind === 'auth' ? ({ sudo: true } as const) : {};
    return [
      {
        path: `${base}/{path...}/tune`,
        about: 'Reads or changes the settings of a mount.',
        ...guard,
        handlers: { read: readTuning(kind), update: tune(kind) },
      },
      {
        path: `${base}/{path...}`,
        about: 'Makes, reads and takes away a mount.',
        endsBare: true,
        ...guard,
        handlers: { read: readOne(kind), update: enable(kind), delete: disable(kind) },
      },
    ];
  }),
];

import { z } from 'zod';
import { sha256Hex, newId } from '#crypto';
import { ClavigerError } from '#domain';
import { defineCollection } from '../documents.ts';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import { removalBelow } from '../tokens/revoke.ts';

const mountPath = z.string().regex(/^[A-Za-z0-9_.-]{1,64}(\/[A-Za-z0-9_.-]{1,64}){0,7}\/$/);
const shortText = z.string().max(2048);
const seconds = z.number().int().min(0).max(315_360_000);

const mountShape = z.strictObject({
  type: z.string().min(1).max(32),
  /** Names the mount for as long as it stands, wherever it is moved to. */
  id: z.string().min(1).max(64),
  accessor: z.string().min(1).max(128),
  /** What the names of its keys begin with, wherever it is moved to. */
  names: z.string().max(600),
  description: shortText,
  options: z.record(z.string().max(64), z.string().max(256)).nullable(),
  defaultLeaseSeconds: seconds,
  maxLeaseSeconds: seconds,
  /** Further settings of the mount, by which protocols tell clients how to see it. */
  tuning: z.record(z.string().max(64), z.unknown()),
  local: z.boolean(),
  sealWrap: z.boolean(),
});
export type Mount = z.infer<typeof mountShape>;

/** A mount and where it is. */
export type PlacedMount = Mount & {
  /** It ends with `/`; those of auth methods are told without `auth/`. */
  readonly path: string;
  readonly kind: 'secrets' | 'auth';
};

const tableShape = z.strictObject({
  secrets: z.record(z.string(), mountShape),
  auth: z.record(z.string(), mountShape),
});
type MountTable = z.infer<typeof tableShape>;

const mountTables = defineCollection<MountTable>('mounts', tableShape);
const tableId = 'all';
const mountsMax = 2000;

type Kind = 'secrets' | 'auth';

function builtIn(environment: string, type: string, rest: Partial<Mount> = {}): Mount {
  // the same in every process, before anything was written
  const id = sha256Hex(Buffer.from(`claviger mount ${environment} ${type}`)).slice(0, 32);
  return {
    type,
    id: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20, 32)}`,
    accessor: `${type}_${id.slice(0, 8)}`,
    names: '',
    description: '',
    options: null,
    defaultLeaseSeconds: 0,
    maxLeaseSeconds: 0,
    tuning: {},
    local: false,
    sealWrap: false,
    ...rest,
  };
}

const builtIns = new Map<string, MountTable>();

function builtInTable(environment: string): MountTable {
  const known = builtIns.get(environment);
  if (known) return known;
  const table: MountTable = {
    secrets: {
      'cubbyhole/': builtIn(environment, 'cubbyhole', {
        description: 'per-token private secret storage',
        local: true,
      }),
      'identity/': builtIn(environment, 'identity', { description: 'identity store' }),
      'secret/': builtIn(environment, 'kv', {
        description: 'key/value secret storage',
        options: { version: '2' },
      }),
      'sys/': builtIn(environment, 'system', {
        description: 'system endpoints used for control, policy and debugging',
      }),
      'transit/': builtIn(environment, 'transit', { description: 'keys of this environment' }),
    },
    auth: { 'token/': builtIn(environment, 'token', { description: 'token based credentials' }) },
  };
  builtIns.set(environment, table);
  return table;
}

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;

/** What is mounted in an environment, at once where it is known. */
export function mountsOf(house: Shelf, environment: string): MountTable | Promise<MountTable> {
  const found = mountTables.find(house, environment, tableId);
  if (found instanceof Promise) return found.then((kept) => kept?.content ?? builtInTable(environment));
  return found?.content ?? builtInTable(environment);
}

/** The mount that a path belongs to: the longest one that it begins with. The path may lack its last slash. */
export function mountAt(table: MountTable, kind: Kind, path: string): PlacedMount | null {
  const mounts = table[kind];
  const slashed = path.endsWith('/') ? path : `${path}/`;
  for (let at = slashed.lastIndexOf('/'); at > 0; at = slashed.lastIndexOf('/', at - 1)) {
    const candidate = slashed.slice(0, at + 1);
    const mount = Object.hasOwn(mounts, candidate) ? mounts[candidate] : undefined;
    if (mount) return { ...mount, path: candidate, kind };
  }
  return null;
}

async function changed(house: Shelf, environment: string, change: (table: MountTable) => MountTable) {
  // read from the store: what is replaced must stand as it was read
  const before =
    (await house.store.documents.get({ environment, collection: mountTables.name, id: tableId })) ?? null;
  const table = before ? tableShape.parse(before.content) : builtInTable(environment);
  const after = change(table);
  if (Object.keys(after.secrets).length + Object.keys(after.auth).length > mountsMax)
    throw new ClavigerError('limit-exceeded', `An environment has at most ${mountsMax} mounts.`);
  return mountTables.put(house, { environment, id: tableId }, after);
}

const listInput = z.strictObject({ kind: z.enum(['secrets', 'auth']) });
type ListInput = z.infer<typeof listInput>;

/** Everything that is mounted in the caller's environment. */
export const listMounts = defineOperation<ListInput, { readonly mounts: Readonly<Record<string, Mount>> }>({
  name: 'mounts.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'mounts:list',
  run: async ({ house, caller }, { kind }) => ({
    output: { mounts: (await mountsOf(house, caller.principal.environment))[kind] },
  }),
});

const enableInput = z.strictObject({
  kind: z.enum(['secrets', 'auth']),
  path: mountPath,
  type: z.string().min(1).max(32),
  description: shortText,
  options: z.record(z.string().max(64), z.string().max(256)).nullable(),
  defaultLeaseSeconds: seconds,
  maxLeaseSeconds: seconds,
  tuning: z.record(z.string().max(64), z.unknown()),
  local: z.boolean(),
  sealWrap: z.boolean(),
});
type EnableInput = z.infer<typeof enableInput>;

const mountable: Readonly<Record<Kind, ReadonlySet<string>>> = {
  secrets: new Set(['transit', 'kv']),
  auth: new Set(['approle', 'userpass', 'jwt', 'oidc', 'kubernetes', 'cert']),
};

function overlaps(mounts: Readonly<Record<string, Mount>>, path: string): string | undefined {
  return Object.keys(mounts).find((other) => other.startsWith(path) || path.startsWith(other));
}

/** Serves something new under a path. */
export const enableMount = defineOperation<EnableInput, Mount>({
  name: 'mounts.enable',
  kind: 'manage',
  input: enableInput,
  targets: [],
  permission: 'mounts:enable',
  run: async ({ house, caller }, { kind, path, ...wish }) => {
    if (!mountable[kind].has(wish.type)) {
      const what = kind === 'auth' ? 'auth' : 'secret';
      throw new ClavigerError(
        'operation-unsupported',
        `plugin not found in the catalog: there is no ${what} plugin "${wish.type}" here`,
      );
    }
    const id = newId();
    const names = kind === 'secrets' ? path : '';
    const mount: Mount = {
      ...wish,
      id,
      names,
      accessor: `${kind === 'auth' ? 'auth_' : ''}${wish.type}_${id.slice(0, 8)}`,
    };
    const change = await changed(house, caller.principal.environment, (table) => {
      const taken = overlaps(table[kind], path);
      if (taken !== undefined)
        throw new ClavigerError(
          'input-invalid',
          `path is already in use at ${kind === 'auth' ? 'auth/' : ''}${taken}`,
          {
            details: { field: 'path' },
          },
        );
      return { ...table, [kind]: { ...table[kind], [path]: mount } };
    });
    return { output: mount, changes: [change], facts: { path, type: wish.type, mount: id } };
  },
});

const tuneInput = z.strictObject({
  kind: z.enum(['secrets', 'auth']),
  path: mountPath,
  description: shortText.optional(),
  options: z.record(z.string().max(64), z.string().max(256)).optional(),
  defaultLeaseSeconds: seconds.optional(),
  maxLeaseSeconds: seconds.optional(),
  tuning: z.record(z.string().max(64), z.unknown()),
});
type TuneInput = z.infer<typeof tuneInput>;

function noMount(path: string): ClavigerError {
  return new ClavigerError('input-invalid', `no matching mount at "${path}"`, { details: { field: 'path' } });
}

function standing(table: MountTable, kind: Kind, path: string): Mount {
  const mount = Object.hasOwn(table[kind], path) ? table[kind][path] : undefined;
  if (!mount) throw noMount(path);
  return mount;
}

/** Changes the settings of a mount. */
export const tuneMount = defineOperation<TuneInput, Mount>({
  name: 'mounts.tune',
  kind: 'manage',
  input: tuneInput,
  targets: [],
  permission: 'mounts:tune',
  run: async ({ house, caller }, { kind, path, tuning, options, ...wish }) => {
    const settings = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
    let output: Mount | null = null;
    const change = await changed(house, caller.principal.environment, (table) => {
      const before = standing(table, kind, path);
      const asked = options?.['version'];
      if (before.type === 'kv' && before.options?.['version'] === '2' && asked !== undefined && asked !== '2')
        throw new ClavigerError('input-invalid', `cannot downgrade mount from version 2`);
      output = {
        ...before,
        ...settings,
        options: options ? { ...before.options, ...options } : before.options,
        tuning: { ...before.tuning, ...tuning },
      };
      return { ...table, [kind]: { ...table[kind], [path]: output } };
    });
    if (!output) throw noMount(path);
    return { output, changes: [change], facts: { path } };
  },
});

const placeInput = z.strictObject({ kind: z.enum(['secrets', 'auth']), path: mountPath });
type PlaceInput = z.infer<typeof placeInput>;

/** The settings of one mount. */
export const readMount = defineOperation<PlaceInput, Mount>({
  name: 'mounts.read',
  kind: 'read',
  input: placeInput,
  targets: [],
  permission: 'mounts:read',
  run: async ({ house, caller }, { kind, path }) => ({
    output: standing(await mountsOf(house, caller.principal.environment), kind, path),
  }),
});

const lasting: Readonly<Record<Kind, ReadonlySet<string>>> = {
  secrets: new Set(['cubbyhole', 'system', 'identity']),
  auth: new Set(['token']),
};

function movable(table: MountTable, kind: Kind, path: string): Mount {
  const mount = standing(table, kind, path);
  if (lasting[kind].has(mount.type))
    throw new ClavigerError('input-invalid', `cannot unmount "${path}"`, { details: { field: 'path' } });
  return mount;
}

/** Whoever logged in by a method under a path where it is no more is let in no more. */
function endLogins(house: House, environment: string, kind: 'secrets' | 'auth', path: string) {
  return kind === 'auth' ? removalBelow(house, environment, `auth/${path}`) : { changes: [], count: 0 };
}

/**
 * Serves nothing under a path any more. What was served stays as it is and out of reach: keys have their own end, and secrets theirs.
 */
export const disableMount = defineOperation<PlaceInput, {}>({
  name: 'mounts.disable',
  kind: 'manage',
  input: placeInput,
  targets: [],
  permission: 'mounts:disable',
  quorum: ({ kind }) => (kind === 'secrets' ? 'import-replace' : null),
  run: async ({ house, caller }, { kind, path }) => {
    let was: Mount | null = null;
    const change = await changed(house, caller.principal.environment, (table) => {
      was = movable(table, kind, path);
      const { [path]: _gone, ...rest } = table[kind];
      return { ...table, [kind]: rest };
    });
    const ended = await endLogins(house, caller.principal.environment, kind, path);
    return {
      output: {},
      changes: [change, ...ended.changes],
      facts: { path, mount: (was as Mount | null)?.id ?? null, tokens: ended.count },
    };
  },
});

const moveInput = z.strictObject({ kind: z.enum(['secrets', 'auth']), from: mountPath, to: mountPath });
type MoveInput = z.infer<typeof moveInput>;

/** Serves under another path what was served under one. */
export const moveMount = defineOperation<MoveInput, {}>({
  name: 'mounts.move',
  kind: 'manage',
  input: moveInput,
  targets: [],
  permission: 'mounts:move',
  quorum: ({ kind }) => (kind === 'secrets' ? 'import-replace' : null),
  run: async ({ house, caller }, { kind, from, to }) => {
    const change = await changed(house, caller.principal.environment, (table) => {
      const mount = movable(table, kind, from);
      const { [from]: _moved, ...rest } = table[kind];
      if (overlaps(rest, to) !== undefined)
        throw new ClavigerError('input-invalid', `path already in use at "${to}"`, {
          details: { field: 'to' },
        });
      return { ...table, [kind]: { ...rest, [to]: mount } };
    });
    const ended = await endLogins(house, caller.principal.environment, kind, from);
    return {
      output: {},
      changes: [change, ...ended.changes],
      facts: { from, to, tokens: ended.count },
    };
  },
});

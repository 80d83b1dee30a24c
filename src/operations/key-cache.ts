import type { KeyMaterial } from '#crypto';
import { compilePolicy, parsePolicy, type CompiledPolicy } from '#access';
import { ClavigerError, type Key, type KeyName } from '#domain';
import { nameEntity, type KeyDevice, type Store, type WrappedMaterial } from '#ports';
import type { Hierarchy } from './hierarchy.ts';
import { RecentMap } from './recent-map.ts';

/** A key as the runner uses it: the record, its compiled policy, and its material, opened when it is first needed. */
export type OpenedKey = {
  readonly key: Key;
  readonly arn: string;
  readonly policy: CompiledPolicy;
  /** Opened material of a version, if it is open already. */
  readonly peek: (version: number) => KeyMaterial | undefined;
  /** The device that holds the versions which live in one; absent or null: none is configured. */
  readonly device?: KeyDevice | null;
  /** The material of a version, opened if need be. Rejects with `key-destroyed` where there is none. */
  readonly open: (version: number) => Promise<KeyMaterial>;
};

export interface KeyCache {
  /** What is cached and may still be used, or undefined. */
  peek(id: string): OpenedKey | undefined;
  peekName(environment: string, region: string, name: string): string | undefined;
  /** The key, from the store if need be; null: there is none. */
  load(id: string): Promise<OpenedKey | null>;
  /** The id that a name stands for; null: there is no such name. */
  loadName(environment: string, region: string, name: string): Promise<string | null>;
  /** Drops what is cached of entities of the change feed; null: everything. */
  drop(entities: readonly string[] | null): void;
  /** Lets go of every key whose time is over; `peek` does so only for the key that it is asked for. */
  expire(): void;
  readonly size: number;
}

const keysMax = 10_000;
const namesMax = 20_000;
const openMillisMax = 5 * 60_000;

/** `until` is on the monotonic clock: wall clocks are set back. */
type Cached = { readonly opened: OpenedKey; readonly until: number };

type CacheParts = {
  store: Store;
  hierarchy: Hierarchy;
  accountOf: (environment: string) => Promise<string>;
  device?: KeyDevice | null;
  /** Milliseconds that never go back; the process's own where absent. */
  monotonic?: () => number;
};

/** In the place of a region: the name is looked for in all of them. */
export const allRegions = '*';

/** The one name of an environment, whatever its region. Throws `name-taken` where several regions have it. */
async function nameAnywhere(store: Store, environment: string, name: string): Promise<KeyName | null> {
  const found = await store.namesAcross(environment, name, { after: null, limit: 2 });
  const [first, second] = found.filter((each) => each.name === name);
  if (!first || !second) return first ?? null;
  throw new ClavigerError(
    'name-taken',
    `The name ${name} stands for keys in ${first.region} and in ${second.region}: use the key's id.`,
  );
}

/** The ARN of a key. */
export function keyArn(accountId: string, key: Pick<Key, 'id' | 'region'>): string {
  return `arn:aws:kms:${key.region}:${accountId}:key/${key.id}`;
}

function lazyMaterials(key: Key, wrapped: ReadonlyMap<number, WrappedMaterial>, hierarchy: Hierarchy) {
  const open = new Map<number, KeyMaterial>();
  return {
    peek: (version: number) => open.get(version),
    open: async (version: number): Promise<KeyMaterial> => {
      const already = open.get(version);
      if (already) return already;
      const bytes = wrapped.get(version);
      if (!bytes) {
        throw new ClavigerError(
          'key-destroyed',
          `Version ${version} of key ${key.id} has no material any more.`,
        );
      }
      const place = { environment: key.environment, keyId: key.id, version };
      const material = await hierarchy.openMaterial(place, key.spec, bytes);
      open.set(version, material);
      return material;
    },
  };
}

/** A cache of opened keys, bounded in number and in time; it is kept current by `drop`. */
export function createKeyCache(parts: CacheParts): KeyCache {
  const keys = new RecentMap<Cached>(keysMax);
  const names = new RecentMap<string>(namesMax);
  const monotonic = parts.monotonic ?? (() => performance.now());
  // counts the drops: what was read before a drop is not cached after it
  let generation = 0;

  return {
    peek(id) {
      const cached = keys.get(id);
      if (!cached) return undefined;
      if (cached.until > monotonic()) return cached.opened;
      keys.delete(id);
      return undefined;
    },

    peekName: (environment, region, name) => names.get(nameEntity({ environment, region, name })),

    async load(id) {
      const before = generation;
      const stored = await parts.store.key(id);
      if (!stored) return null;
      const { key } = stored;
      const accountId = await parts.accountOf(key.environment);
      const arn = keyArn(accountId, key);
      const policy = compilePolicy(parsePolicy(key.policy), { accountId, keyArn: arn });
      const wrapped = new Map(stored.materials.map((entry) => [entry.version, entry.material]));
      const opened: OpenedKey = {
        key,
        arn,
        policy,
        device: parts.device ?? null,
        ...lazyMaterials(key, wrapped, parts.hierarchy),
      };
      if (generation === before) keys.set(id, { opened, until: monotonic() + openMillisMax });
      return opened;
    },

    async loadName(environment, region, name) {
      const before = generation;
      const found =
        region === allRegions
          ? await nameAnywhere(parts.store, environment, name)
          : await parts.store.name(environment, region, name);
      if (!found) return null;
      if (generation === before) names.set(nameEntity({ environment, region, name }), found.keyId);
      return found.keyId;
    },

    drop(entities) {
      generation += 1;
      if (entities === null) {
        keys.clear();
        names.clear();
        return;
      }
      for (const entity of entities) {
        if (entity.startsWith('key:')) keys.delete(entity.slice('key:'.length));
        else if (entity.startsWith('name:')) {
          names.delete(entity);
          names.delete(entity.replace(/^(name:[^/]*\/)[^/]*/, `$1${allRegions}`));
        }
      }
    },

    expire() {
      const now = monotonic();
      keys.deleteWhere(({ until }) => until <= now);
    },

    get size() {
      return keys.size;
    },
  };
}

import { sealGeneration, SecretBytes } from '#crypto';
import { ClavigerError, hasCode, StopError } from '#domain';
import type { RootOfTrust, Store, StoredEnvironment, WrappedMaterial } from '#ports';

/** The words that the root of trust authenticates with a key-encryption key of an environment. */
export function environmentContext(environment: string, generation = 1): string {
  return `claviger environment ${environment}${generation === 1 ? '' : ` ${generation}`}`;
}

/** What the stores keep does not fit together: nothing to try again, and never to be read as absence. */
export function stopping<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!hasCode(cause, 'integrity-failed')) throw cause;
    throw new StopError(cause.code, cause.message, { cause });
  }
}

export type KekParts = {
  readonly root: RootOfTrust;
  readonly store: Store;
  /** What setting `current-root` says of `root`; absent or null where nobody looks. */
  readonly rootSetting?: () => string | null;
};

/** An opened key-encryption key, as an envelope takes it. */
export type Kek = { readonly kek: SecretBytes; readonly generation: number };

/** The opened key-encryption keys of a node, by environment and generation. */
export type Keks = {
  readonly stored: (environment: string) => Promise<StoredEnvironment>;
  readonly of: (environment: string, generation: number) => Promise<Kek>;
  /** The one that sealed this. Throws a StopError where no generation can have. */
  readonly ofSealed: (environment: string, sealed: Uint8Array) => Promise<Kek>;
  /** The one that seals. */
  readonly newest: (environment: string) => Promise<Kek>;
  readonly drop: (entities: readonly string[] | null) => void;
  readonly openAll: () => Promise<void>;
  readonly close: () => void;
};

const kekBytes = 32;

/** Opens key-encryption keys when they are needed, and keeps them. */
export function createKeks(parts: KekParts): Keks {
  const opened = new Map<string, Map<number, Promise<Kek>>>();
  const known = new Map<string, Promise<StoredEnvironment>>();

  async function read(environment: string): Promise<StoredEnvironment> {
    const stored = await parts.store.environment(environment);
    if (!stored) throw new ClavigerError('environment-not-found', `There is no environment ${environment}.`);
    return stored;
  }

  function stored(environment: string): Promise<StoredEnvironment> {
    const already = known.get(environment);
    if (already) return already;
    const reading = read(environment);
    known.set(environment, reading);
    reading.catch(() => known.get(environment) === reading && known.delete(environment));
    return reading;
  }

  /** Another node may have put the store under another root, which this one does not have. */
  async function refusedBy(environment: string, cause: unknown): Promise<unknown> {
    const mine = parts.rootSetting?.() ?? null;
    if (!hasCode(cause, 'root-refused') || mine === null) return cause;
    if ((await parts.store.setting('current-root')) === mine) return cause;
    return new ClavigerError(
      'root-unavailable',
      `The store was put under another root of trust, and environment ${environment} was not open on this node: ` +
        'restart it with the new CLAVIGER_ROOT.',
      { cause },
    );
  }

  async function unwrap(environment: string, generation: number, wrapped: WrappedMaterial): Promise<Kek> {
    let bytes: Uint8Array;
    try {
      bytes = await parts.root.unwrap(wrapped, environmentContext(environment, generation));
    } catch (error) {
      throw await refusedBy(environment, error);
    }
    if (bytes.length !== kekBytes) {
      bytes.fill(0);
      throw new StopError('integrity-failed', `The key of environment ${environment} has a wrong length.`);
    }
    return { kek: SecretBytes.take(bytes), generation };
  }

  async function load(environment: string, generation: number): Promise<Kek> {
    // read anew: what is remembered of the environment may be older than what this generation sealed
    const now = await read(environment);
    if (generation === now.kekGeneration) return unwrap(environment, generation, now.wrappedKek);
    const older = (await parts.store.olderKeks(environment)).find((entry) => entry.generation === generation);
    if (older) return unwrap(environment, generation, older.wrapped);
    if (generation > now.kekGeneration) {
      throw new StopError(
        'integrity-failed',
        `Something in environment ${environment} was sealed by a key that it never had.`,
      );
    }
    throw new ClavigerError(
      'conflict',
      `Environment ${environment} has a new key since this was read: what its generation ${generation} sealed opens no more.`,
    );
  }

  function of(environment: string, generation: number): Promise<Kek> {
    const generations = opened.get(environment) ?? new Map<number, Promise<Kek>>();
    opened.set(environment, generations);
    const already = generations.get(generation);
    if (already) return already;
    const loading = load(environment, generation);
    generations.set(generation, loading);
    loading.catch(() => generations.get(generation) === loading && generations.delete(generation));
    return loading;
  }

  async function openEnvironment(environment: string): Promise<void> {
    const now = await stored(environment);
    const older = await parts.store.olderKeks(environment);
    const standing = new Set([now.kekGeneration, ...older.map(({ generation }) => generation)]);
    for (const [generation, kek] of opened.get(environment) ?? []) {
      if (standing.has(generation) || generation > now.kekGeneration) continue;
      opened.get(environment)?.delete(generation);
      wipe(kek);
    }
    await Promise.all([...standing].map((generation) => of(environment, generation)));
  }

  return {
    stored,
    of,
    ofSealed: (environment, sealed) =>
      of(
        environment,
        stopping(() => sealGeneration(sealed)),
      ),
    async newest(environment) {
      try {
        return await of(environment, (await stored(environment)).kekGeneration);
      } catch (error) {
        if (!hasCode(error, 'conflict')) throw error;
        // what was remembered is of before a rekey
        known.delete(environment);
        return await of(environment, (await stored(environment)).kekGeneration);
      }
    },
    drop(entities) {
      known.clear();
      const names = entities?.filter((entity) => entity.startsWith('environment:')) ?? [];
      const changed = entities === null ? [...opened.keys()] : names.map((name) => name.slice(12));
      // what can't be opened now says so to whoever needs it
      for (const environment of changed) openEnvironment(environment).catch(() => undefined);
    },
    async openAll() {
      const environments = [...(await parts.store.environments())];
      const take = async (): Promise<void> => {
        for (let next = environments.pop(); next; next = environments.pop())
          await openEnvironment(next.environment.name).catch(() => undefined);
      };
      await Promise.all(Array.from({ length: openedAtOnce }, take));
    },
    close() {
      for (const generations of opened.values()) for (const kek of generations.values()) wipe(kek);
      opened.clear();
      known.clear();
    },
  };
}

const openedAtOnce = 8;

function wipe(kek: Promise<Kek>): void {
  kek.then(
    (secret) => secret.kek[Symbol.dispose](),
    () => undefined,
  );
}

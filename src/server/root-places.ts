import { existsSync } from 'node:fs';
import path from 'node:path';
import { ClavigerError, hasCode } from '#domain';
import {
  currentRootSetting,
  isCurrentRoot,
  parseCurrentRoot,
  requireCurrentRoot,
  type RootPlaces,
  type RootTarget,
} from '#operations';
import type { RootOfTrust, Store } from '#ports';
import { createFileRoot, newPassphraseParameters, openFileRoot } from '#roots';
import type { Config } from './config.ts';
import { openHouseKey } from './house-key.ts';
import { openRoot, openWithPassphrase, passphraseFileOf } from './roots.ts';

type Parts = {
  readonly config: Config;
  readonly store: Store;
  /** The root that is seated when a new one like it is wanted. */
  readonly root: () => RootOfTrust;
};

/** Opens a root that is to take over. A key file that is not there is made: nothing can depend on it yet. */
async function openTarget({ config, store }: Parts, uri: string): Promise<RootTarget> {
  if (uri.startsWith('file:')) {
    const file = uri.slice('file:'.length);
    if (!path.isAbsolute(file)) throw invalid('a file: root must be named by its whole path');
    if (!existsSync(file)) await createFileRoot(file);
    return { root: await openFileRoot(file), parameters: null, uri };
  }
  if (uri === 'passphrase:') throw invalid('name the file of the new passphrase: passphrase:?file=PATH');
  const passphraseFile = passphraseFileOf(uri, null);
  if (passphraseFile !== undefined) {
    const parameters = newPassphraseParameters(config.fips);
    return {
      root: await openWithPassphrase(passphraseFile, parameters),
      parameters: JSON.stringify(parameters),
      uri,
    };
  }
  // of other kinds it is not known here that their URI holds no PIN
  const told = uri.startsWith('aws-kms:') ? uri : null;
  return { root: await openRoot({ ...config, root: uri }, store), parameters: null, uri: told };
}

function invalid(problem: string): ClavigerError {
  return new ClavigerError('input-invalid', `The new root of trust: ${problem}.`);
}

/** A name beside the present file, with the day; of several on one day, with a number. */
function fileBeside(file: string, now: Date): string {
  const { dir, name, ext } = path.parse(file);
  const plain = name.replace(/-\d{4}-\d{2}-\d{2}(-\d+)?$/, '');
  const dated = `${plain}-${now.toISOString().slice(0, 10)}`;
  for (let count = 1; ; count += 1) {
    const next = path.join(dir, `${dated}${count === 1 ? '' : `-${count}`}${ext}`);
    if (!existsSync(next)) return next;
  }
}

type Successor = (
  where: string,
  wish: { readonly passphraseFile: string | null },
) => string | Promise<string>;

/** How a new root key is made at the place of a present one, by kind. */
const successors: Readonly<Record<string, Successor>> = Object.freeze({
  __proto__: null as never,
  file: async (where) => {
    const file = fileBeside(path.resolve(where), new Date());
    await createFileRoot(file);
    return `file:${file}`;
  },
  passphrase: (_where, { passphraseFile }) => {
    if (passphraseFile === null)
      throw invalid('a passphrase is followed by another one: name its file (0600) with --passphrase-file');
    return `passphrase:?file=${passphraseFile}`;
  },
});

/** The root that the store says it is under, as far as this node can open it. */
async function openStanding({ config, store }: Parts): ReturnType<RootPlaces['standing']> {
  const setting = await store.setting(currentRootSetting);
  const current = setting === null ? null : parseCurrentRoot(setting);
  if (setting === null || !current?.uri) return null;
  const root = await openRoot({ ...config, root: current.uri }, store);
  if (await isCurrentRoot(root, current)) return { root, setting };
  await root.close();
  return null;
}

/** Where this server finds and makes roots of trust. */
export function rootPlaces(parts: Parts): RootPlaces {
  return {
    open: (uri) => openTarget(parts, uri),
    standing: () => openStanding(parts),
    async newRootLike(wish) {
      const { kind, where } = parts.root().describe();
      const make = successors[kind];
      if (make) return make(where, wish);
      throw new ClavigerError(
        'operation-unsupported',
        `A new key at a root of kind ${kind} is made there, and not from here: make it, and run claviger root migrate --to URI.`,
      );
    },
  };
}

/** Makes sure that a root is the one that the store is under; returns what the store says of it. */
export function requireRootOf(store: Store, root: RootOfTrust, now: number): Promise<string> {
  return requireCurrentRoot({ root, store, parameters: null }, now, async () => {
    (await openHouseKey(root, store))[Symbol.dispose]();
  });
}

/** The same, and a store that says nothing of its root is left as it is. */
export async function requireKnownRoot(store: Store, root: RootOfTrust): Promise<void> {
  if ((await store.setting(currentRootSetting)) !== null) await requireRootOf(store, root, 0);
}

const probeMillisMin = 10_000;

/**
 * Rejects where the root does not answer; one that answered within ten seconds is not asked again. What the store has for the root to open
 * can't be had while the store is away: that says nothing of the root.
 */
export function rootProbe(root: RootOfTrust, store: Store): () => Promise<void> {
  let answeredAt = Number.NEGATIVE_INFINITY;
  return async () => {
    // one that can be away is asked each time
    await root.probe?.();
    if (performance.now() - answeredAt < probeMillisMin) return;
    const startedAt = performance.now();
    try {
      (await openHouseKey(root, store))[Symbol.dispose]();
    } catch (error) {
      if (hasCode(error, 'store-unavailable')) return;
      throw error;
    }
    answeredAt = startedAt;
  };
}

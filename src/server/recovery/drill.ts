import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ClavigerError, hasCode, isDestroyed, type Key } from '#domain';
import { createHierarchy, operations, type Hierarchy } from '#operations';
import type { Store } from '#ports';
import { openShredStore, openStore } from '#storage';
import type { Config } from '../config.ts';
import { openHouseKey } from '../house-key.ts';
import { openRoot } from '../roots.ts';
import { requireSealed } from './seal.ts';
import { allKeys, destroyedAt } from './escrow.ts';
import { besideServer } from './make.ts';
import { loadSecrets, loadStore, withPair } from './restore.ts';

export type DrillWish = {
  readonly file: string;
  readonly escrow: string;
  readonly holderKeys: readonly KeyObject[];
  /** Whether each proven key takes down when it was proven. */
  readonly record: boolean;
  readonly onProgress: (done: number, of: number) => void;
};

export type Drill = {
  readonly backup: string;
  readonly proven: number;
  readonly versions: number;
  /** Keys that the ledger or the backup itself says are destroyed. */
  readonly destroyed: number;
  readonly unproven: readonly { readonly id: string; readonly environment: string; readonly why: string }[];
  readonly recorded: number;
};

type Proofs = {
  proven: Map<string, string[]>;
  unproven: { id: string; environment: string; why: string }[];
  versions: number;
  destroyed: number;
};

/**
 * Restores into a scratch store and opens every version of every live key through the hierarchy with the live root of trust: each must
 * have the material id that its record says. The scratch store holds nothing that opens without the root, and is removed.
 */
export async function drillBackup(config: Config, wish: DrillWish): Promise<Drill> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'claviger-drill-'));
  try {
    const { backup, proofs } = await withPair(wish, async (pair) => {
      const url = `sqlite:${path.join(folder, 'store.db')}`;
      await loadStore(url, pair);
      const store = await openStore(url);
      const shreds = await openShredStore(`sqlite:${path.join(folder, 'shreds.db')}`);
      try {
        await loadSecrets(shreds, pair.escrow, pair.escrow.destroyed);
        const root = await openRoot(config, store);
        const hierarchy = createHierarchy({ root, store, shreds });
        try {
          using houseKey = await openHouseKey(root, store);
          requireSealed(houseKey, pair.backup.head.id, pair.manifest);
          const ledger = pair.escrow.destroyed;
          const progress = (done: number) => wish.onProgress(done, pair.manifest.keys);
          return { backup: pair.backup.head.id, proofs: await prove({ store, hierarchy }, ledger, progress) };
        } finally {
          hierarchy.close();
          await root.close();
        }
      } finally {
        await shreds.close();
        await store.close();
      }
    });
    const proven = [...proofs.proven.values()].reduce((sum, ids) => sum + ids.length, 0);
    const recorded = wish.record ? await recordAll(config, backup, proofs.proven) : 0;
    const { unproven, versions, destroyed } = proofs;
    return { backup, proven, versions, destroyed, unproven, recorded };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prove(
  house: { store: Store; hierarchy: Hierarchy },
  ledger: ReadonlyMap<string, number>,
  progress: (done: number) => void,
): Promise<Proofs> {
  const proofs: Proofs = { proven: new Map(), unproven: [], versions: 0, destroyed: 0 };
  let done = 0;
  for await (const { id, environment } of allKeys(house.store)) {
    const stored = await house.store.key(id);
    if (stored)
      await proveKey(house, stored, ledger, proofs).catch((error: unknown) => {
        proofs.unproven.push({
          id,
          environment,
          why: error instanceof ClavigerError ? error.message : 'it does not open',
        });
      });
    progress((done += 1));
  }
  return proofs;
}

type Stored = NonNullable<Awaited<ReturnType<Store['key']>>>;

async function proveKey(
  { store, hierarchy }: { store: Store; hierarchy: Hierarchy },
  { key, materials }: Stored,
  ledger: ReadonlyMap<string, number>,
  proofs: Proofs,
): Promise<void> {
  if (ledger.has(key.id) || destroyedAt(key) !== null) {
    proofs.destroyed += 1;
    return;
  }
  if (key.imported?.isPresent === false) throw fails('its material comes from outside, and was not here');
  let versions = 0;
  for (const version of key.versions.filter(({ state }) => !isDestroyed(state))) {
    const { number, materialId, device } = version;
    if (device)
      throw fails(`version ${number} never leaves ${device.id}: that device has a backup of its own`);
    const held = materials.find((material) => material.version === number);
    if (!held) throw fails(`version ${number} has no material in the backup`);
    const place = { environment: key.environment, keyId: key.id, version: number };
    if ((await hierarchy.proveMaterial(place, key.spec, held.material)) !== materialId)
      throw fails(`version ${number} opens to other material than its record says`);
    // a count that can't be read would let a restored key protect more than its crypto-period allows
    const counted = version.countedAs ?? { keyId: key.id, version: number };
    await store.usage(counted.keyId, counted.version);
    versions += 1;
  }
  proofs.versions += versions;
  const proven = proofs.proven.get(key.environment) ?? [];
  proven.push(key.id);
  proofs.proven.set(key.environment, proven);
}

function fails(why: string): ClavigerError {
  return new ClavigerError('integrity-failed', why);
}

const keysAtOnce = 200;
const attemptsMax = 5;

/** Takes down on each key when it was proven; a key that changed at the same moment is tried again. */
async function recordAll(
  config: Config,
  backup: string,
  proven: ReadonlyMap<string, readonly Key['id'][]>,
): Promise<number> {
  return besideServer(config, async ({ door }) => {
    let recorded = 0;
    const record = async (environment: string, keys: string[], attempt = 1): Promise<void> => {
      try {
        recorded += (await door.runAsSystem(operations.recordDrill, environment, { backup, keys })).recorded;
      } catch (error) {
        if (!hasCode(error, 'conflict') || attempt === attemptsMax) throw error;
        await record(environment, keys, attempt + 1);
      }
    };
    for (const [environment, ids] of proven)
      for (let at = 0; at < ids.length; at += keysAtOnce)
        await record(environment, ids.slice(at, at + keysAtOnce));
    return recorded;
  });
}

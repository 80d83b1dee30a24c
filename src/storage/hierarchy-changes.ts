import { sealGeneration } from '#crypto';
import { ClavigerError } from '#domain';
import type { Change, WrappedMaterial } from '#ports';
import { resealStoredDocuments } from './documents.ts';
import type { Session } from './driver.ts';
import { integer } from './records.ts';
import type { StoreStatements } from './statements.ts';

/** Changes of what wraps and seals: the root of trust and the key-encryption keys. */
type HierarchyChange = Change & {
  kind: 'root-switched' | 'kek-added' | 'keks-fenced' | 'keks-removed' | 'resealed';
};

const kinds: ReadonlySet<Change['kind']> = new Set<HierarchyChange['kind']>([
  'root-switched',
  'kek-added',
  'keks-fenced',
  'keks-removed',
  'resealed',
]);

export function isHierarchyChange(change: Change): change is HierarchyChange {
  return kinds.has(change.kind);
}

function conflict(message: string): ClavigerError {
  return new ClavigerError('conflict', message);
}

const rootSetting = 'current-root';

/** Refuses what another root wrapped than the one that stands, which stays until the transaction ends. Undefined: not looked at. */
export async function requireRoot(
  statements: StoreStatements,
  session: Session,
  root: string | undefined,
): Promise<void> {
  if (root === undefined) return;
  const [row] = await session.query(statements.heldSetting, [rootSetting]);
  if (row?.['setting'] !== root) throw conflict('The store is under another root of trust by now.');
}

/** Refuses what was sealed by a generation that a rekey is about to destroy; the fence stays until the transaction ends. */
export async function requireNewest(
  statements: StoreStatements,
  session: Session,
  environment: string,
  sealed: readonly WrappedMaterial[],
): Promise<void> {
  if (sealed.length === 0) return;
  const [row] = await session.query(statements.oldestGeneration, [environment]);
  const oldest = row ? integer(row, 'kek_oldest') : 1;
  if (oldest > 1 && sealed.some((bytes) => sealGeneration(bytes) < oldest))
    throw conflict(`The environment ${environment} has a new key by now.`);
}

async function switchRoot(
  statements: StoreStatements,
  session: Session,
  change: HierarchyChange & { kind: 'root-switched' },
): Promise<void> {
  const moved = await session.query(statements.replaceSetting, [rootSetting, change.from, change.to]);
  if (moved.length === 0) throw conflict('The store is under another root of trust by now.');
  const house = await session.query(statements.updateSetting, ['house-key', change.houseKey]);
  if (house.length === 0) throw conflict('The store has no house key.');
  for (const { environment, generation, wrapped } of change.keks) {
    const values = [environment, generation, wrapped];
    const rows = await session.query(statements.rewrapKek, values);
    if (rows.length > 0) continue;
    if ((await session.query(statements.rewrapOlderKek, values)).length === 0)
      throw conflict(`The key of environment ${environment} was changed.`);
  }
  const [row] = await session.query(statements.countKeks);
  if (integer(row ?? {}, 'total') !== change.keks.length)
    throw conflict('An environment was made meanwhile.');
}

async function addKek(
  statements: StoreStatements,
  session: Session,
  change: HierarchyChange & { kind: 'kek-added' },
): Promise<void> {
  const { environment, generation, wrappedKek, fingerprintKey } = change;
  await requireRoot(statements, session, change.root);
  await session.query(statements.keepKek, [environment, generation - 1]);
  const values = [environment, generation - 1, wrappedKek, fingerprintKey];
  if ((await session.query(statements.replaceKek, values)).length === 0)
    throw conflict(`The key of environment ${environment} was changed.`);
}

/** Makes one of these changes inside a transaction. Throws `conflict` for what is not as its maker read it. */
export async function makeHierarchyChange(
  statements: StoreStatements,
  session: Session,
  change: HierarchyChange,
): Promise<void> {
  switch (change.kind) {
    case 'root-switched':
      return switchRoot(statements, session, change);
    case 'kek-added':
      return addKek(statements, session, change);
    case 'keks-fenced':
    case 'keks-removed': {
      const values = [change.environment, change.generation];
      const rows = await session.query(statements.fenceKeks, values);
      if (rows.length === 0) throw conflict(`The key of environment ${change.environment} was changed.`);
      if (change.kind === 'keks-removed') await session.query(statements.deleteKeks, values);
      return;
    }
    case 'resealed':
      for (const { keyId, version, before, after } of change.materials)
        await session.query(statements.resealMaterial, [keyId, version, before, after]);
      for (const { id, before, after } of change.secrets)
        await session.query(statements.resealSecret, [id, before, after]);
      await resealStoredDocuments(session, change);
  }
}

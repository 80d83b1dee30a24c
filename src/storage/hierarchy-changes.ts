import { sealGeneration } from '#crypto';
import { ClavigerError } from '#domain';
import type { Change, WrappedMaterial } from '#ports';
import { resealStoredDocuments } from './documents.ts';
import { integer } from './records.ts';
import type { CheckedStatement } from './statement-list.ts';
import type { StoreStatements } from './statements.ts';

/** Changes of what wraps and seals: the root of trust and the key-encryption keys. */
type HierarchyChange = Extract<
  Change,
  { kind: 'root-switched' | 'kek-added' | 'keks-fenced' | 'keks-removed' | 'resealed' }
>;

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

function changedKey(environment: string): ClavigerError {
  return conflict(`The key of environment ${environment} was changed.`);
}

function otherRoot(): ClavigerError {
  return conflict('The store is under another root of trust by now.');
}

const rootSetting = 'current-root';

/** Refuses what another root wrapped than the one that stands, which stays until the transaction ends. Undefined: not looked at. */
export function requireRoot(statements: StoreStatements, root: string | undefined): CheckedStatement[] {
  if (root === undefined) return [];
  return [
    {
      sql: statements.heldSetting,
      values: [rootSetting, root],
      refuse: otherRoot,
    },
  ];
}

/** What no generation sealed is taken for the first one's: it is not for the store to say what bytes mean. */
function generationOf(sealed: WrappedMaterial): number {
  try {
    return sealGeneration(sealed);
  } catch {
    return 1;
  }
}

/** Refuses what was sealed by a generation that a rekey is about to destroy; the fence stays until the transaction ends. */
export function requireNewest(
  statements: StoreStatements,
  environment: string,
  sealed: readonly WrappedMaterial[],
): CheckedStatement[] {
  if (sealed.length === 0) return [];
  return [
    {
      sql: statements.sealable,
      values: [environment, Math.min(...sealed.map(generationOf))],
      holds: true,
      refuse: () => conflict(`The environment ${environment} has a new key by now.`),
    },
  ];
}

/** Wraps a key anew, which is the environment's own or an older one: it is in one of two tables. */
function rewrap(
  statements: StoreStatements,
  { environment, generation, wrapped }: (HierarchyChange & { kind: 'root-switched' })['keks'][number],
): CheckedStatement[] {
  const values = [environment, generation, wrapped];
  let isOwn = false;
  return [
    {
      sql: statements.rewrapKek,
      values,
      check(rows) {
        isOwn = rows.length > 0;
      },
    },
    {
      sql: statements.rewrapOlderKek,
      values,
      check(rows) {
        if (!isOwn && rows.length === 0) throw changedKey(environment);
      },
    },
  ];
}

function switchRoot(
  statements: StoreStatements,
  change: HierarchyChange & { kind: 'root-switched' },
): CheckedStatement[] {
  return [
    {
      sql: statements.replaceSetting,
      values: [rootSetting, change.from, change.to],
      refuse: otherRoot,
    },
    {
      sql: statements.updateSetting,
      values: ['house-key', change.houseKey],
      refuse: () => conflict('The store has no house key.'),
    },
    ...change.keks.flatMap((kek) => rewrap(statements, kek)),
    {
      sql: statements.countKeks,
      values: [],
      check([row]) {
        if (integer(row ?? {}, 'total') !== change.keks.length)
          throw conflict('An environment was made meanwhile.');
      },
    },
  ];
}

function addKek(
  statements: StoreStatements,
  { environment, generation, wrappedKek, fingerprintKey, root }: HierarchyChange & { kind: 'kek-added' },
): CheckedStatement[] {
  return [
    ...requireRoot(statements, root),
    { sql: statements.keepKek, values: [environment, generation - 1] },
    {
      sql: statements.replaceKek,
      values: [environment, generation - 1, wrappedKek, fingerprintKey],
      refuse: () => changedKey(environment),
    },
  ];
}

/** The statements of one of these changes. They are refused with `conflict` for what is not as its maker read it. */
export function hierarchyStatements(
  statements: StoreStatements,
  change: HierarchyChange,
): CheckedStatement[] {
  switch (change.kind) {
    case 'root-switched':
      return switchRoot(statements, change);
    case 'kek-added':
      return addKek(statements, change);
    case 'keks-fenced':
    case 'keks-removed': {
      const values = [change.environment, change.generation];
      const refuse = () => changedKey(change.environment);
      const fence = { sql: statements.fenceKeks, values, refuse };
      return change.kind === 'keks-fenced' ? [fence] : [fence, { sql: statements.deleteKeks, values }];
    }
    case 'resealed':
      return [
        ...change.materials.map(({ keyId, version, before, after }) => ({
          sql: statements.resealMaterial,
          values: [keyId, version, before, after],
        })),
        ...change.secrets.map(({ id, before, after }) => ({
          sql: statements.resealSecret,
          values: [id, before, after],
        })),
        ...resealStoredDocuments(change),
      ];
  }
}

import { createHash } from 'node:crypto';
import { currentVersion, originatorEnd, type Instant, type Key } from '#domain';
import type { Dialect, Session } from './driver.ts';
import { decodeKey, text } from './records.ts';
import type { CheckedStatement } from './statement-list.ts';

/** Fields in which few values occur: keys that are alike in all of them are of one class. */
export const classColumns = [
  'environment',
  'region',
  'spec',
  'key_usage',
  'state',
  'tier',
  'origin',
  'classification',
  'rotation',
  'destruction',
] as const;

/** Where a key stands in the inventory. */
export type InventoryPlace = {
  readonly classId: string;
  /** The values of `classColumns`. */
  readonly fields: readonly string[];
  readonly owner: string;
  /** When its newest version stops protecting by time; `never` where it does not. */
  readonly endsAt: Instant;
};

export const never: Instant = Number.MAX_SAFE_INTEGER;

/** A text as both engines keep it and compare it. */
export function plainText(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\uFFFD');
}

const idsKept = 10_000;
/** Ids of classes by their fields: a hash costs more than a look. */
const ids = new Map<string, string>();

function classIdOf(fields: readonly string[]): string {
  const text = JSON.stringify(fields);
  const known = ids.get(text);
  if (known !== undefined) return known;
  // who makes two classes of one id hides nothing but a key of their own from their own filters
  const id = createHash('sha256').update(text).digest('base64url').slice(0, 12);
  if (ids.size >= idsKept) ids.clear();
  ids.set(text, id);
  return id;
}

/** Where a key stands, from its record alone. */
export function inventoryPlace(key: Key): InventoryPlace {
  const version = currentVersion(key);
  const fields = [
    key.environment,
    key.region,
    key.spec,
    key.usage,
    version.state,
    key.tier,
    key.origin,
    // a record of older days may lack it
    key.dataClassification ?? 'unclassified',
    key.rotation ? 'scheduled' : 'none',
    key.destruction ? 'scheduled' : 'none',
  ].map(plainText);
  const endsAt = originatorEnd(version) ?? never;
  return {
    classId: classIdOf(fields),
    fields,
    owner: plainText(key.owner),
    endsAt: Number.isSafeInteger(endsAt) ? endsAt : never,
  };
}

const insertClass = `INSERT INTO key_classes (id, ${classColumns.join(', ')})
  VALUES ($1, ${classColumns.map((_, at) => `$${at + 2}`).join(', ')}) ON CONFLICT DO NOTHING`;

/** Makes sure that there is the class of a key that is about to be written. */
export function putClass({ classId, fields }: InventoryPlace): CheckedStatement {
  return { sql: insertClass, values: [classId, ...fields] };
}

/** Remembers which classes are there for certain, so that most writes need not make sure. */
export function knownClasses() {
  const known = new Set<string>();
  const idOf = ({ sql, values }: CheckedStatement): string | null =>
    sql === insertClass && typeof values[0] === 'string' ? values[0] : null;
  return {
    without: (list: readonly CheckedStatement[]): CheckedStatement[] =>
      list.filter((statement) => !known.has(idOf(statement) ?? '')),
    /** They were committed; no class is ever taken away. */
    add(list: readonly CheckedStatement[]): void {
      if (known.size >= idsKept) known.clear();
      for (const statement of list) {
        const id = idOf(statement);
        if (id !== null) known.add(id);
      }
    },
  };
}

const rowsAtOnce = 500;

/** Tells every key that was there its place. One whose record is not readable stays without: whoever reads it is told. */
async function fill(session: Session, dialect: Dialect): Promise<void> {
  const update = `UPDATE keys SET class_id = made.value ->> 1, owner = made.value ->> 2,
      ends_at = CAST(made.value ->> 3 AS ${dialect.integer})
    FROM ${dialect.elements('$1')} AS made WHERE keys.id = made.value ->> 0`;
  const known = new Set<string>();
  for (let after = ''; ; ) {
    const rows = await session.query(
      `SELECT id, doc FROM keys WHERE id > $1 ORDER BY id LIMIT ${rowsAtOnce}`,
      [after],
    );
    const places = rows.flatMap((row) => {
      const id = text(row, 'id');
      try {
        return [[id, inventoryPlace(decodeKey(id, row['doc']))] as const];
      } catch {
        return [];
      }
    });
    for (const [, place] of places) {
      if (known.has(place.classId)) continue;
      known.add(place.classId);
      const { sql, values } = putClass(place);
      await session.query(sql, values);
    }
    await session.query(update, [
      JSON.stringify(places.map(([id, { classId, owner, endsAt }]) => [id, classId, owner, endsAt])),
    ]);
    if (rows.length < rowsAtOnce) return;
    after = text(rows.at(-1) ?? {}, 'id');
  }
}

const columns = ({ text: textType, integer, tableEnd }: Dialect): readonly string[] => [
  `CREATE TABLE key_classes (
    id ${textType} NOT NULL PRIMARY KEY, ${classColumns.map((name) => `${name} ${textType} NOT NULL`).join(', ')}) ${tableEnd}`,
  'CREATE INDEX key_classes_by_environment ON key_classes (environment)',
  `ALTER TABLE keys ADD COLUMN class_id ${textType} NOT NULL DEFAULT ''`,
  `ALTER TABLE keys ADD COLUMN owner ${textType} NOT NULL DEFAULT ''`,
  `ALTER TABLE keys ADD COLUMN ends_at ${integer} NOT NULL DEFAULT ${never}`,
];

/** What filters of the inventory need, beside the records. */
export const inventoryStep = Object.assign(columns, { fill });

/** Each holds all that a search looks at, so that it reads no record which it does not answer with. */
export const inventoryIndexes = (): readonly string[] => [
  'DROP INDEX keys_by_environment',
  'CREATE INDEX keys_by_environment ON keys (environment, id, class_id, owner, created_at, ends_at)',
  'CREATE INDEX keys_by_class ON keys (class_id, created_at, id, owner, ends_at)',
  'CREATE INDEX keys_by_end ON keys (class_id, ends_at, id, owner, created_at)',
  'CREATE INDEX keys_by_owner ON keys (environment, owner, class_id, created_at, id, ends_at)',
];

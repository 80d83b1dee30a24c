import {
  type FacetCount,
  type FacetField,
  facetFields,
  type InventoryFacets,
  type KeyBesides,
  namesMax,
} from '#ports';
import type { Driver, Row } from './driver.ts';
import { copyColumns, readCopy } from './copies.ts';
import { decodeLastUse, integer, text } from './records.ts';

const columnOf = (field: FacetField): string => (field === 'usage' ? 'key_usage' : field);

function mostOf(counts: ReadonlyMap<string, number>, valuesMax: number): readonly FacetCount[] {
  return [...counts]
    .map(([value, keys]) => ({ value, keys }))
    .sort((a, b) => b.keys - a.keys || (a.value < b.value ? -1 : 1))
    .slice(0, valuesMax);
}

export async function keyFacets(
  driver: Driver,
  environment: string,
  valuesMax: number,
): Promise<InventoryFacets> {
  const columns = facetFields.map((field) => `c.${columnOf(field)} AS ${columnOf(field)}`).join(', ');
  const classes = await driver.query(
    `SELECT ${columns}, (SELECT count(*) FROM keys k WHERE k.class_id = c.id) AS total
      FROM key_classes c WHERE c.environment = $1`,
    [environment],
  );
  const counts = new Map(facetFields.map((field) => [field, new Map<string, number>()]));
  let keys = 0;
  for (const row of classes) {
    const total = integer(row, 'total');
    if (total === 0) continue;
    keys += total;
    for (const [field, values] of counts) {
      const value = text(row, columnOf(field));
      values.set(value, (values.get(value) ?? 0) + total);
    }
  }
  const owners = await driver.query(
    `SELECT owner, count(*) AS total FROM keys WHERE environment = $1 GROUP BY owner
      ORDER BY total DESC, owner LIMIT $2`,
    [environment, valuesMax],
  );
  const fields = Object.fromEntries(
    [...counts].map(([field, values]) => [field, mostOf(values, valuesMax)]),
  ) as Record<FacetField, readonly FacetCount[]>;
  const owner = owners.map((row) => ({ value: text(row, 'owner'), keys: integer(row, 'total') }));
  return { keys, fields: { ...fields, owner } };
}

/** Rows by key, as they come. */
function byKey<T>(rows: readonly Row[], read: (row: Row) => T): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const keyId = text(row, 'key_id');
    const list = found.get(keyId);
    if (list) list.push(read(row));
    else found.set(keyId, [read(row)]);
  }
  return found;
}

export async function keyBesides(
  driver: Driver,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, KeyBesides>> {
  const ids = JSON.stringify(keyIds.map((id) => [id]));
  const ofThese = `key_id IN (SELECT value ->> 0 FROM ${driver.dialect.elements('$1')})`;
  const first = (columns: string, table: string, order: string) => `SELECT ${columns} FROM (
      SELECT ${columns}, row_number() OVER (PARTITION BY key_id ORDER BY ${order}) AS turn
      FROM ${table} WHERE ${ofThese}) AS numbered WHERE turn <= ${namesMax} ORDER BY key_id, turn`;
  const [names, uses, counts, copies] = await Promise.all([
    driver.query(first('key_id, name', 'names', 'name, region'), [ids]),
    driver.query(`SELECT key_id, operation, used_at, request_id, principal FROM last_uses WHERE ${ofThese}`, [
      ids,
    ]),
    driver.query(
      `SELECT key_id, version, operations, bytes FROM usage_counts WHERE ${ofThese} ORDER BY key_id, version`,
      [ids],
    ),
    driver.query(first(copyColumns, 'copies', 'created_at, id'), [ids]),
  ]);
  const found = {
    names: byKey(names, (row) => text(row, 'name')),
    uses: byKey(uses, decodeLastUse),
    counts: byKey(counts, (row) => ({
      version: integer(row, 'version'),
      operations: integer(row, 'operations'),
      bytes: integer(row, 'bytes'),
    })),
    copies: byKey(copies, readCopy),
  };
  return new Map(
    keyIds.map((id) => [
      id,
      {
        names: found.names.get(id) ?? [],
        lastUse: found.uses.get(id)?.[0] ?? null,
        counts: found.counts.get(id) ?? [],
        copies: found.copies.get(id) ?? [],
      },
    ]),
  );
}

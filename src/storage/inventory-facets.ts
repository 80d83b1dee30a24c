import { type FacetCount, type FacetField, facetFields, type InventoryFacets } from '#ports';
import type { Driver } from './driver.ts';
import { integer, text } from './records.ts';

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

import { ClavigerError } from '#domain';
import type { KeyFilter, Page } from '#ports';
import type { Driver } from './driver.ts';
import { lastText, placeholders, type Residual, residualSql } from './inventory-walk.ts';
import { text } from './records.ts';

/** Names that one page looks at, at most: each costs a look at its key. */
const namesLooked = 1_500;

const markerForm = /^([^|]{1,250})\|([a-z0-9-]{1,32})$/;

type Order = { readonly descending: boolean; readonly residual: Residual | null };
type Spot = { readonly name: string; readonly region: string };

function startOf(after: string | null, prefix: string, descending: boolean): Spot {
  if (after === null) return { name: descending ? prefix + lastText : prefix, region: '' };
  const [, name, region] = markerForm.exec(after) ?? [];
  if (name === undefined || region === undefined)
    throw new ClavigerError('input-invalid', 'The marker is not one of this list.', {
      details: { field: 'after' },
    });
  return { name, region };
}

/** Keys in the order of the first of their names that begin so. */
export async function pageByName(
  driver: Driver,
  { environment, namePrefix = '' }: KeyFilter,
  { descending, residual }: Order,
  { after, limit }: Page,
): Promise<{ readonly ids: readonly string[]; readonly next: string | null }> {
  const from = startOf(after, namePrefix, descending);
  const compare = descending ? '<' : '>';
  const direction = descending ? 'DESC' : 'ASC';
  const walk = (add: (value: string | number) => string) => `SELECT name, region, key_id FROM names
    WHERE environment = ${add(environment)} AND (name, region) ${compare} (${add(from.name)}, ${add(from.region)})
      AND ${descending ? `name >= ${add(namePrefix)}` : `name < ${add(namePrefix + lastText)}`}
    ORDER BY name ${direction}, region ${direction}`;

  const { values, add } = placeholders();
  const inner = walk(add);
  const sql = `SELECT walked.name AS name, walked.region AS region, walked.key_id AS key_id
    FROM (${inner} LIMIT ${add(namesLooked)}) AS walked JOIN keys ON keys.id = walked.key_id
    WHERE ${residualSql(residual, add, driver.dialect)} AND NOT EXISTS (
      SELECT 1 FROM names AS other WHERE other.key_id = walked.key_id AND other.name >= ${add(namePrefix)}
        AND other.name < ${add(namePrefix + lastText)} AND (other.name, other.region) < (walked.name, walked.region))
    ORDER BY walked.name ${direction}, walked.region ${direction} LIMIT ${add(limit + 1)}`;
  const rows = await driver.query(sql, values);
  const marker = (row: (typeof rows)[number]) => `${text(row, 'name')}|${text(row, 'region')}`;
  const ids = rows.slice(0, limit).map((row) => text(row, 'key_id'));
  const last = rows[limit - 1];
  if (rows.length > limit && last) return { ids, next: marker(last) };

  const reached = placeholders();
  const end = `${walk(reached.add)} LIMIT 1 OFFSET ${reached.add(namesLooked - 1)}`;
  const [row] = await driver.query(end, reached.values);
  return { ids, next: row ? marker(row) : null };
}

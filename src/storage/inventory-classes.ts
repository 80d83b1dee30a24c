import type { KeyFilter } from '#ports';
import type { Driver } from './driver.ts';
import { classColumns, plainText } from './inventory-place.ts';
import { text } from './records.ts';

/** The classes that a filter lets pass. */
export type Classes = {
  readonly ids: readonly string[];
  /** Whether these are all of the environment. */
  readonly all: boolean;
};

type Column = (typeof classColumns)[number];

function wantedOf(filter: KeyFilter): (readonly [Column, readonly string[]])[] {
  const flag = (value: boolean | undefined) =>
    value === undefined ? undefined : [value ? 'scheduled' : 'none'];
  const lists: readonly (readonly [Column, readonly string[] | undefined])[] = [
    ['region', filter.regions],
    ['spec', filter.specs],
    ['key_usage', filter.usages],
    ['state', filter.states],
    ['tier', filter.tiers],
    ['origin', filter.origins],
    ['classification', filter.classifications?.map(plainText)],
    ['rotation', flag(filter.isRotated)],
    ['destruction', flag(filter.isDestructionScheduled)],
  ];
  return lists.flatMap(([column, values]) => (values ? [[column, values] as const] : []));
}

export async function classesOf(driver: Driver, filter: KeyFilter): Promise<Classes> {
  const rows = await driver.query(
    `SELECT id, ${classColumns.join(', ')} FROM key_classes WHERE environment = $1 ORDER BY id`,
    [plainText(filter.environment)],
  );
  const wanted = wantedOf(filter);
  const kinds = filter.kinds && new Set(filter.kinds.map(({ spec, usage }) => `${spec} ${usage}`));
  const ids = rows
    .filter((row) => wanted.every(([column, values]) => values.includes(text(row, column))))
    .filter((row) => !kinds || kinds.has(`${text(row, 'spec')} ${text(row, 'key_usage')}`))
    .map((row) => text(row, 'id'));
  return { ids, all: ids.length === rows.length };
}

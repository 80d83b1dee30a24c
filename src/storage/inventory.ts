import { ClavigerError } from '#domain';
import type { Inventory, InventoryOrder, KeyFilter, Page } from '#ports';
import type { Driver } from './driver.ts';
import { keyFacets } from './inventory-facets.ts';
import { classesOf, type Classes } from './inventory-classes.ts';
import { compareSpots, firstOf, type Merged, mergeStreams } from './inventory-merge.ts';
import { pageByName } from './inventory-names.ts';
import { plainText } from './inventory-place.ts';
import {
  gatherStreams,
  lastInstant,
  lastText,
  type Residual,
  type Spot,
  type Stream,
  walks,
} from './inventory-walk.ts';
import { decodeKey, text } from './records.ts';

/** Entries of indexes that one page looks at, at most. */
const lookedMax = 20_000;
/** Keys that are gathered to be ordered by what their index is not ordered by. */
const gatheredMax = 3_000;
/** Owners of one beginning that are searched one by one. */
const ownersMax = 20;

const markerForm = /^(-?[0-9]{1,16})\|([0-9a-z-]{1,64})$/;

/** Behind which a page begins. */
function startOf({ by, descending }: InventoryOrder, filter: KeyFilter, after: string | null): Spot {
  if (after !== null) {
    const [, at = '', id = ''] = markerForm.exec(after) ?? [];
    if (id !== '' && Number.isSafeInteger(Number(at))) return { at: Number(at), id };
    const details = { field: 'after' };
    throw new ClavigerError('input-invalid', 'The marker is not one of this list.', { details });
  }
  const range = by === 'id' ? undefined : filter[by as 'created' | 'ends'];
  if (descending)
    return range?.before === undefined ? { at: lastInstant, id: lastText } : { at: range.before, id: '' };
  return { at: range?.from ?? -lastInstant, id: '' };
}

/** Whether what lies behind a spot can't be wanted any more. */
function isBehindAll({ by, descending }: InventoryOrder, filter: KeyFilter, { at }: Spot): boolean {
  const range = by === 'id' ? undefined : filter[by as 'created' | 'ends'];
  return descending
    ? range?.from !== undefined && at < range.from
    : range?.before !== undefined && at >= range.before;
}

/** What the walk does not see to by itself; null: nothing. */
function residualOf(filter: KeyFilter, classes: readonly string[] | null): Residual | null {
  const { owner, ownerPrefix, created, ends } = filter;
  if (owner === undefined && ownerPrefix === undefined && !created && !ends && classes === null) return null;
  const exact = owner === undefined ? null : plainText(owner);
  const beginning = plainText(ownerPrefix ?? '');
  return {
    // no owner holds U+0000, and nothing comes between a text and the same with U+0001
    owner: exact === null ? [beginning, beginning + lastText] : [exact, `${exact}\u0001`],
    created: [created?.from ?? -lastInstant, created?.before ?? lastInstant],
    // `never` is an instant too
    ends: [ends?.from ?? -lastInstant, ends?.before ?? lastInstant + 1],
    classes,
  };
}

function passes(residual: Residual, { createdAt, endsAt }: { createdAt: number; endsAt: number }): boolean {
  const [created, ends] = [residual.created, residual.ends];
  return createdAt >= created[0] && createdAt < created[1] && endsAt >= ends[0] && endsAt < ends[1];
}

/** Owners that begin so, found one after the other in the index; null: there are too many. */
async function ownersOf(driver: Driver, environment: string, prefix: string): Promise<string[] | null> {
  const found: string[] = [];
  for (let [compare, from] = ['>=', prefix]; found.length <= ownersMax; compare = '>') {
    // of two lower bounds an engine uses any
    const [row] = await driver.query(
      `SELECT owner FROM keys WHERE environment = $1 AND owner ${compare} $2 AND owner < $3 ORDER BY owner LIMIT 1`,
      [environment, from, prefix + lastText],
    );
    if (row === undefined) return found;
    from = text(row, 'owner');
    found.push(from);
  }
  return null;
}

type Search = {
  readonly driver: Driver;
  readonly filter: KeyFilter;
  readonly order: InventoryOrder;
  readonly from: Spot;
  readonly wanted: number;
  readonly classes: Classes;
};

/** The owners that are searched one by one; null: all owners are. */
async function namedOwners({ driver, filter }: Search): Promise<readonly string[] | null> {
  const { environment, owner, ownerPrefix } = filter;
  if (owner !== undefined) return [plainText(owner)];
  return ownerPrefix === undefined ? null : ownersOf(driver, environment, plainText(ownerPrefix));
}

/** What is found, gathered and ordered here; null: it is too much. */
async function gathered(search: Search, owners: readonly string[] | null): Promise<Merged | null> {
  const { driver, filter, order, from, wanted, classes } = search;
  const { by, descending } = order;
  if (owners === null && (filter.ownerPrefix !== undefined || classes.all)) return null;
  const walk = owners ? walks.ofOwner : walks.byCreation;
  const entries = await gatherStreams(driver, walk, streamsOf(search, owners), gatheredMax);
  if (entries === null) return null;
  const residual = residualOf(filter, null);
  const spots = entries
    .filter((entry) => residual === null || passes(residual, entry))
    .map(({ id, endsAt }): Spot => ({ id, at: by === 'ends' ? endsAt : 0 }))
    .filter((spot) => compareSpots(spot, by === 'id' ? { ...from, at: 0 } : from, descending) > 0);
  return firstOf(
    spots.sort((a, b) => compareSpots(a, b, descending)),
    wanted,
  );
}

function streamsOf({ filter, classes: { ids }, from }: Search, owners: readonly string[] | null): Stream[] {
  if (owners === null) return ids.map((id) => ({ prefix: [id], from }));
  return owners.flatMap((owner) => ids.map((id) => ({ prefix: [filter.environment, owner, id], from })));
}

/** What walks in the order of a range need not be told of it: they begin at its one end, and are cut off at the other. */
function withoutOrdered(filter: KeyFilter, by: 'created' | 'ends'): KeyFilter {
  const { [by]: _, ...others } = filter;
  return others;
}

async function searched(search: Search): Promise<Merged> {
  const { driver, filter, order, from, wanted, classes } = search;
  const steps = { descending: order.descending, looked: lookedMax, wanted };
  const owners = await namedOwners(search);
  if (order.by === 'created') {
    // the streams of an owner hold nothing of other ones
    const { owner: _, ownerPrefix: __, ...others } = withoutOrdered(filter, 'created');
    const residual = residualOf(owners ? others : withoutOrdered(filter, 'created'), null);
    const walk = owners ? walks.ofOwner : walks.byCreation;
    return mergeStreams(driver, walk, streamsOf(search, owners), residual, steps);
  }
  const few = order.by === 'ends' && owners === null ? null : await gathered(search, owners);
  if (few) return few;
  if (order.by === 'ends') {
    const residual = residualOf(withoutOrdered(filter, 'ends'), null);
    return mergeStreams(driver, walks.byEnd, streamsOf(search, null), residual, steps);
  }
  const residual = residualOf(filter, classes.all ? null : classes.ids);
  return mergeStreams(driver, walks.byId, [{ prefix: [filter.environment], from }], residual, steps);
}

async function pageOf(driver: Driver, filter: KeyFilter, order: InventoryOrder, page: Page): Promise<Merged> {
  const from = startOf(order, filter, page.after);
  const classes = await classesOf(driver, filter);
  if (classes.ids.length === 0) return { entries: [], next: null };
  const found = await searched({ driver, filter, order, from, wanted: page.limit, classes });
  const entries = found.entries.filter((spot) => !isBehindAll(order, filter, spot));
  const isOver =
    entries.length < found.entries.length || (found.next && isBehindAll(order, filter, found.next));
  return { entries, next: isOver ? null : found.next };
}

async function recordsOf(driver: Driver, ids: readonly string[]) {
  const rows = await driver.query(
    `SELECT id, doc FROM keys WHERE id IN (SELECT value ->> 0 FROM ${driver.dialect.elements('$1')})`,
    [JSON.stringify(ids.map((id) => [id]))],
  );
  const found = new Map(rows.map((row) => [text(row, 'id'), row]));
  // one that is gone by now is left out
  return ids.flatMap((id) => {
    const row = found.get(id);
    return row ? [decodeKey(id, row['doc'])] : [];
  });
}

/** Whether all keys of the environment are wanted, in the order of the index that holds them. */
function isEverything(filter: KeyFilter, { by, descending }: InventoryOrder): boolean {
  const { environment: _, ...wishes } = filter;
  return by === 'id' && !descending && Object.values(wishes).every((wish) => wish === undefined);
}

/** The records of everything behind a spot, without a search: exports take them all. */
async function everything(driver: Driver, filter: KeyFilter, { after, limit }: Page) {
  const { id: from } = startOf({ by: 'id', descending: false }, filter, after);
  const rows = await driver.query(
    'SELECT id, doc FROM keys WHERE environment = $1 AND id > $2 ORDER BY id LIMIT $3',
    [filter.environment, from, limit + 1],
  );
  const keys = rows.slice(0, limit).map((row) => decodeKey(text(row, 'id'), row['doc']));
  const last = rows.length > limit ? keys.at(-1) : undefined;
  return { keys, next: last ? `0|${last.id}` : null };
}

/** The inventory, over the store's driver. */
export function storedInventory(driver: Driver): Inventory {
  return {
    async page(filter, order, page) {
      if (isEverything(filter, order)) return everything(driver, filter, page);
      const isNamed = filter.namePrefix !== undefined || order.by === 'name';
      if (isNamed && order.by !== 'name')
        throw new ClavigerError('input-invalid', 'A filter by name is answered in the order of names.', {
          details: { field: 'sort' },
        });
      if (isNamed) {
        const classes = await classesOf(driver, filter);
        const residual = residualOf(filter, classes.all ? null : classes.ids);
        const { ids, next } = await pageByName(
          driver,
          filter,
          { descending: order.descending, residual },
          page,
        );
        return { keys: await recordsOf(driver, ids), next };
      }
      const { entries, next } = await pageOf(driver, filter, order, page);
      const keys = await recordsOf(
        driver,
        entries.map(({ id }) => id),
      );
      return { keys, next: next && `${next.at}|${next.id}` };
    },
    facets: (environment, valuesMax) => keyFacets(driver, environment, valuesMax),
  };
}

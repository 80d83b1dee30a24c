import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Key } from '#domain';
import {
  filterOf,
  inventoryRow,
  orderOf,
  quantumReadiness,
  type CredentialRow,
  type InventoryRow,
  type SecretRow,
  type WrapNode,
} from '#governance';
import type { InventoryFacets, Page } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import { page } from '../inputs.ts';
import type { Work } from '../operation.ts';
import { credentialRows } from './inventory-credentials.ts';
import { secretRows } from './inventory-secrets.ts';
import { keyFactsOf, wrappersOf } from './key-facts.ts';

export const filterShape = z
  .record(z.string().max(32), z.string().max(1024))
  .refine((fields) => Object.keys(fields).length <= 20, 'has 20 fields at most');
export const sortShape = z.string().max(16).nullable();

const wish = {
  kind: z.enum(['key', 'secret', 'credential']).default('key'),
  filter: filterShape,
  /** `created`, `ends`, `id`, `name`, or with `-` in front; null: what suits the filter. */
  sort: sortShape,
};
const exportInput = z.strictObject(wish);
type ExportInput = z.input<typeof exportInput>;
const listInput = z.strictObject({ ...wish, page });
type ListInput = z.input<typeof listInput>;

/** Anything that the inventory lists. */
export type ListedRow = InventoryRow | SecretRow | CredentialRow;
export type InventoryList = { readonly rows: readonly ListedRow[]; readonly next: string | null };

/** Steps up the wrap graph that are read for a page. */
const stepsMax = 4;
const nodesMax = 1000;

/** The keys above those of a page, as far up as is read. */
async function nodesAbove(house: House, first: readonly string[]): Promise<ReadonlyMap<string, WrapNode>> {
  const nodes = new Map<string, WrapNode>();
  let wanted = first;
  for (let step = 0; step < stepsMax && wanted.length > 0 && nodes.size < nodesMax; step += 1) {
    const ids = [...new Set(wanted)].filter((id) => !nodes.has(id)).slice(0, nodesMax);
    const relations = await house.store.relations.of(ids);
    const keys = await Promise.all(ids.map((id) => house.store.key(id)));
    for (const [index, id] of ids.entries()) {
      const spec = keys[index]?.key.spec;
      if (spec) nodes.set(id, { spec, wrappedBy: wrappersOf(relations.get(id)?.copies ?? []) });
    }
    wanted = ids.flatMap((id) => nodes.get(id)?.wrappedBy ?? []);
  }
  return nodes;
}

/** The rows of some keys, with what is known of them besides their records. */
async function keyRows(house: House, keys: readonly Key[], now: number): Promise<InventoryRow[]> {
  const facts = await keyFactsOf(house, keys);
  const nodes = await nodesAbove(
    house,
    facts.flatMap(({ wrappedBy }) => wrappedBy),
  );
  return facts.map((each) => inventoryRow(each, now, (id) => nodes.get(id) ?? null));
}

/** A page of what an environment has. */
async function rowsOf(
  { house, caller, now }: Pick<Work, 'house' | 'caller' | 'now'>,
  { kind = 'key', filter: fields, sort }: ExportInput,
  asked: Page,
): Promise<InventoryList> {
  const { environment } = caller.principal;
  if (kind === 'secret') return secretRows(house, environment, fields, asked, now);
  if (kind === 'credential') return credentialRows(house, environment, fields, asked);
  const filter = filterOf(environment, fields, now);
  const { keys, next } = await house.store.inventory.page(filter, orderOf(sort, filter), asked);
  return { rows: await keyRows(house, keys, now), next };
}

const factsOfWish = ({ kind = 'key', filter }: ExportInput) => ({
  kind,
  fields: Object.keys(filter).join(' '),
});

/** What the environment has: keys that a filter finds, secrets without their values, or credentials without theirs. */
export const listInventory = defineOperation<ListInput, InventoryList>({
  name: 'governance.list-inventory',
  kind: 'read',
  input: listInput as z.ZodType<ListInput>,
  targets: [],
  permission: 'governance:list-inventory',
  run: async (work, { page: asked, ...rest }) => ({
    output: await rowsOf(work, rest, asked),
    facts: factsOfWish(rest),
  }),
});

/** Rows that are made in one go, some milliseconds; then come those who wait for answers. */
const rowsAtOnce = 128;

/** All of it, gathered while it is taken, in the order that costs least where none is said. */
export const exportInventory = defineOperation<
  ExportInput,
  { readonly pages: AsyncIterable<readonly ListedRow[]> }
>({
  name: 'governance.export-inventory',
  kind: 'read',
  input: exportInput as z.ZodType<ExportInput>,
  targets: [],
  permission: 'governance:export-inventory',
  run: async (work, asked) => {
    const isFree = asked.sort === null && asked.filter['name'] === undefined;
    const ordered: ExportInput = isFree ? { ...asked, sort: 'id' } : asked;
    const pageAfter = (after: string | null) => rowsOf(work, ordered, { after, limit: rowsAtOnce });
    // what can't be asked is refused before an answer begins
    const first = await pageAfter(null);
    async function* pages(): AsyncGenerator<readonly ListedRow[]> {
      for (let page = first; ; page = await pageAfter(page.next)) {
        yield page.rows;
        if (page.next === null) return;
        await nextTurn();
      }
    }
    return { output: { pages: pages() }, facts: factsOfWish(asked) };
  },
});

const facetsInput = z.strictObject({});
/** Values of a field that are told. */
const valuesMax = 100;

export type Facets = InventoryFacets & {
  /** Keys by whether they are ready for attackers with a quantum computer. */
  readonly quantum: { readonly ready: number; readonly vulnerable: number };
};

/** How many keys of the environment have which values. */
export const inventoryFacets = defineOperation<{}, Facets>({
  name: 'governance.inventory-facets',
  kind: 'read',
  input: facetsInput,
  targets: [],
  permission: 'governance:inventory-facets',
  run: async ({ house, caller }) => {
    const facets = await house.store.inventory.facets(caller.principal.environment, valuesMax);
    const count = (isReady: boolean) =>
      facets.fields.spec
        .filter(({ value }) => quantumReadiness(value as Key['spec']).isReady === isReady)
        .reduce((sum, { keys }) => sum + keys, 0);
    return { output: { ...facets, quantum: { ready: count(true), vulnerable: count(false) } } };
  },
});

import { pages, part, untilEnd, type Call, type Lines } from './transport.ts';

/** A line of the inventory: flat; its `kind` is `key`, `secret` or `credential`. Times are ISO 8601. */
export type InventoryRowRecord = Readonly<
  Record<string, string | number | boolean | null | readonly string[]>
>;

/** What is asked for, by field, e.g. `{ state: 'active', owner: 'pay*', 'ends-before': '+90d' }`. */
export type InventoryFilter = Readonly<Record<string, string>>;

export type InventoryWish = {
  /** Keys, where nothing else is said. */
  readonly kind?: 'key' | 'secret' | 'credential';
  readonly filter?: InventoryFilter;
  /** `created`, `ends`, `id`, `name`, or with `-` in front. */
  readonly sort?: string;
};

export type InventoryFacetsRecord = {
  readonly keys: number;
  readonly fields: Readonly<Record<string, readonly { readonly value: string; readonly keys: number }[]>>;
  readonly quantum: { readonly ready: number; readonly vulnerable: number };
};

export type InventoryViewRecord = {
  readonly name: string;
  readonly filter: InventoryFilter;
  readonly sort: string | null;
  readonly savedBy: string;
  readonly savedAt: string;
};

function queryOf({ kind, filter = {}, sort }: InventoryWish): string {
  const all = { ...filter, ...(kind ? { kind } : {}), ...(sort === undefined ? {} : { sort }) };
  return Object.entries(all)
    .map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('');
}

/** The inventory of the environment, and filters of it that were kept. */
export function inventoryOf(call: Call, lines: Lines) {
  return {
    /** All rows that are found, in one answer; without an order in that in which they come quickest. */
    async *all(wish: InventoryWish = {}): AsyncGenerator<InventoryRowRecord> {
      for await (const line of untilEnd(lines('POST', '/inventory/export', { ...wish })))
        yield* line['rows'] as InventoryRowRecord[];
    },
    /** All rows that are found, asked for page by page as they are taken. */
    list: (wish: InventoryWish = {}, pageSize = 500) =>
      pages<InventoryRowRecord>(call, {
        path: '/inventory',
        member: 'rows',
        query: queryOf(wish),
        size: pageSize,
      }),
    facets: async () => (await call('GET', '/inventory/facets')) as unknown as InventoryFacetsRecord,
    views: () => pages<InventoryViewRecord>(call, { path: '/inventory/views', member: 'views' }),
    view: async (name: string) =>
      (await call('GET', `/inventory/views/${part(name)}`)) as unknown as InventoryViewRecord,
    saveView: async (name: string, filter: InventoryFilter, sort: string | null = null) =>
      (await call('PUT', `/inventory/views/${part(name)}`, {
        filter,
        sort,
      })) as unknown as InventoryViewRecord,
    deleteView: async (name: string) => void (await call('DELETE', `/inventory/views/${part(name)}`)),
  };
}

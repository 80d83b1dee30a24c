import { z } from 'zod';
import { filterFields } from '#governance';
import { operations, type InventoryView, type ListedRow } from '#operations';
import { pageOf, pageQuery } from '../fields.ts';
import { lineRoute, route, type PathParts, type Route } from '../route.ts';
import { next, nothing, timeOf } from '../views.ts';
import { wholeLines } from '../whole-lines.ts';

const field = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);
const rowAnswer = z
  .record(z.string(), field)
  .describe('flat; its `kind` is `key`, `secret` or `credential`; never a value or material')
  .meta({ id: 'InventoryRow' });

/** Rows are told as they are: whoever serialises them changes nothing. */
const rowViews = (rows: readonly ListedRow[]) => rows as unknown as z.input<typeof rowAnswer>[];

async function* rowLines(pages: AsyncIterable<readonly ListedRow[]>) {
  for await (const page of pages) yield { rows: rowViews(page) };
}

const one = z.string().max(1024).optional();
/** One of each field by which keys, secrets (`store`) and credentials (`owner`) are filtered. */
const filterQuery: Record<string, typeof one> = Object.fromEntries(
  [...filterFields, 'store'].map((name) => [name, one]),
);

const filter = z.record(z.string(), z.string());
const viewAnswer = z
  .strictObject({
    name: z.string(),
    filter,
    sort: z.string().nullable(),
    savedBy: z.string(),
    savedAt: z.iso.datetime(),
  })
  .meta({ id: 'InventoryView' });

function viewView({ savedAt, filter: fields, ...view }: InventoryView): z.input<typeof viewAnswer> {
  return { ...view, filter: { ...fields }, savedAt: timeOf(savedAt) };
}

const viewIn = (path: PathParts) => ({ name: path['view'] ?? '' });
const counts = z.array(z.strictObject({ value: z.string(), keys: z.int() }));

type Query = {
  after?: string | undefined;
  limit: string;
  kind: 'key' | 'secret' | 'credential';
  sort?: string;
};

/** The fields of a filter among those of a query. */
function fieldsOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(filterQuery).flatMap((name) =>
      typeof query[name] === 'string' ? [[name, query[name]]] : [],
    ),
  );
}

/** The inventory of the environment. */
export const inventoryRoutes: readonly Route[] = [
  route('GET /inventory', operations.listInventory, {
    about: 'What the environment has: keys that a filter finds, secrets, or credentials',
    query: {
      ...pageQuery,
      ...filterQuery,
      kind: z.enum(['key', 'secret', 'credential']).default('key'),
      sort: z.string().max(16).optional().describe('created, ends, id, name, or with - in front'),
    },
    answer: z.strictObject({ rows: z.array(rowAnswer), next }),
    input: ({ query }) => {
      const { kind, sort, ...rest } = query as Query;
      return { kind, filter: fieldsOf(query), sort: sort ?? null, page: pageOf(rest) };
    },
    output: (done) => ({ rows: rowViews(done.rows), next: done.next }),
  }),
  lineRoute('POST /inventory/export', operations.exportInventory, {
    about: 'The same without pages, many rows on a line; the last line says that it is whole',
    body: {
      kind: z.enum(['key', 'secret', 'credential']).default('key'),
      filter: filter.default({}),
      sort: z
        .string()
        .max(16)
        .nullable()
        .default(null)
        .describe('created, ends, id, name, or with - in front'),
    },
    answer: z.looseObject({ rows: z.array(rowAnswer).optional(), end: z.literal(true).optional() }),
    input: ({ body }) => body,
    lines: ({ pages }) => wholeLines(rowLines(pages)),
  }),
  route('GET /inventory/facets', operations.inventoryFacets, {
    about: 'How many keys of the environment have which values',
    answer: z.strictObject({
      keys: z.int(),
      fields: z.record(z.string(), counts),
      quantum: z.strictObject({ ready: z.int(), vulnerable: z.int() }),
    }),
    input: () => ({}),
    output: ({ keys, fields, quantum }) => ({
      keys,
      quantum,
      fields: Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, [...values]])),
    }),
  }),
  route('GET /inventory/views', operations.listInventoryViews, {
    about: 'Filters of the inventory that were kept under a name',
    query: pageQuery,
    answer: z.strictObject({ views: z.array(viewAnswer), next }),
    input: ({ query }) => ({ page: pageOf(query) }),
    output: (done) => ({ views: done.views.map(viewView), next: done.next }),
  }),
  route('GET /inventory/views/{view}', operations.readInventoryView, {
    about: 'One of them',
    answer: viewAnswer,
    input: ({ path }) => viewIn(path),
    output: viewView,
  }),
  route('PUT /inventory/views/{view}', operations.saveInventoryView, {
    about: 'Keep a filter and an order of keys under a name',
    body: { filter: filter.default({}), sort: z.string().nullable().default(null) },
    answer: viewAnswer,
    input: ({ path, body }) => ({ ...viewIn(path), ...body }),
    output: viewView,
  }),
  route('DELETE /inventory/views/{view}', operations.deleteInventoryView, {
    about: 'Forget one of them; no key changes',
    answer: nothing,
    input: ({ path }) => viewIn(path),
    output: () => ({}),
  }),
];

import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import { filterOf, orderOf } from '#governance';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { page } from '../inputs.ts';
import { pageOf } from '../paging.ts';
import { filterShape, sortShape } from './inventory.ts';

const viewName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'has 1 to 64 of a-z, 0-9, - and _');

const shape = z.strictObject({
  filter: filterShape,
  sort: sortShape,
  savedBy: z.string(),
  savedAt: z.int().min(0),
});
type Content = z.infer<typeof shape>;

const views = defineCollection<Content>('inventory-view', shape);
/** Views of one environment, at most. */
const viewsMax = 500;

/** A filter and an order of the inventory, kept under a name for all of the environment. */
export type InventoryView = {
  readonly name: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly sort: string | null;
  /** Name of the principal. */
  readonly savedBy: string;
  readonly savedAt: Instant;
};

const viewOf = ({ document, content }: Kept<Content>): InventoryView => ({ name: document.id, ...content });

async function required(house: House, environment: string, name: string): Promise<Kept<Content>> {
  const found = await views.find(house, environment, name);
  if (found) return found;
  throw new ClavigerError('view-not-found', `There is no view ${name} of the inventory.`);
}

const saveInput = z.strictObject({ name: viewName, filter: filterShape, sort: sortShape });
type SaveInput = z.infer<typeof saveInput>;

/** Keeps a view, in the place of one that has the name. */
export const saveInventoryView = defineOperation<SaveInput, InventoryView>({
  name: 'governance.save-inventory-view',
  kind: 'manage',
  input: saveInput,
  targets: [],
  permission: 'governance:save-inventory-view',
  run: async ({ house, caller, now }, { name, filter, sort }) => {
    const { environment, name: savedBy } = caller.principal;
    // what can't be asked is not kept
    orderOf(sort, filterOf(environment, filter, now));
    const content: Content = { filter, sort, savedBy, savedAt: now };
    const isNew = (await views.find(house, environment, name)) === null;
    if (
      isNew &&
      (await views.list(house, environment, '', { after: null, limit: viewsMax })).length >= viewsMax
    )
      throw new ClavigerError('limit-exceeded', `An environment has at most ${viewsMax} views.`);
    return {
      output: { name, ...content },
      changes: [await views.put(house, { environment, id: name }, content)],
      facts: { view: name, fields: Object.keys(filter).join(' ') },
    };
  },
});

const nameInput = z.strictObject({ name: viewName });
type NameInput = z.infer<typeof nameInput>;

export const readInventoryView = defineOperation<NameInput, InventoryView>({
  name: 'governance.read-inventory-view',
  kind: 'read',
  input: nameInput,
  targets: [],
  permission: 'governance:read-inventory-view',
  run: async ({ house, caller }, { name }) => ({
    output: viewOf(await required(house, caller.principal.environment, name)),
    facts: { view: name },
  }),
});

const listInput = z.strictObject({ page });
type ListInput = z.infer<typeof listInput>;

/** The views of the environment, by name. */
export const listInventoryViews = defineOperation<
  ListInput,
  { readonly views: readonly InventoryView[]; readonly next: string | null }
>({
  name: 'governance.list-inventory-views',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'governance:list-inventory-views',
  run: async ({ house, caller }, wish) => {
    const { entries, next } = await pageOf(
      wish.page,
      (asked) => views.list(house, caller.principal.environment, '', asked),
      ({ document }) => document.id,
    );
    return { output: { views: entries.map(viewOf), next } };
  },
});

export const deleteInventoryView = defineOperation<NameInput, {}>({
  name: 'governance.delete-inventory-view',
  kind: 'manage',
  input: nameInput,
  targets: [],
  permission: 'governance:delete-inventory-view',
  run: async ({ house, caller }, { name }) => ({
    output: {},
    changes: [views.removed(await required(house, caller.principal.environment, name))],
    facts: { view: name },
  }),
});

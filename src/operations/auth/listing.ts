import type { Document, Page } from '#ports';
import type { Collection, Kept } from '../documents.ts';
import type { House } from '../house.ts';

type Shelf = { readonly house: Pick<House, 'store' | 'documents' | 'clock'>; readonly environment: string };

const pageSize = 1000;

async function* paged<T>(
  read: (page: Page) => Promise<readonly T[]>,
  idOf: (entry: T) => string,
): AsyncGenerator<T> {
  for (let after: string | null = null; ; ) {
    const page: readonly T[] = await read({ after, limit: pageSize });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = idOf(last);
  }
}

/** Every document as it stands in the store, also what is over. */
export function documentsOf(
  { house, environment }: Shelf,
  collection: string,
  prefix: string,
): AsyncGenerator<Document> {
  return paged(
    (page) => house.store.documents.list({ environment, collection }, prefix, page),
    ({ id }) => id,
  );
}

/** Every one of a collection whose records have no end, whose id begins so. */
export function keptOf<T extends object>(
  collection: Collection<T>,
  { house, environment }: Shelf,
  prefix: string,
): AsyncGenerator<Kept<T>> {
  return paged(
    (page) => collection.list(house, environment, prefix, page),
    ({ document }) => document.id,
  );
}

/** Every one of a collection whose id begins so, without what is over. */
export async function* allOf<T extends object>(
  collection: Collection<T>,
  { house, environment }: Shelf,
  prefix: string,
): AsyncGenerator<Kept<T>> {
  for await (const { id } of documentsOf({ house, environment }, collection.name, prefix)) {
    const found = await collection.find(house, environment, id);
    if (found) yield found;
  }
}

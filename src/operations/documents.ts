import type { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import type { Change, Document, Page, WrappedMaterial } from '#ports';
import type { House } from './house.ts';

/** What the secret part of a document is sealed for. */
export function documentSecretName(collection: string, id: string): string {
  return `document ${collection}/${id}`;
}

/** A document of a collection, and its content, checked. */
export type Kept<T> = { readonly document: Document; readonly content: T };

/** What a document has besides its content. */
export type Besides = {
  readonly sealed?: WrappedMaterial | null;
  readonly shredId?: string | null;
  readonly expiresAt?: Instant | null;
};

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;

/** Small records of one kind: the only way in which operations read and write documents. */
export interface Collection<T extends object> {
  readonly name: string;
  /** One that has not expired, at once where it is cached; null: there is none. */
  find(house: Shelf, environment: string, id: string): Kept<T> | null | Promise<Kept<T> | null>;
  /** The same as the store has it now, whatever is cached. */
  read(house: Shelf, environment: string, id: string): Promise<Kept<T> | null>;
  /** Those whose id begins so, ordered by id, without what has expired; it may be less than the limit though more follow. */
  list(house: Shelf, environment: string, prefix: string, page: Page): Promise<readonly Kept<T>[]>;
  created(environment: string, id: string, content: T, besides?: Besides): Change;
  /** In the place of another one, which must stand as it was read; what `besides` leaves out stays. */
  replaced(before: Kept<T>, content: T, besides?: Besides): Change;
  /** `created`, or `replaced` where there is one, also one that has expired. */
  put(
    house: Shelf,
    place: { environment: string; id: string },
    content: T,
    besides?: Besides,
  ): Promise<Change>;
  removed(before: Kept<T>, erases?: boolean): Change;
}

/** A collection whose contents have this shape; contents of another shape are refused with `integrity-failed`. */
export function defineCollection<T extends object>(name: string, shape: z.ZodType<T>): Collection<T> {
  // a document is checked once, as long as it is cached
  const checked = new WeakMap<Document, Kept<T>>();

  function read(document: Document): Kept<T> {
    const known = checked.get(document);
    if (known) return known;
    const parsed = shape.safeParse(document.content);
    if (!parsed.success)
      throw new ClavigerError('integrity-failed', `The stored ${name} ${document.id} is not readable.`);
    const kept = { document, content: parsed.data };
    checked.set(document, kept);
    return kept;
  }

  function current(document: Document | null, now: Instant): Kept<T> | null {
    if (!document || (document.expiresAt !== null && document.expiresAt <= now)) return null;
    return read(document);
  }

  function created(environment: string, id: string, content: T, besides: Besides = {}): Change {
    const { sealed = null, shredId = null, expiresAt = null } = besides;
    const document = { environment, collection: name, id, revision: 1, content, sealed, shredId, expiresAt };
    return { kind: 'document-put', document, expectedRevision: null };
  }

  function inPlaceOf(before: Document, content: T, besides: Besides): Change {
    const document = { ...before, ...besides, content, revision: before.revision + 1 };
    return { kind: 'document-put', document, expectedRevision: before.revision };
  }

  return Object.freeze({
    name,
    find(house, environment, id) {
      const place = { environment, collection: name, id };
      const cached = house.documents.peek(place);
      if (cached !== undefined) return current(cached, house.clock.now());
      return house.documents.load(place).then((document) => current(document, house.clock.now()));
    },
    async read(house, environment, id) {
      const document = await house.store.documents.get({ environment, collection: name, id });
      return current(document, house.clock.now());
    },
    async list(house, environment, prefix, page) {
      const found = await house.store.documents.list({ environment, collection: name }, prefix, page);
      const now = house.clock.now();
      return found.flatMap((document) => current(document, now) ?? []);
    },
    created,
    replaced: ({ document }, content, besides = {}) => inPlaceOf(document, content, besides),
    async put(house, { environment, id }, content, besides = {}) {
      const before = await house.store.documents.get({ environment, collection: name, id });
      if (!before) return created(environment, id, content, besides);
      const all = { sealed: null, shredId: null, expiresAt: null, ...besides };
      return inPlaceOf(before, content, all);
    },
    removed: ({ document }, erases = false) => ({
      kind: 'document-deleted',
      environment: document.environment,
      collection: name,
      id: document.id,
      expectedRevision: document.revision,
      ...(erases ? { erases } : {}),
    }),
  } satisfies Collection<T>);
}

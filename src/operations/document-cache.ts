import { documentEntity, type Document, type DocumentPlace, type Store } from '#ports';
import { createOpenedValues, type OpenedValues } from './opened-values.ts';
import { RecentMap } from './recent-map.ts';

/** Documents that were read, kept current by `drop`. */
export interface DocumentCache {
  /** What is cached and may be used, or undefined. */
  peek(place: DocumentPlace): Document | undefined;
  /** The document, from the store if need be; null: there is none. */
  load(place: DocumentPlace): Promise<Document | null>;
  /** Values of documents that were opened; they go with the document. */
  readonly opened: OpenedValues;
  /** Drops what is cached of entities of the change feed; null: everything. */
  drop(entities: readonly string[] | null): void;
}

const documentsMax = 20_000;
/** Larger ones are read each time. */
const bytesMax = 16_384;

export function createDocumentCache(
  store: Pick<Store, 'documents'>,
  opened: OpenedValues = createOpenedValues(),
): DocumentCache {
  const documents = new RecentMap<Document>(documentsMax);
  // counts the drops: what was read before a drop is not cached after it
  let generation = 0;
  return {
    opened,
    peek: (place) => documents.get(documentEntity(place)),
    async load(place) {
      const before = generation;
      const document = await store.documents.get(place);
      if (document && generation === before && (document.sealed?.length ?? 0) <= bytesMax)
        documents.set(documentEntity(place), document);
      return document;
    },
    drop(entities) {
      generation += 1;
      opened.drop(entities);
      if (entities === null) return documents.clear();
      for (const entity of entities) if (entity.startsWith('document:')) documents.delete(entity);
    },
  };
}

import { documentEntity, type Document, type DocumentPlace, type Store } from '#ports';
import { createOpenedValues, type OpenedValues } from './opened-values.ts';
import { RecentMap } from './recent-map.ts';

/** Documents that were read, kept current by `drop`. */
export interface DocumentCache {
  /** What is cached and may be used, null where it is known that there is none, or undefined. */
  peek(place: DocumentPlace): Document | null | undefined;
  /** The document, from the store if need be; null: there is none. */
  load(place: DocumentPlace): Promise<Document | null>;
  /** Values of documents that were opened; they go with the document. */
  readonly opened: OpenedValues;
  /** Drops what is cached of entities of the change feed; null: everything. */
  drop(entities: readonly string[] | null): void;
}

const documentsMax = 20_000;
const absencesMax = 2000;
/** Larger ones are read each time. */
const bytesMax = 16_384;

export function createDocumentCache(
  store: Pick<Store, 'documents'>,
  opened: OpenedValues = createOpenedValues(),
): DocumentCache {
  const documents = new RecentMap<Document>(documentsMax);
  /** Of what was looked for in vain; apart, so that who asks for much that is not there drives out nothing that is. */
  const absences = new RecentMap<null>(absencesMax);
  // counts the drops: what was read before a drop is not cached after it
  let generation = 0;
  return {
    opened,
    peek(place) {
      const entity = documentEntity(place);
      return documents.get(entity) ?? absences.get(entity);
    },
    async load(place) {
      const before = generation;
      const document = await store.documents.get(place);
      if (document && generation === before && (document.sealed?.length ?? 0) <= bytesMax)
        documents.set(documentEntity(place), document);
      if (!document && generation === before) absences.set(documentEntity(place), null);
      return document;
    },
    drop(entities) {
      generation += 1;
      opened.drop(entities);
      if (entities === null) {
        documents.clear();
        absences.clear();
        return;
      }
      for (const entity of entities) {
        if (!entity.startsWith('document:')) continue;
        documents.delete(entity);
        absences.delete(entity);
      }
    },
  };
}

import type { Instant } from '#domain';
import type { WrappedMaterial } from './material.ts';
import type { Page } from './store.ts';

/** What names a document: its collection, and its id inside an environment and collection. */
export type DocumentPlace = {
  readonly environment: string;
  /** Lower-case words with hyphens between, at most 64 characters; it says what the content is. */
  readonly collection: string;
  /** 1 to 2,048 characters; ids are ordered by their bytes, so a path can be listed by its beginning. */
  readonly id: string;
};

/** A small record that is no key: a policy, a token, a role, a secret. Whoever owns the collection gives the content its shape. */
export type Document = DocumentPlace & {
  /** Counts the changes of the record, from 1. */
  readonly revision: number;
  /** A JSON object, free of secrets. */
  readonly content: object;
  /** What of it is secret, sealed under the environment. */
  readonly sealed: WrappedMaterial | null;
  /** The shred secret besides, by which `sealed` is sealed as version 1 of a key; null: under the environment alone. */
  readonly shredId: string | null;
  /** When it may be swept away; null: it stays. Whoever reads it after that takes it for gone. */
  readonly expiresAt: Instant | null;
};

/** A sealed document, as a rekey sees it. */
export type SealedDocument = Pick<Document, 'collection' | 'id' | 'shredId'> & {
  readonly sealed: WrappedMaterial;
};

/** The documents of a store, for reading; they are written by `Store.commit`. */
export interface Documents {
  get(place: DocumentPlace): Promise<Document | null>;
  /** Those whose id begins so, ordered by id. */
  list(
    of: Pick<DocumentPlace, 'environment' | 'collection'>,
    prefix: string,
    page: Page,
  ): Promise<readonly Document[]>;
  /** The next sealed ones of an environment; `next` is the marker after them. */
  sealed(
    environment: string,
    page: Page,
  ): Promise<{ readonly documents: readonly SealedDocument[]; readonly next: string | null }>;
  /** Those that have expired, of one environment or of all, the longest expired first. */
  expired(now: Instant, limit: number, environment?: string): Promise<readonly Document[]>;
}

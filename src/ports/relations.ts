import type { Destruction, KeyUse, LastUse, UsageCount } from '#domain';
import type { Copy } from './copies.ts';

/** What a node counted of a key since it last told the store. */
export type KeyUseReport = KeyUse & { readonly keyId: string };

/** A key that holds the same material as another one. */
export type SameMaterial = { readonly keyId: string; readonly environment: string };

/** What the store knows of a key besides its record. */
export type KeyRelations = {
  /** Its names in all regions, ordered. */
  readonly names: readonly string[];
  readonly lastUse: LastUse | null;
  /** Ordered by version, principal and act; `usersMax` principals at most are kept apart. */
  readonly uses: readonly KeyUse[];
  /** Protecting uses by version, as they were reserved: never below the truth. */
  readonly counts: readonly ({ readonly version: number } & UsageCount)[];
  /** Registered exports of it, the newest first; backups and escrows are of all keys. */
  readonly copies: readonly Copy[];
  /** Its newest destruction, whatever became of it. */
  readonly destruction: Destruction | null;
  /** Ordered by id, a bounded number. */
  readonly sameMaterial: readonly SameMaterial[];
};

/** How many principals are kept apart for one version and act. */
export const usersMax = 100;

/** What belongs to keys, read for many at once. */
export interface Relations {
  /** Of each of the keys, a thousand at most; one that is not there has no relations. */
  of(keyIds: readonly string[]): Promise<ReadonlyMap<string, KeyRelations>>;
  /** Adds to what is known; an entry may come more than once. A loss of power may undo the last ones. */
  recordUses(reports: readonly KeyUseReport[]): Promise<void>;
}

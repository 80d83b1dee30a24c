import type { Instant, Key, KeyOrigin, KeySpec, KeyState, KeyUsage, ProtectionTier } from '#domain';
import type { Page } from './store.ts';

/** From `from` on, before `before`. */
export type InstantRange = { readonly from?: Instant; readonly before?: Instant };

/**
 * Which keys of one environment are asked for: all that are said must hold. A list holds where one of its values does; an empty one
 * never.
 */
export type KeyFilter = {
  readonly environment: string;
  readonly owner?: string;
  /** The owner begins so. */
  readonly ownerPrefix?: string;
  /** One of its names begins so; answered in the order of names. */
  readonly namePrefix?: string;
  readonly regions?: readonly string[];
  readonly specs?: readonly KeySpec[];
  readonly usages?: readonly KeyUsage[];
  /** Of one of these specs and usages. */
  readonly kinds?: readonly { readonly spec: KeySpec; readonly usage: KeyUsage }[];
  /** Of the newest version. */
  readonly states?: readonly KeyState[];
  readonly tiers?: readonly ProtectionTier[];
  readonly origins?: readonly KeyOrigin[];
  readonly classifications?: readonly string[];
  /** Whether a schedule rotates it. */
  readonly isRotated?: boolean;
  /** Whether its destruction is scheduled. */
  readonly isDestructionScheduled?: boolean;
  readonly created?: InstantRange;
  /** When the newest version stops protecting by time. */
  readonly ends?: InstantRange;
};

/** By what a list of keys is ordered; keys that are equal in it by their ids. What never ends comes after everything that does. */
export type InventoryOrder = {
  readonly by: 'id' | 'created' | 'ends' | 'name';
  readonly descending: boolean;
};

/** Fields whose values are counted. */
export const facetFields = [
  'region',
  'spec',
  'usage',
  'state',
  'tier',
  'origin',
  'classification',
  'rotation',
  'destruction',
] as const;
export type FacetField = (typeof facetFields)[number];

export type FacetCount = { readonly value: string; readonly keys: number };

/** How many keys of an environment have which values; of each field those that most keys have. */
export type InventoryFacets = {
  readonly keys: number;
  readonly fields: Readonly<Record<FacetField | 'owner', readonly FacetCount[]>>;
};

/** Searches over very many keys. */
export interface Inventory {
  /**
   * The next keys that a filter finds. The marker in `page.after` is `next` of the page before; a page can have fewer keys than were
   * asked for, even none, though `next` is not null: the search stops after a bounded number of entries. Rejects with
   * `input-invalid` for a marker of something else.
   */
  page(
    filter: KeyFilter,
    order: InventoryOrder,
    page: Page,
  ): Promise<{ readonly keys: readonly Key[]; readonly next: string | null }>;
  /** Counts values; `valuesMax` of each field at most. */
  facets(environment: string, valuesMax: number): Promise<InventoryFacets>;
}

import type { Instant } from '#domain';

export type CopyKind = 'export' | 'backup' | 'escrow';

/** `live`: as good as there; `replaced`: a newer one stands for it, but nobody said yet that it is gone; `destroyed`: its holder said so. */
export type CopyStatus = 'live' | 'replaced' | 'destroyed';

/** A copy of key material, or of what opens it, that left the stores. */
export type Copy = {
  readonly id: string;
  readonly kind: CopyKind;
  /** The one key of an export; null: of all keys. */
  readonly keyId: string | null;
  readonly createdAt: Instant;
  /** Where it is, in words. */
  readonly place: string;
  /** Who answers for it. */
  readonly holder: string;
  readonly status: CopyStatus;
  /** Further plain facts, free of secrets. Of an escrow: `generation`, and `readUntil` once it is whole. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
};

/** The part of a key that decides which copies can open it. */
export type CopiedKey = {
  readonly id: string;
  readonly createdAt: Instant;
  /** Null: it is not destroyed. */
  readonly destroyedAt: Instant | null;
};

/** The register of copies. */
export interface Copies {
  copy(id: string): Promise<Copy | null>;
  /** All of a kind (null: of every kind), the newest first. */
  copies(kind: CopyKind | null): Promise<readonly Copy[]>;
  /** Copies that can still open a key, as far as is known: exports of it, and escrows that were made while it lived. */
  copiesThatCanOpen(key: CopiedKey): Promise<readonly Copy[]>;
}

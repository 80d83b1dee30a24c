/**
 * Where the shred secret of each key lives, apart from the store and its backups. Without it the wrapped material of the
 * key is noise, in every copy. What it holds is itself wrapped by the key's environment.
 */
export interface ShredStore {
  /** Durable on return. Rejects with `conflict` where the key already has another secret. */
  put(keyId: string, wrappedSecret: Uint8Array): Promise<void>;
  /** The same for several at once: all of them are put, or none is. */
  putMany(secrets: readonly { readonly keyId: string; readonly wrappedSecret: Uint8Array }[]): Promise<void>;
  /** The wrapped secret; null: the store answered that there is none (never put, or shredded). */
  get(keyId: string): Promise<Uint8Array | null>;
  /** The wrapped secrets of those of the keys that have one. */
  many(keyIds: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Puts secrets that were sealed anew in the place of the old ones, durably; one that is not as before is left alone. */
  reseal(
    secrets: readonly { readonly keyId: string; readonly before: Uint8Array; readonly after: Uint8Array }[],
  ): Promise<void>;
  /** Overwrites the secret in place and removes it, durably. Shredding twice, or what never was, is no error. */
  shred(keyId: string): Promise<void>;
  /** The same for several at once. */
  shredMany(keyIds: readonly string[]): Promise<void>;
  /** Ids of keys that have a secret, ordered, after the marker. */
  ids(page: { after: string | null; limit: number }): Promise<readonly string[]>;
  probe(): Promise<void>;
  close(): Promise<void>;
}

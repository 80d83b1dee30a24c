import type {
  AuditEvent,
  Destruction,
  Environment,
  Instant,
  Key,
  KeyName,
  LastUse,
  Principal,
  UsageCount,
} from '#domain';
import type { Copies, Copy, CopyStatus } from './copies.ts';
import type { Destructions } from './destructions.ts';
import type { Document, DocumentPlace, Documents } from './documents.ts';
import type { Fingerprints, MaterialHolder } from './fingerprints.ts';
import type { Inventory } from './inventory.ts';
import type { WrappedMaterial } from './material.ts';
import type { Relations } from './relations.ts';

/** What differs between stores, by name. */
export type StoreCapabilities = {
  readonly kind: 'sqlite' | 'postgres';
  /** More than one machine can share it. */
  readonly shared: boolean;
};

/** A version's material as the store keeps it. */
export type StoredMaterial = { readonly version: number; readonly material: WrappedMaterial };

/** A key with the wrapped material of all versions that still have any. */
export type StoredKey = { readonly key: Key; readonly materials: readonly StoredMaterial[] };

/** An environment with its wrapped key-encryption key. */
export type StoredEnvironment = {
  readonly environment: Environment;
  /** The key-encryption key that seals, wrapped by the root of trust. */
  readonly wrappedKek: WrappedMaterial;
  /** Which key-encryption key of the environment it is, counted from 1. */
  readonly kekGeneration: number;
  /** What is sealed by an older generation is not taken any more. */
  readonly oldestGeneration: number;
  /** The key of the fingerprints, sealed by the environment; null: the first generation still stands for it. */
  readonly fingerprintKey: WrappedMaterial | null;
};

/** A key-encryption key that seals no more, kept while something that it sealed may be left. */
export type OlderKek = { readonly generation: number; readonly wrapped: WrappedMaterial };

/** A key-encryption key as a new root wraps it. */
export type RewrappedKek = OlderKek & { readonly environment: string };

/** What a key-encryption key sealed, before and after it was sealed anew; where it is not as before, it is left alone. */
export type Resealed = { readonly before: WrappedMaterial; readonly after: WrappedMaterial };

/** How a principal proves who it is. */
export type Credential =
  | {
      readonly kind: 'access-key';
      /** The access key id, e.g. `AKIA...`; unique in the store. */
      readonly id: string;
      readonly principalId: string;
      readonly environment: string;
      /** The secret access key, wrapped under the environment's key-encryption key. */
      readonly wrappedSecret: WrappedMaterial;
      readonly createdAt: Instant;
      readonly expiresAt: Instant | null;
    }
  | {
      readonly kind: 'token';
      /** SHA-256 of the token, hexadecimal; the token itself is not stored. */
      readonly id: string;
      readonly principalId: string;
      readonly environment: string;
      readonly createdAt: Instant;
      readonly expiresAt: Instant | null;
    };

/** A page request: entries after the marker, in the order of their identifiers. */
export type Page = { readonly after: string | null; readonly limit: number };

/**
 * One change of the store's content, as plain data. The key changes carry the revision that the caller read: a store
 * that holds another one refuses the whole commit with `conflict`.
 */
export type Change =
  | {
      readonly kind: 'environment-created';
      readonly environment: Environment;
      readonly wrappedKek: WrappedMaterial;
      /** What setting `current-root` says of the root that wrapped it; another one by now: `conflict`. Absent: not looked at. */
      readonly root?: string;
    }
  /** Everything that the root wraps, wrapped by another one; `conflict` where it is not everything, or another root wraps by now. */
  | {
      readonly kind: 'root-switched';
      /** What setting `current-root` said, and says from now on. */
      readonly from: string;
      readonly to: string;
      /** What setting `house-key` says from now on. */
      readonly houseKey: string;
      readonly keks: readonly RewrappedKek[];
    }
  /** A new key-encryption key seals from now on; the one before (`generation - 1`, else `conflict`) is kept to open. */
  | {
      readonly kind: 'kek-added';
      readonly environment: string;
      readonly generation: number;
      readonly wrappedKek: WrappedMaterial;
      readonly fingerprintKey: WrappedMaterial;
      /** As for `environment-created`. */
      readonly root: string;
    }
  /** From now on nothing that an older generation sealed is taken; repeating it tells all nodes to look again. */
  | { readonly kind: 'keks-fenced'; readonly environment: string; readonly generation: number }
  /** The older generations are destroyed. */
  | { readonly kind: 'keks-removed'; readonly environment: string; readonly generation: number }
  | {
      readonly kind: 'resealed';
      readonly environment: string;
      readonly materials: readonly (Resealed & { readonly keyId: string; readonly version: number })[];
      readonly secrets: readonly (Resealed & { readonly id: string })[];
      readonly documents?: readonly (Resealed & { readonly collection: string; readonly id: string })[];
    }
  | {
      readonly kind: 'principal-put';
      readonly principal: Principal;
      /** The record that is replaced: where roles or disabling stand otherwise now, `conflict`. Absent: any, or none. */
      readonly replaces?: Principal;
    }
  | { readonly kind: 'credential-created'; readonly credential: Credential }
  | { readonly kind: 'credential-deleted'; readonly id: string }
  | { readonly kind: 'key-created'; readonly key: Key; readonly materials: readonly StoredMaterial[] }
  | {
      readonly kind: 'key-updated';
      /** Its `revision` is `expectedRevision + 1`. */
      readonly key: Key;
      readonly expectedRevision: number;
      /** Material of versions that were added. */
      readonly added: readonly StoredMaterial[];
      /** Versions whose material is erased (overwritten, not only unlinked, where the store can). */
      readonly erased: readonly number[];
    }
  | { readonly kind: 'name-created'; readonly name: KeyName }
  /** Points a name to another key; `expectedKeyId` is the present one, else `conflict`. */
  | { readonly kind: 'name-moved'; readonly name: KeyName; readonly expectedKeyId: string }
  /** Takes a name away; `expectedKeyId` is the key that it stands for, else `conflict`. */
  | {
      readonly kind: 'name-deleted';
      readonly environment: string;
      readonly region: string;
      readonly name: string;
      readonly expectedKeyId: string;
    }
  /** Registers a copy (`expected` null), or says something new of one that has this status, else `conflict`. */
  | { readonly kind: 'copy-put'; readonly copy: Copy; readonly expected: CopyStatus | null }
  /**
   * Puts the record of a destruction: a new one (`expectedRevision` null, revision 1), with which the count of who asks begins anew, or
   * one in the place of what has the expected revision (counted up by one), else `conflict`.
   */
  | {
      readonly kind: 'destruction-put';
      readonly destruction: Destruction;
      readonly expectedRevision: number | null;
    }
  /** The key holds material with this fingerprint; where another environment has it, `conflict`. Repeated: as it was. */
  | ({ readonly kind: 'material-known'; readonly fingerprint: string } & MaterialHolder)
  /** Puts a new document (`expectedRevision` null, revision 1), or one in the place of what has the expected revision, else `conflict`. */
  | { readonly kind: 'document-put'; readonly document: Document; readonly expectedRevision: number | null }
  /** Takes away a document that has the expected revision, else `conflict`; `erases`: no old copy of its bytes may be left in the engine. */
  | ({
      readonly kind: 'document-deleted';
      readonly expectedRevision: number;
      readonly erases?: boolean;
    } & DocumentPlace)
  | { readonly kind: 'setting-put'; readonly name: string; readonly value: string }
  | { readonly kind: 'setting-deleted'; readonly name: string };

/**
 * Changes and the audit events that record them: they become durable together or not at all. The events wait in the
 * store's outbox until the node's log holds them.
 */
export type Commit = { readonly changes: readonly Change[]; readonly events: readonly AuditEvent[] };

/**
 * What changed since a point of the change sequence. Entities are `key:ID`, `credential:ID`, `principal:ID`,
 * `environment:NAME`, `name:ENV/REGION/NAME`, `document:ENV/COLLECTION/ID`. Where `isComplete` is false the store no longer knows them all (the point
 * is too long ago, or it is not of this store): drop the whole cache.
 */
export type ChangeFeed = {
  readonly sequence: number;
  readonly entities: readonly string[];
  readonly isComplete: boolean;
};

/** A node's log as other nodes and the store remember it. */
export type LogHead = {
  readonly node: string;
  readonly size: number;
  /** Root hash of the tree of that size, hexadecimal. */
  readonly root: string;
  readonly at: Instant;
};

/** Usage of a version since the store last heard of it. */
export type UsageReport = {
  readonly keyId: string;
  readonly lastUse: LastUse | null;
};

/** A lease of a named duty: who holds it, until when. */
export type Lease = { readonly name: string; readonly holder: string; readonly until: Instant };

/**
 * Where everything but the root key, the shred secrets and the log lives. Every method rejects with
 * `store-unavailable` when the store can't answer; a null always means that the store *did* answer: absent.
 */
export interface Store {
  readonly capabilities: StoreCapabilities;

  /** The register of copies that left the stores. */
  readonly copies: Copies;

  /** The records of destructions. */
  readonly destructions: Destructions;
  /** Small records that are no keys. */
  readonly documents: Documents;
  /** Which keys hold which material. */
  readonly fingerprints: Fingerprints;
  /** What belongs to keys. */
  readonly relations: Relations;
  /** Searches over very many keys. */
  readonly inventory: Inventory;

  environment(name: string): Promise<StoredEnvironment | null>;
  environmentByAccount(accountId: string): Promise<StoredEnvironment | null>;
  /** All of them, ordered by name. */
  environments(): Promise<readonly StoredEnvironment[]>;

  /** Generations before the one that seals, while they are kept; the oldest first. */
  olderKeks(environment: string): Promise<readonly OlderKek[]>;
  /** The next wrapped materials of an environment, by key, in the order in which they came; `next` is the marker after them. */
  sealedMaterials(
    environment: string,
    page: Page,
  ): Promise<{
    readonly keys: readonly { readonly keyId: string; readonly materials: readonly StoredMaterial[] }[];
    readonly next: string | null;
  }>;
  /** The next access keys of an environment, ordered by id. */
  sealedSecrets(
    environment: string,
    page: Page,
  ): Promise<readonly { readonly id: string; readonly wrappedSecret: WrappedMaterial }[]>;

  principal(id: string): Promise<Principal | null>;
  principalByName(environment: string, name: string): Promise<Principal | null>;
  /** Ordered by name. */
  principals(environment: string): Promise<readonly Principal[]>;
  credential(id: string): Promise<Credential | null>;
  /** All credentials of a principal, ordered by id. */
  credentialsOf(principalId: string): Promise<readonly Credential[]>;

  key(id: string): Promise<StoredKey | null>;
  /** Keys of an environment (and region, unless null), ordered by id; `after` is the last id of the page before. */
  keys(environment: string, region: string | null, page: Page): Promise<readonly Key[]>;
  countKeys(environment: string): Promise<number>;
  name(environment: string, region: string, name: string): Promise<KeyName | null>;
  /** Names of an environment and region, ordered by name; only those of one key where `keyId` is given. */
  names(environment: string, region: string, keyId: string | null, page: Page): Promise<readonly KeyName[]>;
  /** Names of an environment that begin so, in all regions, ordered by name; `after` is a name. */
  namesAcross(environment: string, prefix: string, page: Page): Promise<readonly KeyName[]>;
  /** Ids of keys whose scheduled rotation or destruction is due, at most `limit`, the longest due first. */
  dueKeys(now: Instant, limit: number): Promise<readonly string[]>;

  /**
   * Makes the changes and their audit events durable, all or nothing. Rejects with `conflict` (a revision moved, or something was
   * sealed by a generation that is not taken any more),
   * `name-taken`, `environment-taken`, `principal-taken`, or `store-unavailable` (nothing is known to be written).
   */
  commit(commit: Commit): Promise<void>;

  /**
   * Adds to the count of protecting uses of a version, durably, and returns the new total. Callers reserve ahead, so
   * that a total is never below the truth.
   */
  reserveUsage(keyId: string, version: number, more: UsageCount): Promise<UsageCount>;
  usage(keyId: string, version: number): Promise<UsageCount>;
  /** Remembers the last uses; an older one never replaces a newer one. A loss of power may undo the last ones. */
  recordLastUses(reports: readonly UsageReport[]): Promise<void>;
  lastUse(keyId: string): Promise<LastUse | null>;

  /** The present end of the change sequence. */
  changeSequence(): Promise<number>;
  /** Everything that changed after a sequence number, each entity once. */
  changesSince(sequence: number): Promise<ChangeFeed>;

  /** Events of a node that were committed with a change and may not be in its log yet, oldest first. */
  outbox(node: string): Promise<readonly AuditEvent[]>;
  /** Forgets outbox events that the log holds durably. A loss of power may bring them back. */
  clearOutbox(eventIds: readonly string[]): Promise<void>;

  /**
   * Remembers how far a node's log has come; a smaller size than the one that is known rejects with `integrity-failed`. A loss of
   * power may leave the store at one that it knew shortly before.
   */
  recordLogHead(head: LogHead): Promise<void>;
  logHeads(): Promise<readonly LogHead[]>;

  /**
   * Takes or renews a lease; returns false while another holder's lease has not ended. One that ends more than twice as far away
   * as the one that is asked for was taken by a clock that was ahead, and is not heeded. A loss of power may undo it, with the holder.
   */
  takeLease(lease: Lease, now: Instant): Promise<boolean>;

  /** Leases whose names begin like this and that have not ended, ordered by name. */
  leases(prefix: string, now: Instant): Promise<readonly Lease[]>;

  /**
   * Resolves when no old copy of what was erased is left in the engine's own log. Rejects with `store-unavailable` while other
   * processes stand in the way.
   */
  finishErasure(): Promise<void>;

  /** A small value under a name (the store's own identity, the root's check value); null where it was never put. */
  setting(name: string): Promise<string | null>;
  /** Puts a setting only if it is not there yet; returns the value that stands. */
  claimSetting(name: string, value: string): Promise<string>;

  /** Rejects unless the store can be read and written now. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

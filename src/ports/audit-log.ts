import type { AuditEvent, LogEvidence } from '#domain';

/** How a log is doing. */
export type LogHealth = {
  readonly writable: boolean;
  /** Why not, where it is not. */
  readonly problem: string | null;
  readonly size: number;
};

/** A signature by a key of the log. */
export type Attestation = {
  readonly kind: 'ed25519' | 'mlDsa44';
  /** SubjectPublicKeyInfo, DER, base64. */
  readonly publicKey: string;
  /** Base64. */
  readonly signature: string;
};

/** An entry of a log as it was hashed, with its place. */
export type LogEntry = { readonly index: number; readonly entry: Uint8Array };

/** All that a log has published by one of its checkpoints. It is read from the disk while it is walked through. */
export interface PublishedLog {
  readonly node: string;
  /** Name of the log in its checkpoints. */
  readonly origin: string;
  readonly size: number;
  /** The signed checkpoint (C2SP tlog-checkpoint). */
  readonly checkpoint: string;
  /** The public keys of the log, as its file `keys.json` has them. */
  readonly keys: string;
  /** The root hash of the tree of the first entries, 32 bytes. */
  root(size: number): Promise<Uint8Array>;
  /** In their order from an index on, page by page. */
  entries(from?: number): AsyncIterable<readonly LogEntry[]>;
  /** The hashes of the entries in their order, many at a time, 32 bytes each. */
  leafHashes(): AsyncIterable<Uint8Array>;
}

/**
 * The node's append-only log. Appended is durable: the promise resolves after the event is on the disk, and rejects with
 * `audit-unavailable` when it can't be put there. After one failed write the log refuses everything until it could
 * prove, by a write that was synced, that it works again.
 */
export interface AuditLog {
  /** The node that the log belongs to; every event that is appended names it. */
  readonly node: string;
  append(event: AuditEvent): Promise<void>;
  /** Throws `audit-unavailable` when an append would fail now, `busy` when too much waits: asked before an operation does its work. */
  requireWritable(): void;
  health(): LogHealth;
  /**
   * What proves an event of a log on this machine; null: there is no such log here, or the event is in no checkpoint of it (yet).
   * Rejects with `integrity-failed` where the log is damaged.
   */
  evidence(event: Pick<AuditEvent, 'id' | 'at' | 'node'>): Promise<LogEvidence | null>;
  /**
   * What this node's log has published, with everything that was appended before the call; null: there is nothing. Rejects with
   * `integrity-failed` where the log is damaged; so does a walk through it.
   */
  published(): Promise<PublishedLog | null>;
  /** Signs a text of the house, which is never one that a checkpoint has. */
  attest(text: string): Promise<readonly Attestation[]>;
  /** Ends after everything that was appended is durable and a signed checkpoint covers it. */
  close(): Promise<void>;
}

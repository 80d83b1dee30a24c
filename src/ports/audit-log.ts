import type { AuditEvent } from '#domain';

/** How a log is doing. */
export type LogHealth = {
  readonly writable: boolean;
  /** Why not, where it is not. */
  readonly problem: string | null;
  readonly size: number;
};

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
  /** Ends after everything that was appended is durable and a signed checkpoint covers it. */
  close(): Promise<void>;
}

import type { ProtectionTier } from '#domain';
import type { WrappedMaterial } from './material.ts';

/** What an operator should know of a root of trust. */
export type RootDescription = {
  /** The kind, e.g. `file` or `passphrase`. */
  readonly kind: string;
  /** Where it is, in words that may be shown and logged. */
  readonly where: string;
  /** The tier of keys under this root. */
  readonly tier: ProtectionTier;
};

/**
 * What holds the root key. It wraps and unwraps environment key-encryption keys (32 bytes) and never gives the root key
 * away. Rejects with `root-unavailable` (may be tried again) or a StopError `root-refused` (must not be).
 */
export interface RootOfTrust {
  describe(): RootDescription;
  /** `context` is authenticated: the same words are needed to unwrap. The caller keeps and wipes `secret`. */
  wrap(secret: Uint8Array, context: string): Promise<WrappedMaterial>;
  /** The caller wipes the result. */
  unwrap(wrapped: WrappedMaterial, context: string): Promise<Uint8Array>;
  /** Whether it answers, for roots that can be away; rejects with `root-unavailable`. Absent: it is in memory. */
  readonly probe?: () => Promise<void>;
  close(): Promise<void>;
}

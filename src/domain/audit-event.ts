import type { ErrorCode } from './errors.ts';
import type { Instant } from './key.ts';

/** What the log keeps of one operation. It never holds plaintext, ciphertext or secrets. */
export type AuditEvent = {
  /** UUID; also the request id that the caller is told. */
  readonly id: string;
  readonly at: Instant;
  readonly node: string;
  readonly environment: string;
  /** Name of the principal; `-` where nobody was authenticated. */
  readonly principal: string;
  /** Operation name, e.g. `keys.encrypt`. */
  readonly operation: string;
  readonly outcome: 'success' | 'refused' | 'failed';
  /** The error code of a refused or failed operation, else null. */
  readonly reason: ErrorCode | null;
  readonly keyId: string | null;
  readonly keyVersion: number | null;
  /** The second key of an operation with two (re-encryption: the destination). */
  readonly otherKeyId: string | null;
  readonly protocol: string;
  /** The operation in the protocol's own word, e.g. `Encrypt`. */
  readonly protocolOperation: string;
  readonly region: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** SHA-256 of the canonical encryption context, hexadecimal; null where there was none. */
  readonly contextDigest: string | null;
  /** Further plain facts of a management operation (what was changed), bounded and free of secrets. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>> | null;
};

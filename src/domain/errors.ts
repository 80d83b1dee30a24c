/**
 * Every failure that the core can name. Protocols map these codes to their own wire errors in one table each;
 * `docs/errors.md` explains each code, and a test fails on a code that is missing there.
 */
export const errorCodes = [
  // who asks
  'not-authenticated',
  'signature-mismatch',
  'credential-unknown',
  'credential-expired',
  'request-expired',
  'login-refused',
  'access-denied',
  // what is asked
  'input-invalid',
  'input-too-large',
  'operation-unsupported',
  'key-not-found',
  'name-not-found',
  'name-taken',
  'name-invalid',
  'environment-not-found',
  'environment-taken',
  'principal-not-found',
  'principal-taken',
  'page-marker-invalid',
  'tag-invalid',
  'policy-malformed',
  'policy-lockout',
  'limit-exceeded',
  // who else must say so
  'approval-pending',
  'approval-not-found',
  'view-not-found',
  'approval-closed',
  // a key's life
  'key-suspended',
  'key-destruction-scheduled',
  'key-destroyed',
  'key-state-forbids',
  'key-lacks-material',
  'transition-refused',
  'version-below-floor',
  'version-unexpected',
  'purpose-forbids',
  'algorithm-forbids',
  'crypto-period-over',
  'period-policy-forbids',
  'period-policy-stops',
  'usage-limit-reached',
  // what the cryptography says
  'ciphertext-invalid',
  'key-mismatch',
  'signature-invalid',
  'mac-invalid',
  'public-key-invalid',
  'import-token-invalid',
  'import-token-expired',
  'material-unsuitable',
  // what the house says
  'dry-run',
  'conflict',
  'audit-unavailable',
  'store-unavailable',
  'root-unavailable',
  'root-refused',
  'sealed',
  'share-invalid',
  'share-repeated',
  'share-foreign',
  'shares-insufficient',
  'integrity-failed',
  'busy',
  'shutting-down',
  'configuration-invalid',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * The one base class of every error that Claviger raises on purpose. The message is written for the caller:
 * it holds no secret, no internal path, and names the rule that was broken. `cause` keeps the inner error for the log.
 */
export class ClavigerError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** Plain facts for the record alone: who asked is not told. */
  readonly recorded: Readonly<Record<string, string | number | boolean | null>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails; recorded?: ClavigerError['recorded'] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClavigerError';
    this.recorded = options.recorded ?? {};
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * An error that means *stop*: trying again would do harm (a wrong passphrase or PIN, a root key that does not match the
 * store, a log that was tampered with). No retry may swallow it and no caller may read it as absence.
 */
export class StopError extends ClavigerError {
  readonly stop = true;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(code, message, options);
    this.name = 'StopError';
  }
}

/** True for an error of ours with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is ClavigerError {
  return error instanceof ClavigerError && error.code === code;
}

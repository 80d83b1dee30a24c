import type { ClavigerError, ErrorCode } from '#domain';

/** An error in the protocol's own words. */
export class VaultError extends Error {
  readonly status: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];

  constructor(status: number, errors: string | readonly string[], warnings: readonly string[] = []) {
    const list = typeof errors === 'string' ? [errors] : errors;
    super(list.join('; '));
    this.name = 'VaultError';
    this.status = status;
    this.errors = list;
    this.warnings = warnings;
  }
}

/** Nothing is there: 404 without a word. */
export const absent = (...warnings: readonly string[]): VaultError => new VaultError(404, [], warnings);

/** What clients take for the end of a token. */
export const permissionDenied = 'permission denied';
//= vault: a denial by policy is told as one error of a list of errors
const deniedByPolicy = '1 error occurred:\n\t* permission denied\n\n';

type Wire = { readonly status: number; readonly text?: string };

/** The one table from the codes of the core to statuses and words of this protocol; without words the message of the error is told. */
const wireErrors: Readonly<Record<ErrorCode, Wire>> = Object.freeze({
  __proto__: null as never,
  'not-authenticated': { status: 403, text: permissionDenied },
  'signature-mismatch': { status: 403, text: permissionDenied },
  'credential-unknown': { status: 403, text: permissionDenied },
  'credential-expired': { status: 403, text: permissionDenied },
  'request-expired': { status: 403, text: permissionDenied },
  'login-refused': { status: 400 },
  'access-denied': { status: 403, text: deniedByPolicy },
  'input-invalid': { status: 400 },
  'input-too-large': { status: 413 },
  'operation-unsupported': { status: 400 },
  'key-not-found': { status: 400 },
  'name-not-found': { status: 400 },
  'name-taken': { status: 400 },
  'name-invalid': { status: 400 },
  'environment-not-found': { status: 400 },
  'environment-taken': { status: 400 },
  'principal-not-found': { status: 400 },
  'principal-taken': { status: 400 },
  'page-marker-invalid': { status: 400 },
  'tag-invalid': { status: 400 },
  'policy-malformed': { status: 400 },
  'policy-lockout': { status: 400 },
  'limit-exceeded': { status: 400 },
  // no client tries a 403 again, and none takes these words for the end of its token
  'approval-pending': { status: 403 },
  'approval-not-found': { status: 400 },
  'view-not-found': { status: 404 },
  'approval-closed': { status: 400 },
  'key-suspended': { status: 400 },
  'key-destruction-scheduled': { status: 400 },
  'key-destroyed': { status: 400 },
  'key-state-forbids': { status: 400 },
  'key-lacks-material': { status: 400 },
  'transition-refused': { status: 400 },
  'version-below-floor': {
    status: 400,
    text: 'ciphertext or signature version is disallowed by policy (too old)',
  },
  'version-unexpected': { status: 400 },
  'purpose-forbids': { status: 400 },
  'algorithm-forbids': { status: 400 },
  'crypto-period-over': { status: 400 },
  'period-policy-forbids': { status: 400 },
  'period-policy-stops': { status: 400 },
  'usage-limit-reached': { status: 400 },
  'ciphertext-invalid': { status: 400, text: 'cipher: message authentication failed' },
  'key-mismatch': { status: 400 },
  'signature-invalid': { status: 400 },
  'mac-invalid': { status: 400 },
  'public-key-invalid': { status: 400 },
  'import-token-invalid': { status: 400 },
  'import-token-expired': { status: 400 },
  'material-unsuitable': { status: 400 },
  'dry-run': { status: 400 },
  // clients try this again by themselves
  conflict: { status: 412 },
  'audit-unavailable': { status: 500 },
  'store-unavailable': { status: 500 },
  'root-unavailable': { status: 503 },
  'root-refused': { status: 503 },
  sealed: { status: 503, text: 'Vault is sealed' },
  'share-invalid': { status: 400 },
  'share-repeated': { status: 400 },
  'share-foreign': { status: 400 },
  'shares-insufficient': { status: 400 },
  'integrity-failed': { status: 500, text: 'internal error' },
  busy: { status: 429 },
  'shutting-down': { status: 503 },
  'configuration-invalid': { status: 500, text: 'internal error' },
  internal: { status: 500, text: 'internal error' },
});

/** An error of the core in the words of this protocol. */
export function vaultError(error: ClavigerError): VaultError {
  const { status, text } = wireErrors[error.code];
  const isTold = error.code === 'ciphertext-invalid' && error.message.startsWith('invalid ciphertext');
  return new VaultError(status, isTold ? error.message : (text ?? error.message));
}

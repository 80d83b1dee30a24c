import type { ClavigerError, ErrorCode } from '#domain';
import type { HttpResponse } from '#ports';

/** The HTTP status of each code of the core: the one table of this protocol. */
export const statuses: Readonly<Record<ErrorCode, number>> = Object.freeze({
  __proto__: null as never,
  'not-authenticated': 401,
  'signature-mismatch': 401,
  'credential-unknown': 401,
  'credential-expired': 401,
  'request-expired': 401,
  'login-refused': 401,
  'access-denied': 403,
  'input-invalid': 400,
  'input-too-large': 413,
  'operation-unsupported': 422,
  'key-not-found': 404,
  'name-not-found': 404,
  'name-taken': 409,
  'name-invalid': 400,
  'environment-not-found': 404,
  'environment-taken': 409,
  'principal-not-found': 404,
  'principal-taken': 409,
  'page-marker-invalid': 400,
  'tag-invalid': 400,
  'policy-malformed': 400,
  'policy-lockout': 409,
  'limit-exceeded': 409,
  'approval-pending': 409,
  'approval-not-found': 404,
  'view-not-found': 404,
  'approval-closed': 409,
  'key-suspended': 409,
  'key-destruction-scheduled': 409,
  'key-destroyed': 410,
  'key-state-forbids': 409,
  'key-lacks-material': 409,
  'transition-refused': 409,
  'version-below-floor': 409,
  'period-policy-forbids': 409,
  'period-policy-stops': 409,
  'version-unexpected': 409,
  'purpose-forbids': 409,
  'algorithm-forbids': 409,
  'crypto-period-over': 409,
  'usage-limit-reached': 409,
  'ciphertext-invalid': 422,
  'key-mismatch': 422,
  'signature-invalid': 422,
  'mac-invalid': 422,
  'public-key-invalid': 422,
  'import-token-invalid': 422,
  'import-token-expired': 422,
  'material-unsuitable': 422,
  'dry-run': 412,
  conflict: 409,
  'audit-unavailable': 503,
  'store-unavailable': 503,
  'root-unavailable': 503,
  'root-refused': 503,
  sealed: 503,
  'share-invalid': 400,
  'share-repeated': 409,
  'share-foreign': 409,
  'shares-insufficient': 409,
  'integrity-failed': 500,
  busy: 429,
  'shutting-down': 503,
  'configuration-invalid': 500,
  internal: 500,
});

const hidden: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'integrity-failed',
  'configuration-invalid',
]);

//= rfc9457 3.1: problem details
/** An error as problem details; what only concerns the house is not told. */
export function problem(error: ClavigerError, requestId: string): HttpResponse {
  const status = statuses[error.code];
  const detail = hidden.has(error.code)
    ? 'An internal error happened; the server log has the request id.'
    : error.message;
  const title = error.code.replaceAll('-', ' ');
  const body = {
    type: `urn:claviger:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail,
    requestId,
    ...(error.code === 'approval-pending' ? { approval: error.details['approval'] } : {}),
  };
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="claviger"' } : {}),
    },
    body: JSON.stringify(body),
  };
}

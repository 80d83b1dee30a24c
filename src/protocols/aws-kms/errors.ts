import type { ClavigerError, ErrorCode } from '#domain';

/** How an error of the core is said on the wire. */
type WireError = {
  readonly type: string;
  readonly status: number;
  /** The message; absent: the core's own. */
  readonly message?: (error: ClavigerError) => string;
};

const nothing = () => '';
const mismatch = () =>
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
  'and signing method. Consult the service documentation for details.';
const unknownToken = () => 'The security token included in the request is invalid.';
const internal = () => 'The request was rejected because of an internal failure. The request can be retried.';

function client(type: string, message?: WireError['message']): WireError {
  return Object.freeze({ type, status: 400, ...(message ? { message } : {}) });
}

function fault(type: string, message: WireError['message'] = internal): WireError {
  return Object.freeze({ type, status: 500, message });
}

function denied({ details }: ClavigerError): string {
  const { principalArn, action, resource, reason } = details;
  if (!principalArn) {
    return 'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';
  }
  const why =
    reason === 'explicit-deny'
      ? 'with an explicit deny in a resource-based policy'
      : `because no identity-based policy allows the ${String(action)} action`;
  return `User: ${String(principalArn)} is not authorized to perform: ${String(action)} on resource: ${String(resource)} ${why}`;
}

/** The one table from the codes of the core to the errors of AWS KMS. */
export const wireErrors: Readonly<Record<ErrorCode, WireError>> = Object.freeze({
  __proto__: null as never,
  'not-authenticated': client('MissingAuthenticationTokenException', () => 'Missing Authentication Token'),
  'signature-mismatch': client('InvalidSignatureException', mismatch),
  'credential-unknown': client('UnrecognizedClientException', unknownToken),
  'credential-expired': client(
    'ExpiredTokenException',
    () => 'The security token included in the request is expired',
  ),
  'request-expired': client(
    'InvalidSignatureException',
    ({ details }) => `Signature ${String(details['side'])}: ${String(details['stamp'])}`,
  ),
  'access-denied': client('AccessDeniedException', denied),
  'input-invalid': client('ValidationException'),
  'input-too-large': client('ValidationException'),
  'operation-unsupported': client('UnsupportedOperationException'),
  'key-not-found': client('NotFoundException'),
  'name-not-found': client('NotFoundException'),
  'name-taken': client('AlreadyExistsException'),
  'name-invalid': client('InvalidAliasNameException'),
  'environment-not-found': client('NotFoundException'),
  'environment-taken': client('AlreadyExistsException'),
  'principal-not-found': client('NotFoundException'),
  'principal-taken': client('AlreadyExistsException'),
  'page-marker-invalid': client('InvalidMarkerException', () => 'Invalid marker'),
  'tag-invalid': client('TagException'),
  'policy-malformed': client('MalformedPolicyDocumentException'),
  'policy-lockout': client('MalformedPolicyDocumentException'),
  'limit-exceeded': client('LimitExceededException'),
  'key-suspended': client('DisabledException'),
  'key-destruction-scheduled': client('KMSInvalidStateException'),
  'key-destroyed': client('NotFoundException'),
  'key-state-forbids': client('KMSInvalidStateException'),
  'transition-refused': client('KMSInvalidStateException'),
  'purpose-forbids': client('InvalidKeyUsageException'),
  'algorithm-forbids': client('InvalidKeyUsageException'),
  'crypto-period-over': client('KMSInvalidStateException'),
  'usage-limit-reached': client('KMSInvalidStateException'),
  'ciphertext-invalid': client('InvalidCiphertextException', nothing),
  'key-mismatch': client('IncorrectKeyException'),
  'signature-invalid': client('KMSInvalidSignatureException', nothing),
  'mac-invalid': client('KMSInvalidMacException', nothing),
  'public-key-invalid': client('ValidationException'),
  'dry-run': client('DryRunOperationException'),
  conflict: client('ConflictException'),
  'audit-unavailable': fault('KMSInternalException'),
  'store-unavailable': fault(
    'DependencyTimeoutException',
    () => 'The system timed out while trying to fulfill the request. You can retry the request.',
  ),
  'root-unavailable': fault(
    'DependencyTimeoutException',
    () => 'The system timed out while trying to fulfill the request. You can retry the request.',
  ),
  'root-refused': fault('KMSInternalException'),
  'integrity-failed': fault('KMSInternalException'),
  busy: client('ThrottlingException', () => 'Rate exceeded'),
  'shutting-down': {
    type: 'ServiceUnavailableException',
    status: 503,
    message: () => 'The server is shutting down.',
  },
  'configuration-invalid': fault('KMSInternalException'),
  internal: fault('KMSInternalException'),
});

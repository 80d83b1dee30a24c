import { awsAlgorithmName, awsSpecName, awsUsageName } from '#access';
import { ClavigerError, type AlgorithmName, type ErrorCode, type KeySpec, type KeyUsage } from '#domain';
import { keyArn } from '#operations';
import { AwsError } from './aws-error.ts';

/** The request that an error answers, as far as it was understood. */
export type Where = { readonly operation: string; readonly accountId: string; readonly region: string };

type Message = (error: ClavigerError, where: Where) => string;

/** How an error of the core is said on the wire. */
type WireError = {
  readonly type: string;
  readonly status: number;
  /** The message; absent: the core's own. */
  readonly message?: Message;
};

const nothing = () => '';
const mismatch: Message = ({ details, message }) =>
  details['field'] === 'scope'
    ? message
    : 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.';
const unknownToken = () => 'The security token included in the request is invalid.';
const internal = () => 'The request was rejected because of an internal failure. The request can be retried.';

function arnOf({ details }: ClavigerError, { accountId, region }: Where): string {
  return keyArn(accountId, { id: String(details['id']), region });
}

const missingKey: Message = (error, where) => {
  const { id, region } = error.details;
  if (region !== undefined) return `Invalid arn ${String(region)}`;
  return id === undefined ? error.message : `Key '${arnOf(error, where)}' does not exist`;
};

const missingAlias: Message = ({ details }, { accountId, region }) =>
  `Alias arn:aws:kms:${region}:${accountId}:alias/${String(details['name'])} is not found.`;

/** The state of a key that is in the way. */
function keyIs(state: string): Message {
  return (error, where) => `${arnOf(error, where)} is ${state}.`;
}

const otherState: Message = (error, where) =>
  where.operation === 'CancelKeyDeletion' ? keyIs('not pending deletion')(error, where) : error.message;

const otherUsage: Message = (error, where) => {
  const { usage, wanted } = error.details;
  if (wanted === undefined) return 'You cannot generate a data key with an asymmetric CMK';
  return `${arnOf(error, where)} key usage is ${awsUsageName(usage as KeyUsage)} which is not valid for ${where.operation}.`;
};

const otherAlgorithm: Message = ({ details, message }) => {
  const { spec, algorithm } = details;
  // what FIPS mode refuses, it refuses for every spec
  if (spec === undefined) return message;
  const named = algorithm === undefined ? 'SYMMETRIC_DEFAULT' : awsAlgorithmName(algorithm as AlgorithmName);
  return `Algorithm ${named} is incompatible with key spec ${awsSpecName(spec as KeySpec)}.`;
};

const otherKey = () => 'The key ID in the request does not identify a CMK that can perform this operation.';

const invalidInput: Message = (error) => {
  const { bytesMax, algorithm, spec, field } = error.details;
  if (bytesMax !== undefined) {
    const named = awsAlgorithmName(algorithm as AlgorithmName);
    return `Algorithm ${named} and key spec ${awsSpecName(spec as KeySpec)} cannot encrypt data larger than ${String(bytesMax)} bytes.`;
  }
  if (field === 'context' && spec !== undefined) {
    return 'EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.';
  }
  return error.message;
};

function client(type: string, message?: WireError['message']): WireError {
  return Object.freeze({ type, status: 400, ...(message ? { message } : {}) });
}

function fault(type: string, message: WireError['message'] = internal): WireError {
  return Object.freeze({ type, status: 500, message });
}

const denied: Message = ({ details }, where) => {
  const { principalArn, action, resource, reason, accountId } = details;
  if (accountId !== undefined) {
    const why =
      'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
    return `The caller is not authorized to perform: kms:${where.operation} on a resource of account ${String(accountId)} ${why}`;
  }
  if (!principalArn) {
    return 'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';
  }
  const why =
    reason === 'explicit-deny'
      ? 'with an explicit deny in a resource-based policy'
      : `because no identity-based policy allows the ${String(action)} action`;
  return `User: ${String(principalArn)} is not authorized to perform: ${String(action)} on resource: ${String(resource)} ${why}`;
};

/** The one table from the codes of the core to the errors of AWS KMS. */
const wireErrors: Readonly<Record<ErrorCode, WireError>> = Object.freeze({
  __proto__: null as never,
  'not-authenticated': client('MissingAuthenticationTokenException', () => 'Missing Authentication Token'),
  'signature-mismatch': client('InvalidSignatureException', mismatch),
  'credential-unknown': client('UnrecognizedClientException', unknownToken),
  'credential-expired': client(
    'ExpiredTokenException',
    () => 'The security token included in the request is expired',
  ),
  'login-refused': client('UnrecognizedClientException', unknownToken),
  // said in AWS's words, which clients look into to correct their clock
  'request-expired': client('InvalidSignatureException'),
  'access-denied': client('AccessDeniedException', denied),
  'input-invalid': client('ValidationException', invalidInput),
  'input-too-large': client('ValidationException'),
  'operation-unsupported': client('UnsupportedOperationException', ({ details, message }) =>
    details['mode'] === 'fips' ? message : '',
  ),
  'key-not-found': client('NotFoundException', missingKey),
  'name-not-found': client('NotFoundException', missingAlias),
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
  // an error of every operation, which no client tries again by itself and none takes for success
  'approval-pending': client('AccessDeniedException'),
  'approval-not-found': client('NotFoundException'),
  'view-not-found': client('NotFoundException'),
  'approval-closed': client('KMSInvalidStateException'),
  'key-suspended': client('DisabledException', keyIs('disabled')),
  'key-destruction-scheduled': client('KMSInvalidStateException', keyIs('pending deletion')),
  'key-destroyed': client('NotFoundException', missingKey),
  'key-state-forbids': client('KMSInvalidStateException', otherState),
  'key-lacks-material': client('KMSInvalidStateException', keyIs('pending import')),
  'transition-refused': client('KMSInvalidStateException'),
  'version-below-floor': client('KMSInvalidStateException'),
  'version-unexpected': client('KMSInvalidStateException'),
  'purpose-forbids': client('InvalidKeyUsageException', otherUsage),
  'algorithm-forbids': client('InvalidKeyUsageException', otherAlgorithm),
  'crypto-period-over': client('KMSInvalidStateException'),
  'period-policy-forbids': client('UnsupportedOperationException'),
  'period-policy-stops': client('KMSInvalidStateException'),
  'usage-limit-reached': client('KMSInvalidStateException'),
  'ciphertext-invalid': client('InvalidCiphertextException', nothing),
  'key-mismatch': client('IncorrectKeyException', otherKey),
  'signature-invalid': client('KMSInvalidSignatureException', nothing),
  'mac-invalid': client('KMSInvalidMacException', nothing),
  'public-key-invalid': client(
    'ValidationException',
    () => 'The public key is not valid, or not of the curve of the KMS key.',
  ),
  'import-token-invalid': client('InvalidImportTokenException', nothing),
  'import-token-expired': client('ExpiredImportTokenException', nothing),
  'material-unsuitable': client('IncorrectKeyMaterialException'),
  'dry-run': client('DryRunOperationException'),
  // somebody else changed the same thing at the same time: clients of AWS try this again by themselves
  conflict: client('ThrottlingException', () => 'Rate exceeded'),
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
  // SDKs try a 503 again by themselves, a few times, and then tell it
  sealed: { type: 'ServiceUnavailableException', status: 503 },
  // no operation of this protocol takes shares
  'share-invalid': fault('KMSInternalException'),
  'share-repeated': fault('KMSInternalException'),
  'share-foreign': fault('KMSInternalException'),
  'shares-insufficient': fault('KMSInternalException'),
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

/** What AWS calls an error of the core, as its own records do. */
export function errorTypeOf(code: ErrorCode): string {
  return wireErrors[code].type;
}

const nowhere: Where = Object.freeze({ operation: '', accountId: '', region: '' });

/** Any failure as an error in AWS's words. */
export function wireErrorOf(error: unknown, where: Where = nowhere): AwsError {
  if (error instanceof AwsError) return error;
  const known = error instanceof ClavigerError ? error : new ClavigerError('internal', '', { cause: error });
  if (known.code === 'input-invalid' && known.details['field'] === 'authorization') {
    return new AwsError('IncompleteSignatureException', known.message);
  }
  const { type, status, message } = wireErrors[known.code];
  return new AwsError(type, message ? message(known, where) : known.message, status);
}

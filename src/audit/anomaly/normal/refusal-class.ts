import type { ErrorCode } from '#domain';
import type { RefusalClass } from './usage-event.ts';

const byReason: Readonly<Partial<Record<ErrorCode, RefusalClass>>> = {
  'access-denied': 'denied',
  'not-authenticated': 'denied',
  'signature-mismatch': 'denied',
  'credential-unknown': 'denied',
  'credential-expired': 'denied',
  'login-refused': 'denied',
  'ciphertext-invalid': 'unreadable',
  'key-mismatch': 'unreadable',
  'signature-invalid': 'unreadable',
  'mac-invalid': 'unreadable',
  'key-suspended': 'state',
  'key-destruction-scheduled': 'state',
  'key-destroyed': 'state',
  'key-state-forbids': 'state',
  'version-below-floor': 'state',
  'crypto-period-over': 'state',
  'period-policy-stops': 'state',
  'usage-limit-reached': 'state',
  'purpose-forbids': 'purpose',
  'algorithm-forbids': 'purpose',
  'key-not-found': 'absent',
  'name-not-found': 'absent',
  'store-unavailable': 'house',
  'audit-unavailable': 'house',
  'root-unavailable': 'house',
  'shutting-down': 'house',
  busy: 'house',
  conflict: 'house',
  sealed: 'house',
  internal: 'house',
};

export function refusalOfReason(reason: string): RefusalClass {
  return Object.hasOwn(byReason, reason) ? (byReason[reason as ErrorCode] ?? 'other') : 'other';
}

const byErrorCode: ReadonlyMap<string, RefusalClass> = new Map([
  ['AccessDenied', 'denied'],
  ['AccessDeniedException', 'denied'],
  ['UnrecognizedClientException', 'denied'],
  ['InvalidCiphertextException', 'unreadable'],
  ['IncorrectKeyException', 'unreadable'],
  ['KMSInvalidSignatureException', 'unreadable'],
  ['KMSInvalidMacException', 'unreadable'],
  ['DisabledException', 'state'],
  ['KMSInvalidStateException', 'state'],
  ['InvalidKeyUsageException', 'purpose'],
  ['NotFoundException', 'absent'],
  ['ThrottlingException', 'house'],
  ['KMSInternalException', 'house'],
  ['DependencyTimeoutException', 'house'],
  ['KeyUnavailableException', 'house'],
]);

/** The class of CloudTrail's `errorCode`, with or without the suffix `Exception`. */
export function refusalOfErrorCode(code: string): RefusalClass {
  return byErrorCode.get(code) ?? byErrorCode.get(`${code}Exception`) ?? 'other';
}

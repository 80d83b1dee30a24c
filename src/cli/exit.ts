import { ClavigerApiError, EnvelopeError } from '#sdk';

/** Exit codes, with what each says; `claviger help exit-codes` lists them. */
export const exitTable = [
  ['ok', 0, 'done'],
  ['failed', 1, 'it failed; the message says why'],
  ['usage', 2, 'the command line or the configuration is wrong; nothing was done'],
  ['notFound', 3, 'there is no such key, name, file ...'],
  ['denied', 4, 'no token, a wrong one, or it may not do this'],
  ['conflict', 5, 'the state of things forbids it: a key is suspended, a name is taken, a file is there'],
  ['unavailable', 6, 'no server answers, or it can not work now'],
  ['verificationFailed', 8, 'a signature, file or log is not what it claims to be'],
  ['timeout', 124, 'no answer in time; whether it was done is unknown'],
  ['interrupted', 130, 'stopped by Ctrl-C'],
  ['pipeClosed', 141, 'who read the output went away'],
] as const;

type ExitName = (typeof exitTable)[number][0];

export const exitCodes = Object.freeze(
  Object.fromEntries(exitTable.map(([name, code]) => [name, code])),
) as Readonly<Record<ExitName, number>>;

/** A failure with what to do next. */
export class CliError extends Error {
  readonly exit: number;
  readonly next: string | null;

  constructor(exit: number, message: string, next: string | null = null) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.next = next;
  }
}

const byStatus: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  413: exitCodes.usage,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  410: exitCodes.conflict,
  429: exitCodes.unavailable,
  503: exitCodes.unavailable,
};

/** By code, where the code says more than the status, and for errors of the server's own parts. */
const byCode: Readonly<Record<string, number>> = {
  timeout: exitCodes.timeout,
  unreachable: exitCodes.unavailable,
  'ciphertext-invalid': exitCodes.verificationFailed,
  'key-mismatch': exitCodes.verificationFailed,
  'signature-invalid': exitCodes.verificationFailed,
  'mac-invalid': exitCodes.verificationFailed,
  'integrity-failed': exitCodes.verificationFailed,
  'configuration-invalid': exitCodes.usage,
  'input-invalid': exitCodes.usage,
  'store-unavailable': exitCodes.unavailable,
  'root-unavailable': exitCodes.unavailable,
  'audit-unavailable': exitCodes.unavailable,
  sealed: exitCodes.unavailable,
  conflict: exitCodes.conflict,
  EADDRINUSE: exitCodes.conflict,
};

const nextByCode: Readonly<Record<string, string>> = {
  unreachable:
    'start the server (npm start, or claviger serve), or set CLAVIGER_ADDR; claviger doctor looks closer',
  timeout: 'claviger status; look whether it was done before you repeat it',
  'not-claviger': 'set CLAVIGER_ADDR to the address of a Claviger server',
  'not-authenticated': 'set CLAVIGER_TOKEN, or source credentials.env of the server',
  'credential-unknown': 'set CLAVIGER_TOKEN, or source credentials.env of the server',
  'credential-expired': 'have an administrator make a new one: claviger principal token NAME',
  'access-denied': 'ask an administrator for a role, or for a statement in the policy of the key',
  'key-not-found': 'claviger key list',
  'secret-not-found': 'claviger secret list',
  'name-not-found': 'claviger key list, or claviger name list',
  'approval-pending': 'claviger approval list; when enough have approved, repeat this',
  'approval-not-found': 'claviger approval list',
  'view-not-found': 'claviger inventory view list',
  'approval-closed': 'ask for the operation again',
  'principal-not-found': 'claviger principal list',
  'environment-not-found': 'claviger environment list',
  'name-taken': 'choose another name, or claviger name move NAME KEY',
  'key-suspended': 'claviger key enable KEY, if that is right',
  'key-destruction-scheduled': 'claviger key cancel-destroy KEY, while there is time',
  'crypto-period-over': 'claviger key rotate KEY',
  'period-policy-stops': 'claviger period policy show; then claviger key create with another spec',
  'usage-limit-reached': 'claviger key rotate KEY',
  sealed: 'claviger unseal; claviger seal-status tells how many shares are wanted',
  'share-foreign': 'claviger seal-status tells which set is wanted',
  'audit-unavailable': 'free or mend the disk of the audit log; claviger doctor looks closer',
  'configuration-invalid': 'claviger config show',
  EADDRINUSE: 'stop what listens there (claviger doctor), or set CLAVIGER_LISTEN',
  EACCES: 'run as the user of the server; claviger doctor looks closer',
};

const certificateTrouble = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function exitOf(error: unknown): number {
  if (error instanceof CliError) return error.exit;
  if (error instanceof EnvelopeError) return exitCodes.verificationFailed;
  const known = byCode[codeOf(error)];
  if (known !== undefined) return known;
  return error instanceof ClavigerApiError ? (byStatus[error.status] ?? exitCodes.failed) : exitCodes.failed;
}

function nextOf(error: unknown): string | null {
  if (error instanceof CliError) return error.next;
  if (error instanceof ClavigerApiError && certificateTrouble.test(error.message))
    return 'set CLAVIGER_CACERT to a PEM file with the certificate of its authority';
  return nextByCode[codeOf(error)] ?? null;
}

/** Says an error on stderr and returns the exit code. */
export function tellError(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`claviger: ${message}\n`);
  const next = nextOf(error);
  if (next) process.stderr.write(`  next: ${next}\n`);
  if (error instanceof ClavigerApiError && error.requestId)
    process.stderr.write(`  request: ${error.requestId}\n`);
  return exitOf(error);
}

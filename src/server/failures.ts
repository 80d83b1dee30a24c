import type { ClavigerError, ErrorCode } from '#domain';
import type { DoorObserver } from '#operations';
import type { FailureListener, RequestFailure } from '#ports';
import { describeError, type Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { createThrottle } from './throttle.ts';

/**
 * Says in the server's log what callers are not told, and what never comes to the door and so to the audit log: callers that
 * prove nothing, and faults of the house. Both are bounded, for nobody has to be known to cause them.
 */
export type Failures = {
  readonly failed: NonNullable<DoorObserver['failed']>;
  readonly answered: FailureListener;
};

type Parts = { readonly logger: Logger; readonly metrics: Metrics; readonly now?: () => number };

const unproven: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'not-authenticated',
  'signature-mismatch',
  'credential-unknown',
  'credential-expired',
  'request-expired',
]);

const houseFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'integrity-failed',
  'configuration-invalid',
  'store-unavailable',
  'root-unavailable',
  'root-refused',
  'audit-unavailable',
]);

function provesNothing({ code, details }: ClavigerError): boolean {
  return unproven.has(code) || (code === 'input-invalid' && details['field'] === 'authorization');
}

/** What may be an access key id; what may be a secret that stands in its place is never one. */
function claimedAccessKey({ request }: RequestFailure): string | null {
  const { rawHeaders } = request;
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization');
  return /Credential=([A-Z0-9_]{4,32})\//.exec(rawHeaders[at + 1] ?? '')?.[1] ?? null;
}

export function createFailures({ logger, metrics, now = () => performance.now() }: Parts): Failures {
  const count = metrics.count(
    'claviger_unauthenticated_requests_total',
    'Requests whose caller was not recognised.',
    ['protocol', 'reason'],
  );
  const mayWarn = createThrottle({ burst: 20, perSecond: 1 }, now);
  const mayReport = createThrottle({ burst: 100, perSecond: 10 }, now);
  // an error of the door comes by again when the protocol answers with it
  const told = new WeakSet<ClavigerError>();

  function report(facts: { requestId: string; protocol?: string; operation?: string }, error: ClavigerError) {
    told.add(error);
    const heldBack = mayReport();
    if (heldBack === null) return;
    logger.error('a request failed', { ...facts, heldBack, code: error.code, error: describeError(error) });
  }

  return {
    failed: (requestId, operation, error) => report({ requestId, operation }, error),

    answered(failure) {
      const { protocol, requestId, request, error } = failure;
      if (provesNothing(error)) {
        const reason = error.code === 'input-invalid' ? 'malformed' : error.code;
        count(protocol, reason);
        const heldBack = mayWarn();
        if (heldBack === null) return;
        const accessKeyId = claimedAccessKey(failure);
        const facts = {
          requestId,
          protocol,
          reason,
          sourceAddress: request.remoteAddress,
          accessKeyId,
          heldBack,
        };
        logger.warn('a caller was not recognised', facts);
      } else if (houseFaults.has(error.code) && !told.has(error)) {
        report({ requestId, protocol }, error);
      }
    },
  };
}

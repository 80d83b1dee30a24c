import { ClavigerError } from '#domain';
import type { Caller } from './operation.ts';

/**
 * Refuses to write where what was presumed does not hold when it is read for the change: who may only make things changes none that
 * somebody else made meanwhile. The change itself is conditional on the same reading. Throws `access-denied`.
 */
export function requirePresumed({ presumes }: Caller, isThere: boolean): void {
  if (presumes === undefined || (presumes === 'there') === isThere) return;
  throw new ClavigerError(
    'access-denied',
    'The policy allows it only where what is written is not there, or is.',
    {
      recorded: { presumed: presumes },
    },
  );
}

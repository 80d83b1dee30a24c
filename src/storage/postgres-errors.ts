import { ClavigerError } from '#domain';
import { type BrokenRule, ConstraintError, damaged, GaveWayError, unavailable } from './driver.ts';

const rules: ReadonlyMap<string, BrokenRule> = new Map([
  ['23505', 'unique'],
  ['23503', 'reference'],
]);
/** Serialization failure, deadlock. */
const gaveWay: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Damaged data or index. */
const damage: ReadonlySet<string> = new Set(['XX001', 'XX002']);
/** Text or numbers that no column can hold. */
const unfit: ReadonlySet<string> = new Set(['22021', '22003', '22P05', '22P02']);
/** A statement in a transaction that has failed before. */
const afterFailure = '25P02';

/** Whether the server answered with an error and the connection is whole: 57P is the server's farewell. */
export function isServerError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return /^[0-9A-Z]{5}$/.test(error.code) && !error.code.startsWith('57P');
}

/**
 * PostgreSQL's error in the words of the driver; everything that is not understood is `store-unavailable`.
 */
export function translatePostgres(error: unknown): unknown {
  if (error instanceof ClavigerError || error instanceof ConstraintError || error instanceof GaveWayError)
    return error;
  const state = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (gaveWay.has(state)) return new GaveWayError(error);
  if (damage.has(state)) return damaged(error);
  if (unfit.has(state))
    return new ClavigerError('input-invalid', "The store can't hold this text or number.", { cause: error });
  if (state === afterFailure) return new Error('the transaction has failed', { cause: error });
  if (state.startsWith('23')) return new ConstraintError(rules.get(state) ?? 'other', error);
  // a mistake of the program stays what it is
  if (error instanceof TypeError || error instanceof RangeError) return error;
  return unavailable(error);
}

import { type BrokenRule, ConstraintError, damaged, unavailable } from './driver.ts';

const constraint = 19;
const corrupt = 11;
const notADatabase = 26;
const rules: ReadonlyMap<number, BrokenRule> = new Map([
  [2067, 'unique'],
  [1555, 'unique'],
  [787, 'reference'],
]);

/** The result code that SQLite gave, extended; null for an error that is not SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

/** Whether another connection holds what was wanted. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== null && ((code & 0xff) === 5 || (code & 0xff) === 6);
}

/** SQLite's error in the words of the driver; an error that is not SQLite's is given back as it is. */
export function translateSqlite(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null) {
    const closed = error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
    return closed ? unavailable(error) : error;
  }
  const primary = code & 0xff;
  if (primary === constraint) return new ConstraintError(rules.get(code) ?? 'other', error);
  if (primary === corrupt || primary === notADatabase) return damaged(error);
  return unavailable(error);
}

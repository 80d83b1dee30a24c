import { type BrokenRule, ConstraintError, damaged, unavailable } from './driver.ts';
import { sqliteCode } from './sqlite-connection.ts';

const constraint = 19;
const corrupt = 11;
const notADatabase = 26;
const rules: ReadonlyMap<number, BrokenRule> = new Map([
  [2067, 'unique'],
  [1555, 'unique'],
  [787, 'reference'],
]);

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

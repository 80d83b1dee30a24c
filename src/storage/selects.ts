import type { Parameter, Query, Row } from './driver.ts';

/** Reads rows into values. */
export type Selects = {
  /** The first row, or null. */
  readonly one: <T>(
    sql: string,
    parameters: readonly Parameter[],
    read: (row: Row) => T,
  ) => Promise<T | null>;
  readonly many: <T>(sql: string, parameters: readonly Parameter[], read: (row: Row) => T) => Promise<T[]>;
};

export function selects(query: Query): Selects {
  return {
    async one(sql, parameters, read) {
      const [row] = await query(sql, parameters);
      return row ? read(row) : null;
    },
    many: async (sql, parameters, read) => (await query(sql, parameters)).map((row) => read(row)),
  };
}

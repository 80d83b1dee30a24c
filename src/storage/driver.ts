/** One row of a result, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement; parameters are `$1`, `$2` ... */
export type Query = (sql: string, parameters?: readonly Parameter[]) => Promise<readonly Row[]>;

export type Parameter = string | number | null | Uint8Array;

/** What the statements need of a database; the two drivers are all that differs between the stores. */
export interface Driver {
  readonly kind: 'sqlite' | 'postgres';
  /** Reads what is committed. */
  readonly query: Query;
  /** Runs work in one transaction, durable when it resolves; rolled back, and usable again, when it rejects. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** A number that changes when another connection has committed; null where only a query can tell. */
  foreignChanges(): number | null;
  /** Leaves no copy of erased values in logs of the database that it can reach. */
  forgetErased(): Promise<void>;
  close(): Promise<void>;
}

/** The words in which the databases differ. */
export type Dialect = { readonly blob: string; readonly bigint: string; readonly serial: string };

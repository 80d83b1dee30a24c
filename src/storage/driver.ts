import { ClavigerError, StopError } from '#domain';

/** What a statement can be given. */
export type Value = string | number | null | Uint8Array;

/** One row of an answer, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A statement of a list. */
export type ListedStatement = {
  readonly sql: string;
  readonly values: readonly Value[];
  /** All is undone where it finds no row. */
  readonly mustFind: boolean;
};

/** Something that runs statements with `$1` placeholders. */
export type Session = {
  query(sql: string, params?: readonly Value[]): Promise<readonly Row[]>;
  /** Answers that stay true to the end of the transaction, by statement and values. Absent: nothing is kept. */
  readonly held?: Map<string, Promise<readonly Row[]>>;
};

/** Where the SQL of two engines differs, as short pieces of text. */
export type Dialect = {
  readonly kind: 'sqlite' | 'postgres';
  /** Type of text that is ordered by its bytes. */
  readonly text: string;
  readonly integer: string;
  readonly blob: string;
  /** Type of a primary key that counts by itself, upwards. */
  readonly serial: string;
  /** What stands after a table's definition. */
  readonly tableEnd: string;
  /** A table of the elements of a JSON array, in a column `value`. */
  elements(placeholder: string): string;
  /** The bytes that stand in a text as hexadecimal digits. */
  fromHex(text: string): string;
  /** A JSON array of the rows of a group, each an array of these columns, as text. */
  listOf(columns: string): string;
  /** A subquery of a FROM clause may refer to what stands before it. */
  readonly lateral: boolean;
  /** Ends a SELECT whose rows must stay as they were read until the transaction ends. */
  readonly holdRows: string;
  /** Keeps other processes out until the transaction ends, where the transaction itself does not. */
  readonly migrationLock: string | null;
  /**
   * Overwrites a column of bytes with as many zero or random bytes; null where a row is never written in
   * place.
   */
  readonly overwrite: {
    readonly zero: (column: string) => string;
    readonly random: (column: string) => string;
  } | null;
};

/** A reader that sees the database as it stood when it began, whatever is written meanwhile. */
export type Snapshot = Session & { end(): Promise<void> };

export type TransactionOptions = {
  /** The engine may leave the wait for the disk to the next one: a loss of power undoes this one then, whole. */
  readonly isLossBearable?: boolean;
  /** Called when only the wait for the disk is left, where the engine lets the next transaction begin meanwhile. */
  readonly onCommitting?: () => void;
};

/** One database, as the shared statements see it. */
export type Driver = Session & {
  readonly dialect: Dialect;
  /** Statements of one transaction may be sent without waiting for the answers of those before. */
  readonly pipelines: boolean;
  /** Runs the work in a transaction of the one writer; durable when it resolves. Never two at a time. */
  transaction<T>(work: (session: Session) => Promise<T>, how?: TransactionOptions): Promise<T>;
  /**
   * Runs statements in one transaction without a look at what they answer: it is committed unless one fails, or finds no row though
   * it must. Resolves with the index of that one, or null when it is durable. Absent: there is no quicker way for it.
   */
  commitList?(list: readonly ListedStatement[], how?: TransactionOptions): Promise<number | null>;
  /** Begins to read everything as it stands now; writers go on. */
  snapshot(): Promise<Snapshot>;
  /**
   * A number that differs when anything was committed since the last call; null where the engine has none.
   */
  dataVersion(): number | null;
  /**
   * Removes old copies of overwritten bytes from the engine's own log, where it can; false: try again later.
   */
  removeTraces(): Promise<boolean>;
  close(): Promise<void>;
};

/** Which kind of rule of the schema was broken. */
export type BrokenRule = 'unique' | 'reference' | 'other';

/** A statement that broke a rule of the schema. */
export class ConstraintError extends Error {
  readonly rule: BrokenRule;

  constructor(rule: BrokenRule, cause: unknown) {
    super(`a ${rule} constraint was broken`, { cause });
    this.name = 'ConstraintError';
    this.rule = rule;
  }
}

/** A transaction that the engine gave up in favour of another one: the same work may be tried again. */
export class GaveWayError extends Error {
  constructor(cause: unknown) {
    super('the transaction gave way to another one', { cause });
    this.name = 'GaveWayError';
  }
}

/** The store did not answer, or can't write. */
export function unavailable(cause: unknown): ClavigerError {
  return new ClavigerError('store-unavailable', 'The store is not available.', { cause });
}

/** The store's own structures are damaged. */
export function damaged(cause: unknown): StopError {
  return new StopError('integrity-failed', 'The store is damaged.', { cause });
}

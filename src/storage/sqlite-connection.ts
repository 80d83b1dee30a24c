import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ListedStatement, Row, Value } from './driver.ts';

// Loaded by the thread of the writer too: it imports no other module.

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

/** Milliseconds that a connection of the event loop waits inside SQLite for a lock: it holds the process meanwhile, so it is short. */
export const shortWaitMs = 20;
/** Milliseconds after which a writer gives up waiting for another process. */
export const lockTimeoutMs = 5_000;

export type Connection = {
  readonly database: DatabaseSync;
  /** Throws SQLite's error. */
  query(sql: string, params: readonly Value[]): Row[];
};

/** Opens one connection, which waits inside SQLite so many milliseconds for a lock. Throws SQLite's error. */
export function openConnection(file: string, waitMs: number): Connection {
  const database = new DatabaseSync(file, {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: waitMs,
  });
  try {
    // pages that are written again and again go into the file less often than by default, each time at the cost of two syncs
    database.exec(`PRAGMA wal_autocheckpoint = 4000; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA temp_store = MEMORY;
      PRAGMA cell_size_check = ON; PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864`);
  } catch (error) {
    database.close();
    throw error;
  }
  const statements = new Map<string, StatementSync>();
  return {
    database,
    query(sql, params) {
      let statement = statements.get(sql);
      if (!statement) {
        statement = database.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'));
        statements.set(sql, statement);
      }
      return statement.all(...params);
    },
  };
}

/** The one connection that writes. What throws throws SQLite's error. */
export type Writer = {
  /** Begins a transaction; it may be tried again after it has thrown. */
  begin(isLossBearable: boolean): void;
  /** Runs a statement of the transaction; throws when there is none, or no more. */
  query(sql: string, params: readonly Value[]): Row[];
  /** After it has thrown, all is undone. */
  commit(): void;
  rollback(): void;
  /** False: something still needs the old copies. */
  removeTraces(): boolean;
  close(): void;
};

/**
 * Runs statements in the transaction that was begun, and commits it. Undone where one fails, which it throws, or finds no row though
 * it must: the index of that one is returned, otherwise null.
 */
export function commitAll(writer: Writer, list: readonly ListedStatement[]): number | null {
  try {
    for (const [index, { sql, values, mustFind }] of list.entries()) {
      if (writer.query(sql, values).length > 0 || !mustFind) continue;
      writer.rollback();
      return index;
    }
  } catch (error) {
    writer.rollback();
    throw error;
  }
  writer.commit();
  return null;
}

function noTransaction(): Error {
  return Object.assign(new Error('there is no transaction'), { code: 'ERR_INVALID_STATE' });
}

/** A writer over a connection, which is opened with the first transaction and anew whenever it was given up. */
export function sqliteWriter(file: string, waitMs: number, opened: Connection | null = null): Writer {
  let connection = opened;
  let isLax = false;
  /** What ended the transaction: SQLite undoes some by itself, and would run what follows each by itself. */
  let ended: unknown = noTransaction();

  function open(): Connection {
    if (!connection?.database.isOpen) {
      connection = openConnection(file, waitMs);
      isLax = false;
    }
    return connection;
  }

  function wait(isLossBearable: boolean): void {
    if (isLossBearable === isLax || !connection?.database.isOpen) return;
    connection.database.exec(`PRAGMA synchronous = ${isLossBearable ? 'NORMAL' : 'FULL'}`);
    isLax = isLossBearable;
  }

  /** What follows a transaction waits for the disk again. A connection that can't be set so is given up; the next one is opened so. */
  function settle(): void {
    ended = noTransaction();
    try {
      wait(false);
    } catch {
      connection?.database.close();
    }
  }

  function rollback(): void {
    try {
      if (connection?.database.isOpen && connection.database.isTransaction)
        connection.database.exec('ROLLBACK');
    } catch {
      // a connection that can't even roll back is given up, and with it the transaction; the next one opens another
      connection?.database.close();
    }
    settle();
  }

  return {
    begin(isLossBearable) {
      try {
        const { database } = open();
        // the writer's own; the process waits for no disk
        wait(isLossBearable);
        database.exec('BEGIN IMMEDIATE');
      } catch (error) {
        ended = error;
        throw error;
      }
    },
    query(sql, params) {
      if (!connection?.database.isOpen || !connection.database.isTransaction) throw ended;
      try {
        return connection.query(sql, params);
      } catch (error) {
        if (!connection.database.isTransaction) ended = error;
        throw error;
      }
    },
    commit() {
      try {
        if (!connection?.database.isOpen || !connection.database.isTransaction) throw ended;
        connection.database.exec('COMMIT');
      } catch (error) {
        rollback();
        throw error;
      }
      settle();
    },
    rollback,
    removeTraces() {
      const { database, query } = open();
      // it waits for readers, and keeps writers out meanwhile
      database.exec(`PRAGMA busy_timeout = ${shortWaitMs}`);
      try {
        return query('PRAGMA wal_checkpoint(TRUNCATE)', [])[0]?.['busy'] === 0;
      } finally {
        database.exec(`PRAGMA busy_timeout = ${waitMs}`);
      }
    },
    close() {
      if (connection?.database.isOpen) connection.database.close();
    },
  };
}

import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dialect, type Driver, type Row, type Session, type Value, unavailable } from './driver.ts';
import { isBusy, translateSqlite } from './sqlite-errors.ts';

export const sqliteDialect: Dialect = Object.freeze({
  kind: 'sqlite',
  text: 'TEXT',
  integer: 'INTEGER',
  blob: 'BLOB',
  serial: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  tableEnd: 'STRICT',
  elements: (placeholder: string) => `json_each(${placeholder})`,
  // there is one writer at a time
  holdRows: '',
  migrationLock: null,
  overwrite: {
    zero: (column: string) => `zeroblob(length(${column}))`,
    random: (column: string) => `randomblob(length(${column}))`,
  },
});

/** Milliseconds that SQLite itself waits for a lock; it holds the process meanwhile, so it is short. */
const busyTimeoutMs = 20;
/** Milliseconds after which a writer gives up waiting for another process. */
const lockTimeoutMs = 5_000;

type Connection = { readonly database: DatabaseSync; query(sql: string, params: readonly Value[]): Row[] };

function openConnection(file: string): Connection {
  const database = new DatabaseSync(file, {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: busyTimeoutMs,
  });
  try {
    database.exec(`PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;
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

/** Waits, without holding the process, while other processes hold the lock that the step needs. */
async function whenFree<T>(step: () => T): Promise<T> {
  const end = performance.now() + lockTimeoutMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return step();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw error;
      await sleep(pause);
    }
  }
}

/** Makes the file and its folder, readable by their owner only. */
function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // one that is there is not touched: closing it would give up the locks that this process holds on it
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}

/**
 * A SQLite file with two connections: one writes, one reads, so that nobody sees what is not committed yet.
 * Statements run synchronously underneath.
 */
export async function openSqlite(file: string): Promise<Driver> {
  let writer: Connection;
  let reader: Connection;
  try {
    prepareFile(file);
    writer = await whenFree(() => openConnection(file));
    await whenFree(() => writer.database.exec('PRAGMA journal_mode = WAL'));
    reader = await whenFree(() => openConnection(file));
  } catch (error) {
    const translated = translateSqlite(error);
    throw translated === error ? unavailable(error) : translated;
  }
  let closed = false;

  function undo(): void {
    if (!writer.database.isOpen || !writer.database.isTransaction) return;
    try {
      writer.database.exec('ROLLBACK');
    } catch {
      // a connection that can't even roll back is given up, and with it the transaction; the next one opens another
      writer.database.close();
    }
  }

  const session: Session = {
    async query(sql, params = []) {
      return translated(() => writer.query(sql, params));
    },
  };

  return {
    dialect: sqliteDialect,
    pipelines: false,
    async query(sql, params = []) {
      return translated(() => reader.query(sql, params));
    },
    async transaction(work, isLossBearable = false) {
      try {
        if (!closed && !writer.database.isOpen) writer = openConnection(file);
        // the writer's own; the process waits for no disk
        if (isLossBearable) writer.database.exec('PRAGMA synchronous = NORMAL');
        await whenFree(() => writer.database.exec('BEGIN IMMEDIATE'));
        const result = await work(session);
        writer.database.exec('COMMIT');
        return result;
      } catch (error) {
        undo();
        throw translateSqlite(error);
      } finally {
        if (isLossBearable && writer.database.isOpen) writer.database.exec('PRAGMA synchronous = FULL');
      }
    },
    async snapshot() {
      const connection = await whenFree(() => openConnection(file)).catch((error: unknown) => {
        throw translateSqlite(error);
      });
      const end = async (): Promise<void> => {
        if (connection.database.isOpen) connection.database.close();
      };
      try {
        connection.database.exec('BEGIN');
        // the first read fixes what is seen
        connection.query('SELECT count(*) FROM sqlite_master', []);
      } catch (error) {
        await end();
        throw translateSqlite(error);
      }
      return { query: async (sql, params = []) => translated(() => connection.query(sql, params)), end };
    },
    dataVersion() {
      return translated(() => Number(reader.query('PRAGMA data_version', [])[0]?.['data_version']));
    },
    async removeTraces() {
      try {
        const [row] = await whenFree(() => {
          const rows = writer.query('PRAGMA wal_checkpoint(TRUNCATE)', []);
          return rows;
        });
        return row?.['busy'] === 0;
      } catch (error) {
        throw translateSqlite(error);
      }
    },
    async close() {
      closed = true;
      if (reader.database.isOpen) reader.database.close();
      if (writer.database.isOpen) writer.database.close();
    },
  };
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translateSqlite(error);
  }
}

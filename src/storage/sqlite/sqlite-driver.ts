import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ClavigerError, StopError } from '#domain';
import type { Driver, Parameter, Query, Row } from '../driver.ts';

const busyMillis = 5000;
/** SQLITE_CORRUPT and SQLITE_NOTADB: nothing that trying again could mend. */
const corruptCodes: ReadonlySet<number> = new Set([11, 26]);

function translated(cause: unknown): Error {
  if (cause instanceof ClavigerError) return cause;
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
  if (corruptCodes.has(code)) return new StopError('integrity-failed', 'The store is damaged.', { cause });
  return new ClavigerError('store-unavailable', 'The store does not take or give data now.', { cause });
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyMillis, enableForeignKeyConstraints: true });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA secure_delete = ON');
  database.exec('PRAGMA trusted_schema = OFF');
  database.exec('PRAGMA cache_size = -16000');
  return database;
}

/** Statements of one connection, prepared once. */
function statements(database: DatabaseSync): Query {
  const prepared = new Map<string, StatementSync>();
  return async (sql, parameters = []): Promise<readonly Row[]> => {
    try {
      let statement = prepared.get(sql);
      if (!statement) {
        statement = database.prepare(sql.replace(/\$([0-9]+)/g, '?$1'));
        prepared.set(sql, statement);
      }
      return statement.all(...(parameters as Parameter[])) as readonly Row[];
    } catch (cause) {
      throw translated(cause);
    }
  };
}

function prepareFile(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch (cause) {
    throw new ClavigerError('store-unavailable', `The store ${file} can't be opened.`, { cause });
  }
}

/** A driver on a SQLite file: one connection that reads what is committed, one that writes. */
export function openSqlite(file: string): Driver {
  prepareFile(file);
  let reader: DatabaseSync;
  let writer: DatabaseSync;
  try {
    writer = open(file);
    reader = open(file);
  } catch (cause) {
    throw translated(cause);
  }
  const dataVersion = reader.prepare('PRAGMA data_version');
  const read = statements(reader);
  const write = statements(writer);

  return {
    kind: 'sqlite',
    query: read,

    async transaction(work) {
      await write('BEGIN IMMEDIATE');
      try {
        const result = await work(write);
        await write('COMMIT');
        return result;
      } catch (error) {
        if (writer.isTransaction) {
          try {
            writer.exec('ROLLBACK');
          } catch {
            // SQLite has rolled back by itself
          }
        }
        throw error;
      }
    },

    foreignChanges() {
      try {
        // of the reading connection: it also tells the commits of the writing one
        return Number((dataVersion.get() as { data_version: number }).data_version);
      } catch (cause) {
        throw translated(cause);
      }
    },

    async forgetErased() {
      // nothing reads here for longer than a statement; another process may, and then the next call does it
      await write('PRAGMA wal_checkpoint(TRUNCATE)');
    },

    async close() {
      reader.close();
      writer.close();
    },
  };
}

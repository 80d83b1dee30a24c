import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ClavigerError } from '#domain';
import { type Dialect, type Driver, type Session, type TransactionOptions, unavailable } from './driver.ts';
import { type Connection, openConnection, shortWaitMs, sqliteWriter } from './sqlite-connection.ts';
import { translateSqlite } from './sqlite-errors.ts';
import { type Lane, type LaneChoice, whenFree, writerLanes } from './sqlite-lanes.ts';
import { startWriterThread, type WriterThread } from './writer-thread.ts';

export const sqliteDialect: Dialect = Object.freeze({
  kind: 'sqlite',
  text: 'TEXT',
  integer: 'INTEGER',
  blob: 'BLOB',
  serial: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  tableEnd: 'STRICT',
  elements: (placeholder: string) => `json_each(${placeholder})`,
  fromHex: (text: string) => `unhex(${text})`,
  listOf: (columns: string) => `json_group_array(json_array(${columns}))`,
  lateral: false,
  // there is one writer at a time
  holdRows: '',
  migrationLock: null,
  overwrite: {
    zero: (column: string) => `zeroblob(length(${column}))`,
    random: (column: string) => `randomblob(length(${column}))`,
  },
});

/** Makes the file and its folder, readable by their owner only. */
function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // one that is there is not touched: closing it would give up the locks that this process holds on it
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}

/** How the writer of a file runs; for tests. */
export type SqliteOptions = {
  readonly lane?: LaneChoice;
  readonly startThread?: (file: string) => WriterThread;
};

/**
 * A SQLite file with two connections: one writes, one reads, so that nobody sees what is not committed yet. What reads runs
 * synchronously underneath; what writes does so too until it holds the event loop too long, and then moves into a thread of its own.
 */
export async function openSqlite(
  file: string,
  { lane: choice = 'contended', startThread = startWriterThread }: SqliteOptions = {},
): Promise<Driver> {
  let first: Connection;
  let reader: Connection;
  try {
    prepareFile(file);
    first = await whenFree(() => openConnection(file, shortWaitMs));
    await whenFree(() => first.database.exec('PRAGMA journal_mode = WAL'));
    reader = await whenFree(() => openConnection(file, shortWaitMs));
  } catch (error) {
    const translated = translateSqlite(error);
    throw translated === error ? unavailable(error) : translated;
  }
  const lanes = writerLanes(sqliteWriter(file, shortWaitMs, first), choice, () => startThread(file));
  const inTurn = turns();
  let closed = false;

  return {
    dialect: sqliteDialect,
    pipelines: true,
    async query(sql, params = []) {
      return translated(() => reader.query(sql, params));
    },
    transaction: (work, { isLossBearable = false, onCommitting } = {}) =>
      inTurn(async (nextMayBegin) => {
        if (closed) throw closedError();
        return runTransaction(await lanes.current(), work, {
          isLossBearable,
          onCommitting() {
            nextMayBegin();
            onCommitting?.();
          },
        });
      }),
    commitList: (list, { isLossBearable = false, onCommitting } = {}) =>
      inTurn(async (nextMayBegin) => {
        if (closed) throw closedError();
        const onSent = () => {
          nextMayBegin();
          onCommitting?.();
        };
        try {
          return await (await lanes.current()).commitList(list, { isLossBearable, onSent });
        } catch (error) {
          throw translateSqlite(error);
        }
      }),
    async snapshot() {
      const connection = await whenFree(() => openConnection(file, shortWaitMs)).catch((error: unknown) => {
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
    removeTraces: () =>
      inTurn(async () => {
        if (closed) throw closedError();
        try {
          return await (await lanes.current()).removeTraces();
        } catch (error) {
          throw translateSqlite(error);
        }
      }),
    async close() {
      closed = true;
      await inTurn.last(async () => {
        if (reader.database.isOpen) reader.database.close();
        await lanes.close();
      });
    },
  };
}

function closedError(): ClavigerError {
  return unavailable(new Error('the database is closed'));
}

type Turns = {
  /** Runs works one after the other, in the order in which they come: the next one begins when a work has ended, or says that it may. */
  <T>(work: (nextMayBegin: () => void) => Promise<T>): Promise<T>;
  /** The same for a work that waits until all before it have ended. */
  last(work: () => Promise<void>): Promise<void>;
};

function turns(): Turns {
  let mayBegin: Promise<void> = Promise.resolve();
  let allEnded: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: (nextMayBegin: () => void) => Promise<T>): Promise<T> => {
    const next = Promise.withResolvers<void>();
    const ending = mayBegin.then(() => work(next.resolve));
    mayBegin = next.promise;
    const ended = ending.then(
      () => next.resolve(),
      () => next.resolve(),
    );
    allEnded = Promise.all([allEnded, ended]);
    return ending;
  };
  return Object.assign(inTurn, {
    last(work: () => Promise<void>) {
      const before = allEnded;
      return inTurn(() => before.then(work));
    },
  });
}

async function runTransaction<T>(
  lane: Lane,
  work: (session: Session) => Promise<T>,
  { isLossBearable, onCommitting }: Required<TransactionOptions>,
): Promise<T> {
  let isOver = false;
  let committing: Promise<void> | null = null;
  const session: Session = {
    async query(sql, params = []) {
      if (isOver) throw unavailable(new Error('the transaction is over'));
      try {
        return await lane.query(sql, params);
      } catch (error) {
        throw translateSqlite(error);
      }
    },
  };
  try {
    await lane.begin(isLossBearable);
    const result = await work(session);
    isOver = true;
    committing = lane.commit();
    onCommitting();
    await committing;
    return result;
  } catch (error) {
    isOver = true;
    // a commit that fails undoes all by itself; the next transaction may have begun by now
    if (!committing) await lane.rollback();
    throw translateSqlite(error);
  }
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translateSqlite(error);
  }
}

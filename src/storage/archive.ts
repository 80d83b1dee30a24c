import { ClavigerError, StopError } from '#domain';
import type { Driver, Row, Session, Snapshot, Value } from './driver.ts';
import { bytes, integer, text } from './records.ts';

type ColumnType = 'text' | 'integer' | 'blob';

/** A table as it is archived: its columns in the order of their values. */
export type ArchiveTable = {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
};

/** The head of a table, or a row of the table whose head came last; bytes are base64. */
export type ArchiveRecord = ArchiveTable | { readonly row: readonly (string | number | null)[] };

/** A store as a whole, independent of its engine: what one engine wrote can be loaded into another. */
export type Archive = {
  /** Everything as it stands now, in one snapshot, while writers go on. Never the shred store. */
  dump(): AsyncGenerator<ArchiveRecord>;
  /** Whether nothing was ever made in the store. */
  isEmpty(): Promise<boolean>;
  setting(name: string): Promise<string | null>;
  /** Replaces everything in one transaction, with a setting more: all of it or nothing. Rejects with `integrity-failed` for rows that don't fit. */
  load(records: AsyncIterable<ArchiveRecord>, mark: { name: string; value: string }): Promise<void>;
  close(): Promise<void>;
};

/** What belongs to the database itself, or holds only for a moment. */
const left: ReadonlySet<string> = new Set(['migrations', 'probes', 'leases']);
/** Tables that others refer to, in front of them. */
const first: readonly string[] = ['environments', 'principals', 'keys'];
const rowsAtOnce = 500;
const placeholdersMax = 8_000;

const types: Readonly<Record<string, ColumnType>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  BLOB: 'blob',
  text: 'text',
  bigint: 'integer',
  bytea: 'blob',
};

async function tablesOf(driver: Driver, session: Session): Promise<readonly ArchiveTable[]> {
  const isSqlite = driver.dialect.kind === 'sqlite';
  const found = await session.query(
    isSqlite
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#' ORDER BY name"
      : `SELECT table_name::text AS name FROM information_schema.tables
          WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const names = found
    .map((row) => text(row, 'name'))
    // the shred secrets may live in the same database, and are in no backup
    .filter((name) => !left.has(name) && !name.startsWith('shred_'));
  names.sort((a, b) => rank(a) - rank(b));
  const tables: ArchiveTable[] = [];
  for (const name of names) tables.push(await tableOf(isSqlite, session, name));
  return tables;
}

function rank(name: string): number {
  const place = first.indexOf(name);
  return place < 0 ? first.length : place;
}

async function tableOf(isSqlite: boolean, session: Session, table: string): Promise<ArchiveTable> {
  const rows = await session.query(
    isSqlite
      ? 'SELECT name, type FROM pragma_table_info($1) ORDER BY cid'
      : `SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  const columns = rows
    .map((row) => ({ name: text(row, 'name'), type: types[text(row, 'type')] }))
    // counts by itself
    .filter(({ name }) => name !== 'position');
  for (const { name, type } of columns)
    if (type === undefined)
      throw new StopError('integrity-failed', `Column ${table}.${name} has no known type.`);
  return { table, columns: columns as ArchiveTable['columns'] };
}

function valueOf(row: Row, { name, type }: ArchiveTable['columns'][number]): string | number | null {
  if (row[name] === null) return null;
  if (type === 'text') return text(row, name);
  return type === 'integer' ? integer(row, name) : Buffer.from(bytes(row, name)).toString('base64');
}

/** The rows of a table, some at a time, in the order in which they were made where that has a meaning. */
async function* pagesOf(
  driver: Driver,
  session: Snapshot,
  { table, columns }: ArchiveTable,
): AsyncGenerator<readonly Row[]> {
  const names = columns.map(({ name }) => name).join(', ');
  if (driver.dialect.kind === 'sqlite') {
    const sql = `SELECT rowid AS archive_position, ${names} FROM ${table} WHERE rowid > $1 ORDER BY rowid LIMIT ${rowsAtOnce}`;
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = await session.query(sql, [after]);
      if (rows.length > 0) yield rows;
      if (rows.length < rowsAtOnce) return;
      after = integer(rows.at(-1) ?? {}, 'archive_position');
    }
  }
  const ordered = (
    await session.query(
      `SELECT 1 AS found FROM information_schema.columns
      WHERE table_schema = current_schema() AND table_name = $1 AND column_name = 'position'`,
      [table],
    )
  ).length;
  await session.query(
    `DECLARE archived NO SCROLL CURSOR FOR SELECT ${names} FROM ${table} ${ordered ? 'ORDER BY position' : ''}`,
  );
  for (;;) {
    const rows = await session.query(`FETCH ${rowsAtOnce} FROM archived`);
    if (rows.length > 0) yield rows;
    if (rows.length < rowsAtOnce) break;
  }
  await session.query('CLOSE archived');
}

function fits(value: unknown, type: ColumnType): value is string | number | null {
  if (value === null) return true;
  return type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string';
}

/** Writes rows of one table as they come, many with one statement. */
function rowWriter(session: Session, { table, columns }: ArchiveTable) {
  const waiting: Value[][] = [];
  const names = columns.map(({ name }) => name).join(', ');
  const batch = Math.max(1, Math.min(rowsAtOnce, Math.floor(placeholdersMax / columns.length)));
  return {
    async flush(): Promise<void> {
      if (waiting.length === 0) return;
      let place = 0;
      const groups = waiting.map((row) => `(${row.map(() => `$${(place += 1)}`).join(', ')})`);
      await session.query(
        `INSERT INTO ${table} (${names}) VALUES ${groups.join(', ')}`,
        waiting.splice(0).flat(),
      );
    },
    async add(row: readonly unknown[]): Promise<void> {
      if (row.length !== columns.length) throw misfit(table);
      waiting.push(
        columns.map(({ type }, at) => {
          const value = row[at];
          if (!fits(value, type)) throw misfit(table);
          return type === 'blob' && typeof value === 'string' ? Buffer.from(value, 'base64') : value;
        }),
      );
      if (waiting.length >= batch) await this.flush();
    },
  };
}

function misfit(table: string): StopError {
  return new StopError(
    'integrity-failed',
    `The backup holds rows that table ${table} of this store can't take.`,
  );
}

function sameColumns(a: ArchiveTable, b: ArchiveTable): boolean {
  const known = new Map(a.columns.map(({ name, type }) => [name, type]));
  return b.columns.every(({ name, type }) => known.get(name) === type);
}

async function loadAll(
  driver: Driver,
  session: Session,
  records: AsyncIterable<ArchiveRecord>,
): Promise<void> {
  const tables = await tablesOf(driver, session);
  const known = new Map(tables.map((table) => [table.table, table]));
  for (const { table } of [...tables].reverse()) await session.query(`DELETE FROM ${table}`);
  let writer: ReturnType<typeof rowWriter> | null = null;
  for await (const record of records) {
    if ('table' in record) {
      await writer?.flush();
      const target = known.get(record.table);
      if (!target || !sameColumns(target, record)) throw misfit(record.table);
      writer = rowWriter(session, record);
    } else {
      if (!writer) throw misfit('(none)');
      await writer.add(record.row);
    }
  }
  await writer?.flush();
}

export function sqlArchive(driver: Driver): Archive {
  return {
    async *dump() {
      const snapshot = await driver.snapshot();
      try {
        for (const table of await tablesOf(driver, snapshot)) {
          yield table;
          for await (const rows of pagesOf(driver, snapshot, table))
            for (const row of rows) yield { row: table.columns.map((column) => valueOf(row, column)) };
        }
      } finally {
        await snapshot.end();
      }
    },
    async isEmpty() {
      for (const table of ['settings', 'environments', 'principals', 'keys'])
        if ((await driver.query(`SELECT 1 AS found FROM ${table} LIMIT 1`)).length > 0) return false;
      return true;
    },
    async setting(name) {
      const [row] = await driver.query('SELECT setting FROM settings WHERE name = $1', [name]);
      return row === undefined ? null : text(row, 'setting');
    },
    async load(records, mark) {
      try {
        await driver.transaction(async (session) => {
          await loadAll(driver, session, records);
          await session.query('DELETE FROM settings WHERE name = $1', [mark.name]);
          await session.query('INSERT INTO settings (name, setting) VALUES ($1, $2)', [
            mark.name,
            mark.value,
          ]);
        });
      } catch (error) {
        if (error instanceof ClavigerError) throw error;
        throw new StopError('integrity-failed', 'The rows of the backup do not fit together.', {
          cause: error,
        });
      }
    },
    close: () => driver.close(),
  };
}

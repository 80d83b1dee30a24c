import pg, { type Pool as PgPool, type PoolConfig } from 'pg';
import { ClavigerError, StopError } from '#domain';
import {
  type Dialect,
  type Driver,
  type Row,
  type Session,
  type Snapshot,
  type Value,
  unavailable,
} from './driver.ts';
import { isServerError, translatePostgres } from './postgres-errors.ts';

export const postgresDialect: Dialect = Object.freeze({
  kind: 'postgres',
  text: 'TEXT COLLATE "C"',
  integer: 'BIGINT',
  blob: 'BYTEA',
  serial: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  tableEnd: '',
  elements: (placeholder: string) => `json_array_elements(${placeholder}::json)`,
  fromHex: (text: string) => `decode(${text}, 'hex')`,
  listOf: (columns: string) => `json_agg(json_build_array(${columns}))::text`,
  lateral: true,
  holdRows: 'FOR SHARE',
  migrationLock: 'SELECT pg_advisory_xact_lock(4856273018220512)',
  overwrite: null,
});

/** A statement as the pool takes it: prepared under its name where it has one. */
export type PoolQuery = { readonly name?: string; readonly text: string; readonly values?: unknown[] };
export type PoolResult = { readonly rows: readonly Row[]; readonly command: string };

/** The part of a connection that is used. */
export type PoolClient = { query(query: PoolQuery): Promise<PoolResult>; release(broken?: boolean): void };

/** The part of `pg`'s pool that is used. */
export type Pool = { connect(): Promise<PoolClient>; end(): Promise<void>; readonly pipelines: boolean };

const limits = {
  max: 8,
  connectionTimeoutMillis: 3_000,
  /** Enforced by the server. */
  statement_timeout: 10_000,
  lock_timeout: 8_000,
  idle_in_transaction_session_timeout: 10_000,
  /** Enforced here, for a server that does not answer at all. */
  query_timeout: 12_000,
  idleTimeoutMillis: 60_000,
} as const satisfies PoolConfig;

const int8 = 20;

/** Numbers of 64 bits as numbers; one that is too large stays a text, and is refused where it is read. */
function parseInt8(value: string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A PostgreSQL database. Reads use any connection of the pool, the writer one at a time. */
export function postgresDriver(pool: Pool): Driver {
  const names = new Map<string, string>();

  function prepared(sql: string, values: readonly Value[]): PoolQuery {
    let name = names.get(sql);
    if (name === undefined) {
      name = `claviger_${names.size + 1}`;
      names.set(sql, name);
    }
    return {
      name,
      text: sql,
      values: values.map((value) => (value instanceof Uint8Array ? asBuffer(value) : value)),
    };
  }

  /**
   * One try of a read; null: the connection broke under it, which may have been older than a restart of the
   * server.
   */
  async function tryRead(sql: string, values: readonly Value[]): Promise<readonly Row[] | null> {
    const client = await pool.connect();
    try {
      const { rows } = await client.query(prepared(sql, values));
      client.release();
      return rows;
    } catch (error) {
      client.release(true);
      if (isServerError(error)) throw error;
      return null;
    }
  }

  return {
    dialect: postgresDialect,
    pipelines: pool.pipelines,
    async query(sql, params = []) {
      try {
        const rows = (await tryRead(sql, params)) ?? (await tryRead(sql, params));
        if (rows === null) throw unavailable(new Error('the connection broke twice'));
        return rows;
      } catch (error) {
        throw translatePostgres(error);
      }
    },
    async transaction(work) {
      let client: PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        throw translatePostgres(error);
      }
      return runTransaction(client, prepared, work);
    },
    snapshot: () => beginSnapshot(pool, prepared),
    dataVersion: () => null,
    removeTraces: async () => true,
    close: () => pool.end(),
  };
}

type Prepare = (sql: string, values: readonly Value[]) => PoolQuery;

async function beginSnapshot(pool: Pool, prepared: Prepare): Promise<Snapshot> {
  try {
    const client = await pool.connect();
    try {
      await client.query({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' });
    } catch (error) {
      client.release(true);
      throw error;
    }
    return {
      async query(sql, params) {
        try {
          return (await client.query(params === undefined ? { text: sql } : prepared(sql, params))).rows;
        } catch (error) {
          throw translatePostgres(error);
        }
      },
      async end() {
        client.release(!(await isRolledBack(client)));
      },
    };
  } catch (error) {
    throw translatePostgres(error);
  }
}

/** Runs the work on one connection, and gives the connection back; a broken one is dropped. */
async function runTransaction<T>(
  client: PoolClient,
  prepared: Prepare,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session: Session = {
    async query(sql, params) {
      try {
        return (await client.query(params === undefined ? { text: sql } : prepared(sql, params))).rows;
      } catch (error) {
        throw translatePostgres(error);
      }
    },
  };
  let broken = true;
  try {
    await client.query({ text: 'BEGIN' });
    const result = await work(session);
    const { command } = await client.query({ text: 'COMMIT' });
    // a COMMIT of a transaction that has failed is answered with ROLLBACK, and is no error
    if (command !== 'COMMIT') throw unavailable(new Error(`COMMIT was answered with ${command}`));
    broken = false;
    return result;
  } catch (error) {
    broken = !(await isRolledBack(client));
    throw translatePostgres(error);
  } finally {
    client.release(broken);
  }
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

async function isRolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query({ text: 'ROLLBACK' });
    return true;
  } catch {
    return false;
  }
}

function openPool(url: string): Pool {
  const config: PoolConfig & { pipeline: boolean } = {
    ...limits,
    connectionString: url,
    application_name: 'claviger',
    keepAlive: true,
    pipeline: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? parseInt8 : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
  const pool: PgPool = new pg.Pool(config);
  // an idle connection that breaks is dropped by the pool: the next one is made anew
  pool.on('error', () => {});
  // one that breaks while it is used tells so to the statement that waits; the event must still have a
  // listener
  pool.on('connect', (client) => client.on('error', () => {}));
  let ended: Promise<void> | null = null;
  return {
    pipelines: true,
    async connect() {
      const client = await pool.connect();
      return {
        async query({ name, text, values }) {
          return client.query(name === undefined ? text : { name, text, values: values ?? [] });
        },
        release: (broken) => client.release(broken),
      };
    },
    end: () => (ended ??= pool.end()),
  };
}

/**
 * Opens the database. Throws a StopError `configuration-invalid` for a server that is set to forget commits.
 */
export async function openPostgres(url: string): Promise<Driver> {
  let pool: Pool;
  try {
    pool = openPool(url);
  } catch (error) {
    throw new ClavigerError('configuration-invalid', 'The PostgreSQL address is not valid.', {
      cause: error,
    });
  }
  const driver = postgresDriver(pool);
  try {
    const [row] = await driver.query(
      "SELECT current_setting('synchronous_commit') AS commits, current_setting('fsync') AS syncs",
    );
    if (row?.['commits'] === 'off' || row?.['syncs'] === 'off') {
      throw new StopError(
        'configuration-invalid',
        'The PostgreSQL server does not keep its commits: set fsync and synchronous_commit to on.',
      );
    }
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

import pg from 'pg';
import { ClavigerError } from '#domain';
import type { Driver, Parameter, Query, Row } from '../driver.ts';

const poolMax = 8;
const connectMillis = 5000;
const statementMillis = 15_000;
const int8 = 20;

function unavailable(cause: unknown): Error {
  if (cause instanceof ClavigerError) return cause;
  return new ClavigerError('store-unavailable', 'The store does not take or give data now.', { cause });
}

/** Statements are prepared once a connection, under a name that follows from their text. */
function namer(): (sql: string) => string {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    const name = `claviger_${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}

function values(parameters: readonly Parameter[]): unknown[] {
  return parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
}

type Runner = { query(config: { name: string; text: string; values: unknown[] }): Promise<{ rows: Row[] }> };

/** A driver on a PostgreSQL server, or whatever speaks its protocol. */
export function openPostgres(url: string): Driver {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    connectionTimeoutMillis: connectMillis,
    statement_timeout: statementMillis,
    query_timeout: statementMillis + 1000,
    application_name: 'claviger',
    types: {
      getTypeParser: ((id: number, format?: 'text' | 'binary') =>
        id === int8 ? Number : pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  // an idle connection that breaks is replaced; who needs it next is told
  pool.on('error', () => undefined);
  const nameOf = namer();

  function queryOn(runner: Runner): Query {
    return async (text, parameters = []) => {
      try {
        return (await runner.query({ name: nameOf(text), text, values: values(parameters) })).rows;
      } catch (cause) {
        throw unavailable(cause);
      }
    };
  }

  return {
    kind: 'postgres',
    query: queryOn(pool as unknown as Runner),

    async transaction(work) {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (cause) {
        throw unavailable(cause);
      }
      const ignore = () => undefined;
      client.on('error', ignore);
      let broken = true;
      try {
        const query = queryOn(client as unknown as Runner);
        // one writer at a time on all nodes: batches of jobs in any order can't deadlock
        await client.query('BEGIN; SELECT pg_advisory_xact_lock(7220158)');
        const result = await work(query);
        await client.query('COMMIT');
        broken = false;
        return result;
      } catch (cause) {
        if (cause instanceof ClavigerError && cause.code !== 'store-unavailable') {
          await client.query('ROLLBACK').then(
            () => {
              broken = false;
            },
            () => undefined,
          );
        }
        throw unavailable(cause);
      } finally {
        client.off('error', ignore);
        // a connection whose state is not known is thrown away
        client.release(broken);
      }
    },

    foreignChanges: () => null,
    // copies in the server's own log and dead rows are the server's to remove; the shred store makes them noise
    forgetErased: async () => undefined,
    close: () => pool.end(),
  };
}

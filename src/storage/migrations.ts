import { StopError } from '#domain';
import type { Dialect, Driver, Query } from './driver.ts';

type Migration = (dialect: Dialect) => readonly string[];

/** Forward only: a step that was released is never changed. */
const migrations: readonly Migration[] = [
  ({ blob, bigint }) => [
    `CREATE TABLE environments (name TEXT PRIMARY KEY, account_id TEXT NOT NULL UNIQUE, created_at ${bigint} NOT NULL, wrapped_kek ${blob} NOT NULL)`,
    `CREATE TABLE principals (id TEXT PRIMARY KEY, environment TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, UNIQUE (environment, name))`,
    `CREATE TABLE credentials (id TEXT PRIMARY KEY, kind TEXT NOT NULL, principal_id TEXT NOT NULL, environment TEXT NOT NULL, wrapped_secret ${blob}, created_at ${bigint} NOT NULL, expires_at ${bigint})`,
    `CREATE INDEX credentials_by_principal ON credentials (principal_id, id)`,
    `CREATE TABLE keys (id TEXT PRIMARY KEY, environment TEXT NOT NULL, region TEXT NOT NULL, doc TEXT NOT NULL, revision ${bigint} NOT NULL, due_at ${bigint})`,
    `CREATE INDEX keys_by_place ON keys (environment, region, id)`,
    `CREATE INDEX keys_by_environment ON keys (environment, id)`,
    `CREATE INDEX keys_due ON keys (due_at) WHERE due_at IS NOT NULL`,
    `CREATE TABLE materials (key_id TEXT NOT NULL, version ${bigint} NOT NULL, wrapped ${blob} NOT NULL, PRIMARY KEY (key_id, version))`,
    `CREATE TABLE names (environment TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL, created_at ${bigint} NOT NULL, updated_at ${bigint} NOT NULL, PRIMARY KEY (environment, region, name))`,
    `CREATE INDEX names_by_key ON names (key_id, name)`,
    `CREATE TABLE usage_counts (key_id TEXT NOT NULL, version ${bigint} NOT NULL, operations ${bigint} NOT NULL, bytes ${bigint} NOT NULL, PRIMARY KEY (key_id, version))`,
    `CREATE TABLE last_uses (key_id TEXT PRIMARY KEY, operation TEXT NOT NULL, at ${bigint} NOT NULL, request_id TEXT NOT NULL, principal TEXT NOT NULL)`,
    `CREATE TABLE outbox (event_id TEXT PRIMARY KEY, node TEXT NOT NULL, at ${bigint} NOT NULL, event TEXT NOT NULL)`,
    `CREATE INDEX outbox_by_node ON outbox (node, at, event_id)`,
    `CREATE TABLE log_heads (node TEXT PRIMARY KEY, size ${bigint} NOT NULL, root TEXT NOT NULL, at ${bigint} NOT NULL)`,
    `CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_at ${bigint} NOT NULL)`,
    `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
    `CREATE TABLE change_sequence (one ${bigint} PRIMARY KEY, value ${bigint} NOT NULL)`,
    `INSERT INTO change_sequence (one, value) VALUES (1, 0)`,
    `CREATE TABLE changes (sequence ${bigint} PRIMARY KEY, entity TEXT NOT NULL)`,
  ],
];

const shredMigrations: readonly Migration[] = [
  ({ blob }) => [`CREATE TABLE shred_secrets (key_id TEXT PRIMARY KEY, secret ${blob} NOT NULL)`],
];

const dialects: Readonly<Record<Driver['kind'], Dialect>> = {
  sqlite: { blob: 'BLOB', bigint: 'INTEGER', serial: 'INTEGER' },
  postgres: { blob: 'BYTEA', bigint: 'BIGINT', serial: 'BIGSERIAL' },
};

/** Brings a database to the newest schema, under a lock. A newer one than this program knows is a StopError. */
export async function migrate(driver: Driver, what: 'store' | 'shred'): Promise<void> {
  const steps = what === 'store' ? migrations : shredMigrations;
  const table = what === 'store' ? 'schema_version' : 'shred_schema_version';
  const dialect = dialects[driver.kind];
  await driver.transaction(async (query) => {
    if (driver.kind === 'postgres') await query('SELECT pg_advisory_xact_lock(7220157)');
    await query(`CREATE TABLE IF NOT EXISTS ${table} (version ${dialect.bigint} PRIMARY KEY)`);
    const version = await presentVersion(query, table);
    if (version > steps.length) {
      throw new StopError(
        'configuration-invalid',
        `The ${what} has schema ${version}, newer than this program knows (${steps.length}): start a newer Claviger.`,
      );
    }
    for (const [index, step] of steps.entries()) {
      if (index < version) continue;
      for (const sql of step(dialect)) await query(sql);
      await query(`INSERT INTO ${table} (version) VALUES ($1)`, [index + 1]);
    }
  });
}

async function presentVersion(query: Query, table: string): Promise<number> {
  const [row] = await query(`SELECT COALESCE(MAX(version), 0) AS version FROM ${table}`);
  return Number(row?.['version'] ?? 0);
}

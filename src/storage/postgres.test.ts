import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import pg from 'pg';
import { StopError } from '#domain';
import { shredStoreContract, storeContract } from '#ports/contract';
import { fixtureAt, shredStoreFixture, storeFixture } from './fixtures.ts';
import { openStore } from './index.ts';
import { testFill } from './inventory-fill.fixture.ts';
import { migrate, type Schema, shredSchema, storeSchema } from './migrations.ts';
import { type Pool, type PoolClient, postgresDriver } from './postgres.ts';
import { sqlShredStore } from './shred-store.ts';
import { sqlStore } from './store.ts';

const server = process.env['CLAVIGER_TEST_POSTGRES'] ?? '';
const withoutServer = server === '' ? 'CLAVIGER_TEST_POSTGRES is not set' : undefined;

/**
 * The part of PGlite (PostgreSQL as a library) that is used, and how one is made; null where it is not
 * installed.
 */
type PGlite = {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  close(): Promise<void>;
};
type PGliteFactory = { create(): Promise<PGlite> };

async function findPGlite(): Promise<PGliteFactory | null> {
  // a name that is not a literal: the type check passes without the package too
  const name: string = '@electric-sql/pglite';
  try {
    return (await import(name)).PGlite;
  } catch {
    return null;
  }
}

const pglite = server === '' ? await findPGlite() : null;
const withoutPGlite =
  server === '' ? (pglite ? undefined : 'PGlite is not installed') : 'a real server is tested instead';

async function run(sql: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** A schema of its own on the server, as an address. */
async function newSchema(): Promise<{ url: string; schema: string; remove(): Promise<void> }> {
  const schema = `claviger_${randomUUID().replaceAll('-', '')}`;
  await run(`CREATE SCHEMA ${schema}`);
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return { url: url.href, schema, remove: () => run(`DROP SCHEMA ${schema} CASCADE`) };
}

storeContract(
  'postgres',
  async () => {
    const { url, remove } = await newSchema();
    return storeFixture(url, remove);
  },
  withoutServer,
);

shredStoreContract(
  'postgres',
  async () => {
    const { url, remove } = await newSchema();
    return shredStoreFixture(url, remove);
  },
  withoutServer,
);

/** Handles over one PGlite, which has a single connection: whoever has it keeps the others waiting. */
function poolOf(database: PGlite): () => Pool {
  let free: Promise<void> = Promise.resolve();
  return () => {
    let ended = false;
    return {
      pipelines: false,
      async connect(): Promise<PoolClient> {
        if (ended) throw new Error('the pool is closed');
        const before = free;
        const { promise, resolve } = Promise.withResolvers<void>();
        free = promise;
        await before;
        let failed = false;
        return {
          async query({ text, values }) {
            try {
              const { rows } = await database.query(text, values ?? []);
              // PGlite does not tell the command tag: a COMMIT after a failure is a ROLLBACK
              return { rows, command: text === 'COMMIT' && failed ? 'ROLLBACK' : text };
            } catch (error) {
              failed = true;
              throw error;
            }
          },
          release: () => resolve(),
        };
      },
      async end() {
        ended = true;
      },
    };
  };
}

async function embedded(schema: Schema) {
  assert.ok(pglite);
  const database = await pglite.create();
  const newPool = poolOf(database);
  const open = async () => {
    const driver = postgresDriver(newPool());
    await migrate(driver, schema, 0);
    return driver;
  };
  return { open, remove: () => database.close() };
}

storeContract(
  'pglite',
  async () => {
    const { open, remove } = await embedded(storeSchema);
    return fixtureAt(async () => sqlStore(await open()), remove);
  },
  withoutPGlite,
);

shredStoreContract(
  'pglite',
  async () => {
    const { open, remove } = await embedded(shredSchema);
    return fixtureAt(async () => sqlShredStore(await open()), remove);
  },
  withoutPGlite,
);

describe('an older schema in PGlite', { skip: withoutPGlite ?? false }, () => {
  it('is told the place of its keys in the inventory', async () => {
    assert.ok(pglite);
    const database = await pglite.create();
    const newPool = poolOf(database);
    await testFill(async () => postgresDriver(newPool()));
    await database.close();
  });
});

describe('a PostgreSQL server', { skip: withoutServer ?? false }, () => {
  it('is migrated once by several that start at the same moment', async () => {
    const { url, remove } = await newSchema();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(url)));
    await Promise.all(stores.map((store) => store.probe()));
    await Promise.all(stores.map((store) => store.close()));
    await remove();
  });

  it('is refused when a newer program wrote it', async () => {
    const { url, schema, remove } = await newSchema();
    await (await openStore(url)).close();
    await run(`INSERT INTO ${schema}.migrations (step, taken_at) VALUES (99, 0)`);
    await assert.rejects(openStore(url), { code: 'configuration-invalid', stop: true });
    await remove();
  });

  it('is refused when it is set to forget commits', async () => {
    const { url, remove } = await newSchema();
    const lax = new URL(url);
    lax.searchParams.set('options', '-c synchronous_commit=off');
    await assert.rejects(openStore(lax.href), StopError);
    await remove();
  });
});

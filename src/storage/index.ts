import { StopError } from '#domain';
import type { ShredStore, Store } from '#ports';
import { parseAddress } from './address.ts';
import { type Archive, sqlArchive } from './archive.ts';
import type { Driver } from './driver.ts';
import { migrate, type Schema, shredSchema, storeSchema } from './migrations.ts';
import { sqlShredStore } from './shred-store.ts';
import { openSqlite } from './sqlite.ts';
import { sqlStore } from './store.ts';

async function openDriver(url: string, schema: Schema, stepsMax?: number): Promise<Driver> {
  const address = parseAddress(url);
  let driver: Driver;
  if (address.kind === 'sqlite') {
    driver = await openSqlite(address.file);
  } else {
    // loaded only where it is used
    const { openPostgres } = await import('./postgres.ts');
    driver = await openPostgres(address.url);
  }
  try {
    await migrate(driver, schema, Date.now(), stepsMax);
  } catch (error) {
    await driver.close();
    throw error;
  }
  return driver;
}

/**
 * Opens the store at `sqlite:PATH` or `postgres://...`, makes it where it is not there, and brings its schema up
 * to date. Rejects with `configuration-invalid` (an address of another kind, a database of a newer program),
 * `store-unavailable` or `integrity-failed`.
 */
export async function openStore(url: string): Promise<Store> {
  return sqlStore(await openDriver(url, storeSchema));
}

/**
 * Opens the store for a whole copy out of it or into it. With `schema` a database that is new gets only so many steps, so that rows of
 * an older program fit into it; the next `openStore` takes the others.
 */
export async function openArchive(url: string, schema?: number): Promise<Archive> {
  if (schema !== undefined && schema > storeSchema.steps.length) {
    throw new StopError(
      'configuration-invalid',
      `A newer version of Claviger made the backup (schema ${schema}, known ${storeSchema.steps.length}).`,
    );
  }
  return sqlArchive(await openDriver(url, storeSchema, schema));
}

/** Opens the shred store; addresses and errors as for `openStore`. */
export async function openShredStore(url: string): Promise<ShredStore> {
  return sqlShredStore(await openDriver(url, shredSchema));
}

export type { Archive, ArchiveRecord, ArchiveTable } from './archive.ts';
/** The schema that this program writes. */
export const storeSchemaSteps = storeSchema.steps.length;

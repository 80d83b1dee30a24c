import { ClavigerError } from '#domain';
import type { ShredStore, Store } from '#ports';
import type { Driver } from './driver.ts';
import { migrate } from './migrations.ts';
import { createSqlShredStore } from './sql-shred-store.ts';
import { createSqlStore } from './sql-store.ts';

async function openDriver(url: string): Promise<Driver> {
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    if (file === '') throw new ClavigerError('configuration-invalid', 'The store url sqlite: names no file.');
    const { openSqlite } = await import('./sqlite/sqlite-driver.ts');
    return openSqlite(file);
  }
  if (url.startsWith('postgres://') || url.startsWith('postgresql://')) {
    const { openPostgres } = await import('./postgres/postgres-driver.ts');
    return openPostgres(url);
  }
  // the url may hold a password: it is not repeated
  throw new ClavigerError('configuration-invalid', 'The store url must begin with sqlite: or postgres://.');
}

async function migrated(url: string, what: 'store' | 'shred'): Promise<Driver> {
  const driver = await openDriver(url);
  try {
    await migrate(driver, what);
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** Opens the store at `sqlite:PATH` or `postgres://...`, with its schema brought up to date. */
export async function openStore(url: string): Promise<Store> {
  return createSqlStore(await migrated(url, 'store'));
}

/** Opens the shred store; it may be in the same kind of database, never in the same file as the store. */
export async function openShredStore(url: string): Promise<ShredStore> {
  return createSqlShredStore(await migrated(url, 'shred'));
}

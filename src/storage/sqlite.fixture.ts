import { migrate, type Schema } from './migrations.ts';
import type { Driver } from './driver.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import type { LaneChoice } from './sqlite-lanes.ts';

/** Where the writer runs in tests that go through both. */
export const bothLanes: readonly LaneChoice[] = ['event-loop', 'thread'];

/** Opens a file with its schema. */
export async function openMigrated(file: string, schema: Schema, options: SqliteOptions): Promise<Driver> {
  const driver = await openSqlite(file, options);
  await migrate(driver, schema, 0);
  return driver;
}

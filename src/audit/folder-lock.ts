import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClavigerError } from '#domain';

/**
 * Keeps a second process out of a log's folder. It is SQLite's lock on an empty database, which the system takes away with
 * the process that held it, however that ended.
 */
export function lockFolder(folder: string): { release: () => void } {
  const file = path.join(folder, 'lock');
  // SQLite would make it by the umask
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: 2000 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new ClavigerError('conflict', `Another process writes the audit log in ${folder}.`, { cause });
  }
  return { release: () => database.close() };
}

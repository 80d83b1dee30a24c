import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { shredStoreContract, storeContract } from '#ports/contract';
import { fixtureAt, temporaryFolder } from './fixtures.ts';
import { shredSchema, storeSchema } from './migrations.ts';
import { sqlShredStore } from './shred-store.ts';
import { bothLanes, openMigrated } from './sqlite.fixture.ts';
import { openSqlite } from './sqlite.ts';
import { sqlStore } from './store.ts';

for (const lane of bothLanes) {
  storeContract(`sqlite, writer in ${lane}`, () => {
    const folder = temporaryFolder();
    const open = () => openMigrated(join(folder.path, 'store.db'), storeSchema, { lane });
    return fixtureAt(async () => sqlStore(await open()), folder.remove);
  });

  shredStoreContract(`sqlite, writer in ${lane}`, () => {
    const folder = temporaryFolder();
    const open = () => openMigrated(join(folder.path, 'shred.db'), shredSchema, { lane });
    return fixtureAt(async () => sqlShredStore(await open()), folder.remove);
  });
}

describe('the disk of a SQLite file', () => {
  const folder = temporaryFolder();
  after(folder.remove);
  const [normal, full] = [1, 2];

  it('is waited for by every commit but those whose loss is bearable, also after one that failed', async () => {
    const driver = await openSqlite(join(folder.path, 'sync.db'));
    const level = (isLossBearable = false) =>
      driver.transaction(async (session) => (await session.query('PRAGMA synchronous'))[0]?.['synchronous'], {
        isLossBearable,
      });
    const failing = driver.transaction(() => Promise.reject(new Error('no')), { isLossBearable: true });
    await assert.rejects(failing);
    assert.deepEqual([await level(), await level(true), await level()], [full, normal, full]);
    await driver.close();
  });
});

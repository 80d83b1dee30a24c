import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { shredStoreContract, storeContract } from '#ports/contract';
import { shredStoreFixture, storeFixture, temporaryFolder } from './fixtures.ts';
import { openSqlite } from './sqlite.ts';

storeContract('sqlite', () => {
  const folder = temporaryFolder();
  return storeFixture(`sqlite:${join(folder.path, 'store.db')}`, folder.remove);
});

shredStoreContract('sqlite', () => {
  const folder = temporaryFolder();
  return shredStoreFixture(`sqlite:${join(folder.path, 'shred.db')}`, folder.remove);
});

describe('the disk of a SQLite file', () => {
  const folder = temporaryFolder();
  after(folder.remove);
  const [normal, full] = [1, 2];

  it('is waited for by every commit but those whose loss is bearable, also after one that failed', async () => {
    const driver = await openSqlite(join(folder.path, 'sync.db'));
    const level = (isLossBearable?: boolean) =>
      driver.transaction(
        async (session) => (await session.query('PRAGMA synchronous'))[0]?.['synchronous'],
        isLossBearable,
      );
    const failing = driver.transaction(() => Promise.reject(new Error('no')), true);
    await assert.rejects(failing);
    assert.deepEqual([await level(), await level(true), await level()], [full, normal, full]);
    await driver.close();
  });
});

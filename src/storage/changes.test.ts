import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { samples } from '#ports/contract';
import { changesKept } from './changes.ts';
import { temporaryFolder } from './fixtures.ts';
import { migrate, storeSchema } from './migrations.ts';
import { openSqlite } from './sqlite.ts';
import { sqlStore } from './store.ts';

describe('the change sequence', () => {
  it('forgets old changes, and says so to who asks for them', async () => {
    const folder = temporaryFolder();
    const driver = await openSqlite(join(folder.path, 'store.db'));
    await migrate(driver, storeSchema, 0);
    const store = sqlStore(driver);
    const create = () => store.commit(samples.only(samples.createKey(samples.sampleKey('production'))));
    await create();
    const end = changesKept + 1_990;
    await driver.transaction(async (session) => {
      await session.query('UPDATE change_sequence SET sequence = $1 WHERE id = 1', [end]);
      await session.query(
        `WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
         INSERT INTO changes (sequence, entity) SELECT n, 'key:' || n FROM numbers`,
        [end],
      );
    });
    assert.equal((await store.changesSince(0)).isComplete, true, 'all are there still');
    for (let index = 0; index < 15; index += 1) await create();
    const [row] = await driver.query('SELECT min(sequence) AS first, count(*) AS total FROM changes');
    assert.ok(Number(row?.['first']) > 1_900 && Number(row?.['first']) <= 2_005);
    assert.ok(Number(row?.['total']) >= changesKept);
    assert.equal((await store.changesSince(0)).isComplete, false);
    assert.equal((await store.changesSince(Number(row?.['first']) - 2)).isComplete, false);
    const feed = await store.changesSince(Number(row?.['first']) - 1);
    assert.equal(feed.isComplete, true);
    assert.equal(feed.sequence, end + 15);
    await store.close();
    await folder.remove();
  });

  it('is answered without a statement while nothing was written', async () => {
    const folder = temporaryFolder();
    const driver = await openSqlite(join(folder.path, 'store.db'));
    await migrate(driver, storeSchema, 0);
    let statements = 0;
    const store = sqlStore({
      ...driver,
      query: (sql, params) => {
        statements += 1;
        return driver.query(sql, params);
      },
    });
    assert.equal(await store.changeSequence(), 0);
    const before = statements;
    for (let index = 0; index < 10; index += 1) assert.equal(await store.changeSequence(), 0);
    assert.equal(statements, before);
    const second = sqlStore(await openSqlite(join(folder.path, 'store.db')));
    await second.commit(samples.only(samples.createKey(samples.sampleKey('production'))));
    assert.equal(await store.changeSequence(), 1);
    assert.equal(statements, before + 1);
    await second.close();
    await store.close();
    await folder.remove();
  });
});

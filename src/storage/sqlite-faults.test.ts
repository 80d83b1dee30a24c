import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { StopError } from '#domain';
import { samples } from '#ports/contract';
import { temporaryFolder } from './fixtures.ts';
import { openShredStore, openStore } from './index.ts';
import { storeSchema } from './migrations.ts';
import { bothLanes, openMigrated } from './sqlite.fixture.ts';
import { openSqlite } from './sqlite.ts';
import { sqlStore } from './store.ts';

const { only, createKey, sampleKey, sampleName } = samples;

describe('the SQLite file', () => {
  it('is made with its folder, for its owner only', {
    skip: process.platform === 'win32' && 'no modes',
  }, async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'new', 'store.db');
    const store = await openStore(`sqlite:${file}`);
    await store.probe();
    assert.equal(statSync(join(folder.path, 'new')).mode & 0o777, 0o700);
    for (const name of [file, `${file}-wal`, `${file}-shm`])
      assert.equal(statSync(name).mode & 0o777, 0o600, name);
    await store.close();
    chmodSync(file, 0o644);
    await (await openStore(`sqlite:${file}`)).close();
    assert.equal(statSync(file).mode & 0o777, 0o600, 'a mode that was laxer is put right');
    await folder.remove();
  });

  it('really has the settings that durability and erasure rest on', async () => {
    const folder = temporaryFolder();
    const driver = await openSqlite(join(folder.path, 'store.db'));
    const expected = {
      journal_mode: 'wal',
      synchronous: 2,
      secure_delete: 1,
      foreign_keys: 1,
      trusted_schema: 0,
      cell_size_check: 1,
    };
    for (const [pragma, value] of Object.entries(expected)) {
      const ofWriter = await driver.transaction((session) => session.query(`PRAGMA ${pragma}`));
      assert.equal(ofWriter[0]?.[pragma], value, pragma);
      assert.equal((await driver.query(`PRAGMA ${pragma}`))[0]?.[pragma], value, pragma);
    }
    await driver.close();
    await folder.remove();
  });

  it('can be opened by several at the same moment, and migrates once', async () => {
    const folder = temporaryFolder();
    const url = `sqlite:${join(folder.path, 'store.db')}`;
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(url)));
    const key = sampleKey('production');
    await stores[0]?.commit(only(createKey(key)));
    for (const store of stores) assert.deepEqual((await store.key(key.id))?.key, key);
    await Promise.all(stores.map((store) => store.close()));
    await folder.remove();
  });

  it('is refused when a newer program wrote it', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'store.db');
    await (await openStore(`sqlite:${file}`)).close();
    const database = new DatabaseSync(file);
    database.exec('INSERT INTO migrations (step, taken_at) VALUES (99, 0)');
    database.close();
    await assert.rejects(openStore(`sqlite:${file}`), (error) => {
      return (
        error instanceof StopError && error.code === 'configuration-invalid' && error.details['found'] === 99
      );
    });
    await folder.remove();
  });

  it('stops on a file that is no database, or is damaged', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'store.db');
    writeFileSync(file, 'not a database, but long enough to be taken for one '.repeat(100));
    await assert.rejects(openStore(`sqlite:${file}`), { code: 'integrity-failed', stop: true });
    const damaged = join(folder.path, 'damaged.db');
    const store = await openStore(`sqlite:${damaged}`);
    const keys = Array.from({ length: 100 }, () => sampleKey('production'));
    await store.commit(only(...keys.map((key) => createKey(key))));
    await store.close();
    const pages = statSync(damaged).size / 4096;
    const handle = openSync(damaged, 'r+');
    for (let page = Math.floor(pages * 0.7); page < pages; page += 1) {
      writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
    }
    closeSync(handle);
    const again = await openStore(`sqlite:${damaged}`);
    await assert.rejects(again.keys('production', null, { after: null, limit: 999 }), {
      code: 'integrity-failed',
      stop: true,
    });
    await again.close();
    await folder.remove();
  });

  it('reports a folder that can not be made as not available', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder.path, 'file'), '');
    const url = `sqlite:${join(folder.path, 'file', 'store.db')}`;
    await assert.rejects(openStore(url), { code: 'store-unavailable' });
    await assert.rejects(openShredStore(url), { code: 'store-unavailable' });
    await folder.remove();
  });
});

for (const lane of bothLanes)
  describe(`faults of SQLite, writer in ${lane}`, () => {
    it('makes nothing half when the disk is full, and goes on when it is not', async () => {
      const folder = temporaryFolder();
      const driver = await openMigrated(join(folder.path, 'store.db'), storeSchema, { lane });
      const store = sqlStore(driver);
      const limit = async (pages: number) =>
        driver.transaction((session) => session.query(`PRAGMA max_page_count = ${pages}`));
      const [row] = await driver.query('PRAGMA page_count');
      await limit(Number(row?.['page_count']) + 10);
      const keys = Array.from({ length: 200 }, () => sampleKey('production'));
      const event = () => samples.sampleEvent({ node: 'full' });
      const results = await Promise.allSettled(
        keys.map(async (key, index) => {
          // some turns apart, so that some groups fit
          for (let turn = 0; turn < index / 5; turn += 1)
            await new Promise((resolve) => setImmediate(resolve));
          await store.commit({ changes: [createKey(key)], events: [event()] });
        }),
      );
      const done = results.filter(({ status }) => status === 'fulfilled').length;
      assert.ok(done > 0 && done < keys.length, `${done} fit`);
      for (const [index, result] of results.entries()) {
        const stands = (await store.key(keys[index]?.id ?? '')) !== null;
        assert.equal(stands, result.status === 'fulfilled');
        if (result.status === 'rejected') assert.equal(result.reason.code, 'store-unavailable');
      }
      assert.equal((await store.outbox('full')).length, done);
      assert.equal(await store.changeSequence(), done);
      await limit(1_000_000);
      await store.commit(only(createKey(sampleKey('production'))));
      assert.equal(await store.countKeys('production'), done + 1);
      await store.close();
      await folder.remove();
    });

    it('waits for another process that writes, without standing still itself', async () => {
      const folder = temporaryFolder();
      const file = join(folder.path, 'store.db');
      const store = sqlStore(await openMigrated(file, storeSchema, { lane }));
      const other = new DatabaseSync(file);
      other.exec('BEGIN IMMEDIATE');
      const key = sampleKey('production');
      const committing = store.commit(only(createKey(key)));
      assert.equal(await store.key(key.id), null, 'reads go on');
      const first = await Promise.race([
        committing,
        store.probe(),
        new Promise((go) => setImmediate(go, 'free')),
      ]);
      assert.equal(first, 'free');
      other.exec('COMMIT');
      other.close();
      await committing;
      assert.deepEqual((await store.key(key.id))?.key, key);
      await store.close();
      await folder.remove();
    });

    it('keeps all that was acknowledged, and nothing by halves, when the process is killed', {
      timeout: 60_000,
    }, async () => {
      const folder = temporaryFolder();
      const file = join(folder.path, 'store.db');
      const url = `sqlite:${file}`;
      await (await openStore(url)).close();
      const acknowledged: string[] = [];
      for (let round = 0; round < 8; round += 1) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'crash.fixture.ts'), file, lane], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let left = 5 + round * 23;
        for await (const line of createInterface({ input: child.stdout })) {
          acknowledged.push(line);
          left -= 1;
          if (left === 0) child.kill('SIGKILL');
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        assert.equal(child.signalCode, 'SIGKILL');
      }
      const store = await openStore(url);
      const events = new Set((await store.outbox('crash')).map(({ keyId }) => keyId));
      const { entities, sequence, isComplete } = await store.changesSince(0);
      assert.ok(isComplete);
      for (const id of acknowledged) assert.ok(await store.key(id), `acknowledged key ${id}`);
      const keys = await store.keys('production', null, { after: null, limit: 1_000_000 });
      assert.ok(acknowledged.length > 8 * 5 && keys.length >= acknowledged.length);
      for (const { id } of keys) {
        assert.equal((await store.key(id))?.materials.length, 2, 'its material');
        assert.deepEqual(
          await store.name('production', 'default', id),
          sampleName({ ...sampleKey('production'), id }, id),
        );
        assert.ok(events.has(id), 'its event');
        assert.ok(entities.includes(`key:${id}`), 'its change');
      }
      assert.equal(events.size, keys.length);
      assert.equal(sequence, keys.length * 2);
      await store.close();
      const database = new DatabaseSync(file);
      assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
      database.close();
      await folder.remove();
    });
  });

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Copy } from '#ports';
import { samples } from '#ports/contract';
import { sqlArchive, type ArchiveRecord } from './archive.ts';
import type { Driver } from './driver.ts';
import { temporaryFolder } from './fixtures.ts';
import { openArchive, openShredStore, openStore } from './index.ts';
import { migrate, storeSchema } from './migrations.ts';
import { type PoolClient, postgresDriver } from './postgres.ts';

type PGlite = {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  close(): Promise<void>;
};

/** PostgreSQL as a library, with its one connection; null where it is not installed. */
async function openPGlite(): Promise<Driver | null> {
  // a name that is not a literal: the type check passes without the package too
  const name: string = '@electric-sql/pglite';
  let factory: { create(): Promise<PGlite> };
  try {
    factory = (await import(name)).PGlite;
  } catch {
    return null;
  }
  const database = await factory.create();
  const client: PoolClient = {
    query: async ({ text, values }) => ({
      rows: (await database.query(text, values ?? [])).rows,
      command: text,
    }),
    release: () => undefined,
  };
  const driver = postgresDriver({
    pipelines: false,
    connect: async () => client,
    end: () => database.close(),
  });
  await migrate(driver, storeSchema, 0);
  return driver;
}

async function collect(records: AsyncIterable<ArchiveRecord>): Promise<ArchiveRecord[]> {
  const all: ArchiveRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

async function* each(records: readonly ArchiveRecord[]): AsyncGenerator<ArchiveRecord> {
  yield* records;
}

/** Rows by table, without regard to an order that means nothing. */
function byTable(records: readonly ArchiveRecord[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let rows: string[] = [];
  for (const record of records) {
    if ('table' in record) {
      rows = [];
      found[record.table] = rows;
    } else rows.push(JSON.stringify(record.row));
  }
  for (const list of Object.values(found)) list.sort();
  return found;
}

const mark = { name: 'restoring', value: 'here' };

const copyOf = (keyId: string): Copy => ({
  id: randomUUID(),
  kind: 'export',
  keyId,
  createdAt: 5,
  place: 'the safe',
  holder: 'ada',
  status: 'live',
  detail: {},
});

async function filledFolder() {
  const folder = temporaryFolder();
  const url = `sqlite:${join(folder.path, 'store.db')}`;
  const store = await openStore(url);
  for (let index = 0; index < 700; index += 1) {
    const key = samples.sampleKey('production');
    await store.commit(
      samples.only(samples.createKey(key, [{ version: 1, material: samples.material(60 + index) }])),
    );
    await store.commit(samples.only({ kind: 'copy-put', copy: copyOf(key.id), expected: null }));
    if (index % 100 === 0) await store.reserveUsage(key.id, 1, { operations: 7, bytes: 2 ** 40 });
  }
  await store.claimSetting('a setting', 'value');
  return { folder, url, store };
}

describe('the archive of a store', () => {
  it('goes from SQLite to PostgreSQL and back, row by row', async (test) => {
    const postgres = await openPGlite();
    if (!postgres) return test.skip('PGlite is not installed');
    const { folder, url, store } = await filledFolder();
    await store.close();
    const source = await openArchive(url);
    const dumped = await collect(source.dump());
    await source.close();
    const over = sqlArchive(postgres);
    assert.equal(await over.isEmpty(), true);
    await over.load(each(dumped), mark);
    await over.load(each(dumped), mark);
    const there = await collect(over.dump());
    await over.close();
    const back = await openArchive(`sqlite:${join(folder.path, 'back.db')}`);
    await back.load(each(there), mark);
    const last = byTable(await collect(back.dump()));
    await back.close();
    const first = byTable(dumped);
    assert.ok((first['keys']?.length ?? 0) === 700 && (first['key_versions']?.length ?? 0) === 700);
    assert.equal(first['copies']?.length, 700);
    first['settings']?.push(JSON.stringify(['restoring', 'here']));
    first['settings']?.sort();
    assert.deepEqual(last, first);
    await folder.remove();
  });

  it('holds every table but those of the moment, and never a shred secret', async () => {
    const { folder, url, store } = await filledFolder();
    // even where both stores share a database
    const shreds = await openShredStore(url);
    const secret = samples.material();
    await shreds.put('a-key', secret);
    const archive = await openArchive(url);
    const dumped = await collect(archive.dump());
    const text = JSON.stringify(dumped);
    assert.equal(text.includes(Buffer.from(secret).toString('base64')), false);
    const tables = Object.keys(byTable(dumped)).sort();
    assert.deepEqual(tables, [
      'change_sequence',
      'changes',
      'copies',
      'credentials',
      'demands',
      'destructions',
      'documents',
      'environment_keks',
      'environments',
      'key_classes',
      'key_uses',
      'key_versions',
      'keys',
      'last_uses',
      'log_heads',
      'material_holders',
      'material_owners',
      'names',
      'outbox',
      'principals',
      'settings',
      'usage_counts',
    ]);
    await archive.close();
    await shreds.close();
    await store.close();
    await folder.remove();
  });

  it('sees one moment while others write', async () => {
    const { folder, url, store } = await filledFolder();
    let stop = false;
    let written = 0;
    const writers = Array.from({ length: 8 }, async () => {
      while (!stop) {
        const key = samples.sampleKey('production');
        const materials = [{ version: 1, material: samples.material() }];
        await store.commit(samples.only(samples.createKey(key, materials)));
        await store.commit(
          samples.only(
            samples.updateKey(
              key,
              {},
              { added: [{ version: 2, material: samples.material() }], erased: [1] },
            ),
          ),
        );
        written += 1;
        await new Promise((resume) => setImmediate(resume));
      }
    });
    const archive = await openArchive(url);
    for (let round = 0; round < 5; round += 1) {
      const before = written;
      const records: ArchiveRecord[] = [];
      for await (const record of archive.dump()) {
        records.push(record);
        // not before somebody has written meanwhile
        while (records.length === 1_000 && written === before)
          await new Promise((resume) => setImmediate(resume));
      }
      const found = byTable(records);
      const ids = new Set((found['keys'] ?? []).map((row) => (JSON.parse(row) as string[])[0]));
      const owners = (found['key_versions'] ?? []).map((row) => (JSON.parse(row) as string[])[0]);
      // each key has one material at every moment: never none, never two
      assert.equal(owners.length, ids.size);
      assert.deepEqual(new Set(owners), ids);
      assert.ok(written > before, 'the writers went on');
    }
    stop = true;
    await Promise.all(writers);
    await archive.close();
    await store.close();
    await folder.remove();
  });

  it('loads all or nothing, and refuses rows that do not fit', async () => {
    const { folder, url, store } = await filledFolder();
    await store.close();
    const source = await openArchive(url);
    const dumped = await collect(source.dump());
    await source.close();
    const target = await openArchive(`sqlite:${join(folder.path, 'target.db')}`);
    const wrong: readonly ArchiveRecord[][] = [
      [{ row: ['x'] }],
      [{ table: 'nothing', columns: [{ name: 'id', type: 'text' }] }],
      [{ table: 'settings', columns: [{ name: 'name', type: 'blob' }] }],
      [...dumped, { row: ['short'] }],
      [...dumped, ...dumped],
      [{ table: 'names; DROP TABLE keys', columns: [{ name: 'name', type: 'text' }] }],
    ];
    for (const records of wrong) {
      await assert.rejects(target.load(each(records), mark), { code: 'integrity-failed' });
      assert.equal(await target.isEmpty(), true);
    }
    await target.load(each(dumped), mark);
    assert.equal(await target.isEmpty(), false);
    assert.equal(await target.setting('restoring'), 'here');
    await target.close();
    await folder.remove();
  });

  it('refuses the rows of a newer program', async () => {
    const folder = temporaryFolder();
    await assert.rejects(openArchive(`sqlite:${join(folder.path, 'a.db')}`, 9_999), /newer version/);
    await folder.remove();
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { samples } from '#ports/contract';
import type { Driver } from './driver.ts';
import { temporaryFolder } from './fixtures.ts';
import { storeSchema } from './migrations.ts';
import { openMigrated } from './sqlite.fixture.ts';
import { lockTimeoutMs, shortWaitMs } from './sqlite-connection.ts';
import { contention } from './sqlite-lanes.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import { sqlStore } from './store.ts';
import { startWriterThread, type WriterThread } from './writer-thread.ts';

const { only, createKey, sampleKey } = samples;
const turn = () => new Promise((next) => setImmediate(next));

/** A file with a table, and the threads that were started for it. */
async function opened(test: TestContext, options: SqliteOptions = { lane: 'thread' }) {
  const folder = temporaryFolder();
  const file = join(folder.path, 'file.db');
  const threads: WriterThread[] = [];
  const startThread = (name: string): WriterThread => {
    const thread = (options.startThread ?? startWriterThread)(name);
    threads.push(thread);
    return thread;
  };
  const driver = await openSqlite(file, { ...options, startThread });
  await driver.transaction((session) =>
    session.query('CREATE TABLE notes (id INTEGER PRIMARY KEY, note BLOB)'),
  );
  test.after(async () => {
    await driver.close();
    await folder.remove();
  });
  const ids = async () => (await driver.query('SELECT id FROM notes ORDER BY id')).map((row) => row['id']);
  return { driver, file, threads, ids };
}

const insert = 'INSERT INTO notes (id, note) VALUES ($1, $2)';

/** Where the writer of a driver runs: its connection waits for locks in another way. */
async function whereOf(driver: Driver): Promise<string> {
  const [row] = await driver.transaction((session) => session.query('PRAGMA busy_timeout'));
  const places = new Map([
    [shortWaitMs, 'event loop'],
    [lockTimeoutMs, 'thread'],
  ]);
  return places.get(Number(row?.['timeout'])) ?? 'nowhere';
}

describe('the writer of a SQLite file', () => {
  it('stays on the event loop while it holds it for short times', async (test) => {
    const { driver, threads } = await opened(test, {});
    assert.equal(await whereOf(driver), 'event loop');
    assert.equal(threads.length, 0);
  });

  it('moves into a thread when it holds the event loop for long, and back when that is killed', {
    timeout: 60_000,
  }, async (test) => {
    const { driver, threads, ids } = await opened(test, {});
    const slow = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      SELECT count(*) AS total FROM n`;
    let id = 0;
    while ((await whereOf(driver)) !== 'thread') {
      await driver.transaction(async (session) => {
        await session.query(slow);
        await session.query(insert, [(id += 1), null]);
      });
      await turn();
    }
    assert.equal(threads.length, 1);
    await driver.transaction((session) => session.query(insert, [(id += 1), null]));
    await threads[0]?.kill();
    await driver.transaction((session) => session.query(insert, [(id += 1), null]));
    assert.equal(await whereOf(driver), 'event loop');
    assert.equal((await ids()).length, id);
  });

  it('stays on the event loop when no thread can start', async (test) => {
    const startThread = (): WriterThread => {
      const failed = Promise.reject(new Error('no thread'));
      failed.catch(() => {});
      const never = () => failed;
      return {
        ready: failed,
        ended: Promise.resolve(),
        take: never,
        query: never,
        commitList: never,
        close: never,
        kill: never,
      };
    };
    const { driver, ids } = await opened(test, { lane: 'thread', startThread });
    await driver.transaction((session) => session.query(insert, [1, null]));
    assert.equal(await whereOf(driver), 'event loop');
    assert.deepEqual(await ids(), [1]);
  });
});

describe('the thread of a writer', () => {
  it('takes a group of commits with few messages', async (test) => {
    const folder = temporaryFolder();
    const store = sqlStore(
      await openMigrated(join(folder.path, 'store.db'), storeSchema, { lane: 'thread' }),
    );
    test.after(folder.remove);
    const sent = test.mock.method(Worker.prototype, 'postMessage');
    const keys = Array.from({ length: 50 }, () => sampleKey('production'));
    const event = () => samples.sampleEvent({ node: 'here' });
    await Promise.all(keys.map((key) => store.commit({ changes: [createKey(key)], events: [event()] })));
    assert.equal(sent.mock.callCount(), 1, 'the works with their notes, from the begin to the commit');
    for (const { id } of keys) assert.ok(await store.key(id));
    await store.close();
  });

  it('gives values and rows back as they were given, and never what lies beside them', async (test) => {
    const { driver } = await opened(test);
    const whole = Buffer.from('before, the value, and after');
    const sent = test.mock.method(Worker.prototype, 'postMessage');
    const rows = await driver.transaction(async (session) => {
      const value = whole.subarray(8, 17);
      const first = session.query(`${insert} RETURNING note`, [1, value]);
      // what was asked for is not changed by what the caller does with its bytes afterwards
      value.fill(0x2a);
      const values = [2 ** 40, 'ä\u0000\u{1F511}', 1.5, null];
      return [
        ...(await first),
        ...(await session.query('SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d', values)),
      ];
    });
    assert.deepEqual(
      [Buffer.from(rows[0]?.['note'] as Uint8Array).toString(), { ...rows[1] }],
      ['the value', { a: 2 ** 40, b: 'ä\u0000\u{1F511}', c: 1.5, d: null }],
    );
    assert.ok(!JSON.stringify(sent.mock.calls.map((call) => call.arguments)).includes('before'));
    for (const {
      arguments: [batch],
    } of sent.mock.calls)
      for (const step of batch.steps)
        for (const value of Array.isArray(step) ? step[1] : [])
          if (value instanceof Uint8Array) assert.equal(value.buffer.byteLength, value.byteLength);
  });

  for (const lane of ['thread', 'event-loop'] as const) {
    it(`commits a list whole, or nothing of it (${lane})`, async (test) => {
      const { driver, ids } = await opened(test, { lane });
      const put = (id: number, mustFind = false) => ({ sql: insert, values: [id, null], mustFind });
      const missing = { sql: 'SELECT id FROM notes WHERE id = 7', values: [], mustFind: true };
      const commit = driver.commitList;
      assert.ok(commit);
      assert.equal(await commit([put(1), put(2)]), null);
      assert.equal(await commit([put(3), missing, put(4)]), 1, 'the one that found nothing');
      await assert.rejects(commit([put(5), put(1)]), { name: 'ConstraintError', rule: 'unique' });
      await assert.rejects(commit([put(5), { sql: 'no SQL', values: [], mustFind: false }]), {
        code: 'store-unavailable',
      });
      assert.equal(await commit([put(6), { ...missing, values: [], mustFind: false }]), null);
      assert.deepEqual(await ids(), [1, 2, 6]);
      const bytes = Buffer.from('before, the value, and after').subarray(8, 17);
      const late = commit([{ sql: insert, values: [8, bytes], mustFind: false }]);
      if (lane === 'thread') {
        // in its turn, the values are taken at once
        await turn();
        bytes.fill(0x2a);
      }
      await late;
      const [row] = await driver.query('SELECT note FROM notes WHERE id = 8');
      assert.equal(Buffer.from(row?.['note'] as Uint8Array).toString(), 'the value');
    });
  }

  it('tells errors as the event loop does', async (test) => {
    const { driver, ids } = await opened(test);
    const fails = (sql: string) => driver.transaction((session) => session.query(sql));
    await driver.transaction((session) => session.query(insert, [1, null]));
    await assert.rejects(fails('INSERT INTO notes (id) VALUES (1)'), {
      name: 'ConstraintError',
      rule: 'unique',
    });
    await assert.rejects(fails('no SQL'), { code: 'store-unavailable' });
    const own = new Error('of the work');
    await assert.rejects(
      driver.transaction(async (session) => {
        await session.query(insert, [2, null]);
        throw own;
      }),
      own,
    );
    assert.deepEqual(await ids(), [1]);
  });

  it('runs no statement by itself that comes after the end of its transaction', async (test) => {
    const { driver, ids } = await opened(test);
    const asked: Promise<unknown>[] = [];
    const undone = driver.transaction(async (session) => {
      // SQLite may do this by itself when the disk is full
      asked.push(session.query('ROLLBACK'), session.query(insert, [1, null]));
      await Promise.allSettled(asked);
    });
    await assert.rejects(undone, { code: 'store-unavailable' });
    assert.deepEqual(
      (await Promise.allSettled(asked)).map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    let late: (() => Promise<unknown>) | undefined;
    await driver.transaction(async (session) => {
      late = () => session.query(insert, [2, null]);
    });
    await assert.rejects(late?.() ?? Promise.resolve(), { code: 'store-unavailable' });
    assert.deepEqual(await ids(), []);
  });

  it('waits for another process that writes, within bounds, and others wait for none of it', async (test) => {
    const { driver, file, ids } = await opened(test);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const refused = driver.transaction((session) => session.query(insert, [1, null]));
    await assert.rejects(refused, { code: 'store-unavailable' });
    const writing = driver.transaction((session) => session.query(insert, [2, null]));
    for (let index = 0; index < 20; index += 1) await turn();
    assert.deepEqual(await ids(), [], 'reads go on');
    other.exec('COMMIT');
    other.close();
    await writing;
    assert.deepEqual(await ids(), [2]);
  });

  for (const lane of ['thread', 'event-loop'] as const) {
    it(`lets the next transaction begin once only the disk is waited for (${lane})`, async (test) => {
      const { driver, ids } = await opened(test, { lane });
      await driver.transaction((session) =>
        session.query('CREATE TABLE words (note INTEGER REFERENCES notes DEFERRABLE INITIALLY DEFERRED)'),
      );
      const seen: string[] = [];
      const write = (sql: string, name: string) =>
        driver.transaction(
          (session) => {
            seen.push(`${name} begins`);
            return session.query(sql);
          },
          { onCommitting: () => seen.push(`${name} commits`) },
        );
      const [bad, good, after] = await Promise.allSettled([
        // its commit fails, since the note is not there
        write('INSERT INTO words (note) VALUES (7)', 'bad'),
        write('INSERT INTO notes (id) VALUES (1)', 'good'),
        write('INSERT INTO notes (id) SELECT max(id) + 1 FROM notes', 'after'),
      ]);
      assert.deepEqual([bad.status, good.status, after.status], ['rejected', 'fulfilled', 'fulfilled']);
      assert.ok(bad.status === 'rejected' && bad.reason.rule === 'reference');
      assert.deepEqual(await ids(), [1, 2]);
      assert.deepEqual(await driver.query('SELECT note FROM words'), []);
      const commits = ['bad', 'good', 'after'].flatMap((name) => [`${name} begins`, `${name} commits`]);
      assert.deepEqual(seen, commits, 'one after the other');
    });
  }

  it('is closed after a commit that is under way', async (test) => {
    const { driver, file } = await opened(test);
    let closing: Promise<void> | undefined;
    const onCommitting = () => {
      closing = driver.close();
    };
    await driver.transaction((session) => session.query(insert, [1, null]), { onCommitting });
    await closing;
    const reader = new DatabaseSync(file);
    assert.equal(reader.prepare('SELECT count(*) AS total FROM notes').get()?.['total'], 1);
    reader.close();
  });

  it('removes traces between transactions, never inside one', async (test) => {
    const { driver, ids } = await opened(test);
    const { promise: gate, resolve: go } = Promise.withResolvers<void>();
    const writing = driver.transaction(async (session) => {
      await session.query(insert, [1, null]);
      await gate;
      await session.query(insert, [2, null]);
    });
    let gone: boolean | null = null;
    const removing = driver.removeTraces().then((answer) => {
      gone = answer;
    });
    for (let index = 0; index < 20; index += 1) await turn();
    assert.equal(gone, null);
    go();
    await Promise.all([writing, removing]);
    assert.equal(gone, true);
    assert.deepEqual(await ids(), [1, 2]);
  });

  for (const moment of ['before its commit', 'with its commit under way'] as const) {
    it(`when it is killed, ends a transaction ${moment}, and nothing else`, async (test) => {
      const { driver, threads, ids } = await opened(test);
      await driver.transaction((session) => session.query(insert, [1, null]));
      let killing: Promise<void> | undefined;
      const writing = driver.transaction(async (session) => {
        const asked = session.query(insert, [2, null]);
        if (moment === 'before its commit') await asked;
        const kill = () => {
          killing = threads[0]?.kill();
        };
        if (moment === 'before its commit') kill();
        else setImmediate(kill);
        await asked;
        if (moment === 'before its commit') await session.query(insert, [3, null]);
      });
      const [outcome] = await Promise.allSettled([writing]);
      await killing;
      if (moment === 'before its commit') {
        assert.ok(outcome?.status === 'rejected' && outcome.reason.code === 'store-unavailable');
        assert.deepEqual(await ids(), [1]);
      } else {
        // whether it stands is not known to who was refused; who was told so finds it
        const stands = (await ids()).includes(2);
        assert.ok(outcome?.status === 'rejected' ? outcome.reason.code === 'store-unavailable' : stands);
      }
      await driver.transaction((session) => session.query(insert, [9, null]));
      assert.equal((await ids()).at(-1), 9);
      assert.equal(await driver.removeTraces(), true);
    });
  }

  it('finishes what was accepted when its store is closed under load, and is over then', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'store.db');
    let thread: WriterThread | undefined;
    const startThread = (name: string) => (thread = startWriterThread(name));
    const store = sqlStore(await openMigrated(file, storeSchema, { lane: 'thread', startThread }));
    const keys = Array.from({ length: 300 }, () => sampleKey('production'));
    const commits = keys.map((key) => store.commit(only(createKey(key))));
    await turn();
    await store.close();
    await Promise.all(commits);
    await thread?.ended;
    await assert.rejects(store.probe(), { code: 'store-unavailable' });
    const again = sqlStore(await openMigrated(file, storeSchema, {}));
    assert.equal(await again.countKeys('production'), keys.length);
    await again.close();
    await folder.remove();
  });

  it('keeps the process running for what it was asked, and not longer', () => {
    const folder = temporaryFolder();
    const [module, file] = [join(import.meta.dirname, 'sqlite.ts'), join(folder.path, 'file.db')];
    const script = `const { openSqlite } = await import(${JSON.stringify(module)});
      const driver = await openSqlite(${JSON.stringify(file)}, { lane: 'thread' });
      await driver.transaction((session) => session.query('CREATE TABLE notes (id INTEGER)'));
      driver.transaction((session) => session.query('INSERT INTO notes VALUES (7) RETURNING id'))
        .then(([row]) => process.stdout.write('wrote ' + row.id));`;
    const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script];
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 }), 'wrote 7');
    folder.remove();
  });
});

describe('contention', () => {
  it('is where the event loop is held for long in two seconds that follow each other', () => {
    let now = 0;
    const held = contention(() => now);
    const at = (millis: number, duration: number) => {
      now = millis;
      return held(duration);
    };
    assert.deepEqual([at(10, 900), at(990, 40)], [false, false], 'a start');
    assert.equal(at(3_500, 900), false, 'long after');
    assert.deepEqual(
      [at(4_600, 12), at(4_700, 12)],
      [true, true].map((_, index) => index === 1),
    );
    assert.deepEqual(
      [at(5_700, 20), at(6_800, 60), at(7_900, 15)],
      [false, false, false],
      'one second alone',
    );
  });
});

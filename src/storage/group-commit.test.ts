import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError, hasCode } from '#domain';
import { type Driver, GaveWayError, type Session, unavailable } from './driver.ts';
import { groupCommit } from './group-commit.ts';
import { sqliteDialect } from './sqlite.ts';
import { type CheckedStatement, runList } from './statement-list.ts';

/** A driver that remembers what it was asked; `fault` may throw in place of a COMMIT. */
function recordingDriver(fault: (transaction: number) => void = () => {}, pipelines = false) {
  const log: string[] = [];
  let transactions = 0;
  let open = false;
  const session: Session = {
    async query(sql) {
      log.push(sql);
      // an answer comes in another turn
      if (pipelines) await new Promise((next) => setImmediate(next));
      if (sql.startsWith('fails')) throw new ClavigerError('conflict', sql);
      log.push(...(pipelines ? [`${sql} answered`] : []));
      return [];
    },
  };
  const driver: Driver = {
    dialect: sqliteDialect,
    pipelines,
    query: session.query,
    async transaction(work) {
      assert.equal(open, false, 'one transaction at a time');
      open = true;
      transactions += 1;
      try {
        const result = await work(session);
        fault(transactions);
        log.push('COMMIT');
        return result;
      } catch (error) {
        log.push('ROLLBACK');
        throw error;
      } finally {
        open = false;
      }
    },
    snapshot: () => Promise.reject(new Error('not used here')),
    dataVersion: () => null,
    removeTraces: async () => true,
    close: async () => {},
  };
  return { driver, log, transactions: () => transactions };
}

function writerOf(driver: Driver) {
  const sheets: string[][] = [];
  const writer = groupCommit<string[]>(driver, {
    noteStatements: (notes) => [{ sql: `notes ${notes.flat().join('+')}`, values: [] }],
    afterwards: async (notes) => {
      sheets.push(notes.flat());
    },
  });
  async function write(name: string, touches: readonly string[] = []): Promise<string> {
    const check = () => {
      if (name.startsWith('bad')) throw new ClavigerError('conflict', name);
    };
    await writer.write(touches, [{ sql: name, values: [], check }], [name]);
    return name;
  }
  return { writer, write, sheets };
}

/** A driver that lets the next transaction begin while it commits, which takes until the gate of that commit is opened. */
function overlappingDriver() {
  const { driver } = recordingDriver();
  const log: string[] = [];
  const gates: ((error?: Error) => void)[] = [];
  let turn: Promise<void> = Promise.resolve();
  const transaction: Driver['transaction'] = async (work, how) => {
    const before = turn;
    const { promise: next, resolve: nextMayBegin } = Promise.withResolvers<void>();
    turn = next;
    await before;
    const result = await work({
      async query(sql) {
        log.push(sql);
        return [];
      },
    });
    nextMayBegin();
    how?.onCommitting?.();
    await new Promise<void>((resolve, reject) => {
      gates.push((error) => (error ? reject(error) : resolve()));
    });
    return result;
  };
  return { driver: { ...driver, transaction }, log, gates };
}

const manyTurns = async (): Promise<void> => {
  for (let index = 0; index < 10; index += 1) await new Promise((next) => setImmediate(next));
};

describe('group commit over commits that take their time', () => {
  it('has one group at work while another one commits, and no more', async () => {
    const { driver, log, gates } = overlappingDriver();
    const { writer, write } = writerOf(driver);
    const settled: string[] = [];
    const begin = (name: string) => write(name).then(() => settled.push(name));
    const first = begin('a');
    await manyTurns();
    const second = begin('b');
    await manyTurns();
    const third = begin('c');
    await manyTurns();
    assert.deepEqual(log, ['a', 'notes a', 'b', 'notes b']);
    assert.equal(settled.length, 0);
    gates[0]?.();
    await first;
    await manyTurns();
    assert.deepEqual(settled, ['a'], 'nothing is told before its own commit');
    assert.deepEqual(log.slice(4), ['c', 'notes c']);
    const closing = writer.close().then(() => settled.push('closed'));
    gates[1]?.();
    await second;
    await manyTurns();
    assert.deepEqual(settled, ['a', 'b'], 'it is not closed before its last commit');
    gates[2]?.();
    await Promise.all([third, closing]);
  });

  it('tells those of a commit that fails, and nobody else', async () => {
    const { driver, gates } = overlappingDriver();
    const { write } = writerOf(driver);
    const first = write('a');
    await manyTurns();
    const second = write('b');
    await manyTurns();
    gates[0]?.(unavailable(new Error('the disk is full')));
    gates[1]?.();
    await assert.rejects(first, { code: 'store-unavailable' });
    assert.equal(await second, 'b');
  });
});

describe('group commit of lists, over an engine that commits them without a look', () => {
  /** Refuses, by its index, the first statement that must find a row and is called `gone`. */
  function listingDriver() {
    const recorded = recordingDriver();
    const lists: string[][] = [];
    const commitList: Driver['commitList'] = async (list) => {
      lists.push(list.map(({ sql }) => sql));
      const refused = list.findIndex(({ sql, mustFind }) => mustFind && sql.startsWith('gone'));
      return refused < 0 ? null : refused;
    };
    return { ...recorded, driver: { ...recorded.driver, commitList }, lists };
  }

  const refuse = () => new ClavigerError('conflict', 'gone');
  const hold: CheckedStatement = { sql: 'fence', values: ['env'], holds: true, refuse };
  const plain = (sql: string): CheckedStatement => ({ sql, values: [] });

  it('hands over the statements of a group with their notes, what holds once', async () => {
    const { driver, log, lists } = listingDriver();
    const { writer, sheets } = writerOf(driver);
    const write = (name: string) => writer.write([], [hold, { ...plain(name), refuse }], [name]);
    await Promise.all(['a', 'b'].map(write));
    assert.deepEqual(lists, [['fence', 'a', 'b', 'notes a+b']]);
    assert.deepEqual(sheets, [['a', 'b']]);
    assert.deepEqual(log, []);
  });

  it('runs all apart where one is refused, which alone is told', async () => {
    const { driver, log, lists } = listingDriver();
    const { writer, sheets } = writerOf(driver);
    const write = (name: string) => writer.write([], [{ ...plain(name), refuse }], [name]);
    const results = await Promise.allSettled(['a', 'gone', 'c'].map(write));
    assert.deepEqual(
      results.map(({ status }) => status),
      // the recording driver finds no row for anybody
      ['rejected', 'rejected', 'rejected'],
    );
    assert.deepEqual(lists, [['a', 'gone', 'c', 'notes a+gone+c']]);
    assert.equal(log.filter((sql) => sql === 'SAVEPOINT one_work').length, 3);
    assert.deepEqual(sheets, [[]]);
    await assert.rejects(write('gone too'), { code: 'conflict', message: 'gone' });
  });

  it('looks at answers where that is needed, and where a work is no list', async () => {
    const { driver, log, lists } = listingDriver();
    const { writer } = writerOf(driver);
    await writer.write([], [{ ...plain('looks'), check: () => undefined }], null);
    await writer.write([], [{ ...plain('moves'), moves: true }], null);
    await Promise.all([
      writer.write([], [plain('list')], null),
      writer.run([], (session) => session.query('run')),
    ]);
    assert.deepEqual(lists, []);
    assert.deepEqual(
      log.filter((sql) => !sql.startsWith('notes')),
      ['looks', 'COMMIT', 'moves', 'COMMIT', 'list', 'run', 'COMMIT'],
    );
  });

  it('asks for nothing at once that touches the same', async () => {
    const { driver, lists } = listingDriver();
    const { writer } = writerOf(driver);
    await Promise.all(['a', 'b'].map((name) => writer.write(['x'], [plain(name)], [name])));
    assert.deepEqual(lists, [
      ['a', 'notes a'],
      ['b', 'notes b'],
    ]);
  });
});

describe('group commit', () => {
  it('commits what waits together in one transaction', async () => {
    const { driver, log } = recordingDriver();
    const { write } = writerOf(driver);
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => write(name))), ['a', 'b', 'c']);
    assert.deepEqual(log, ['a', 'b', 'c', 'notes a+b+c', 'COMMIT']);
  });

  it('asks once for what the transaction holds, anew behind what may move it, and each for itself where they run apart', async () => {
    const { driver, log } = recordingDriver();
    const { writer } = writerOf(driver);
    const run = (name: string, more: Partial<CheckedStatement> = {}) =>
      writer.run([], (session) =>
        runList(session, [
          { sql: 'fence', values: ['env'], holds: true },
          { sql: name, values: [], ...more },
        ]),
      );
    await Promise.all([run('a'), run('b'), run('moves', { moves: true }), run('c'), run('d')]);
    assert.deepEqual(log, ['fence', 'a', 'b', 'moves', 'fence', 'c', 'd', 'notes ', 'COMMIT']);
    log.length = 0;
    await Promise.allSettled([run('a'), run('fails')]);
    assert.deepEqual(
      log.filter((sql) => sql === 'fence' || sql === 'ROLLBACK' || sql === 'COMMIT'),
      ['fence', 'ROLLBACK', 'fence', 'fence', 'COMMIT'],
    );
  });

  it('asks for all of a group at once where the engine takes statements ahead, the notes last', async () => {
    const { driver, log } = recordingDriver(undefined, true);
    const { write } = writerOf(driver);
    await Promise.all(['a', 'b'].map((name) => write(name)));
    const answers = ['a', 'b', 'notes a+b'].map((sql) => `${sql} answered`);
    assert.deepEqual(log, ['a', 'b', 'notes a+b', ...answers, 'COMMIT']);
  });

  it('there too undoes one that fails by itself', async () => {
    const { driver, log } = recordingDriver(undefined, true);
    const { write, sheets } = writerOf(driver);
    const results = await Promise.allSettled(['a', 'fails', 'c'].map((name) => write(name)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const [save, release, undo] = [
      'SAVEPOINT one_work',
      'RELEASE SAVEPOINT one_work',
      'ROLLBACK TO SAVEPOINT one_work',
    ];
    assert.deepEqual(
      log.filter((entry) => !entry.endsWith('answered')),
      [
        ...['a', 'fails', 'c', 'notes a+fails+c', 'ROLLBACK'],
        ...[save, 'a', 'notes a', release],
        ...[save, 'fails', 'notes fails', undo, release],
        ...[save, 'c', 'notes c', release],
        'COMMIT',
      ],
    );
    assert.deepEqual(sheets, [['a', 'c']]);
  });

  it('undoes one that fails by itself, and writes the notes of those that stand', async () => {
    const { driver, log } = recordingDriver();
    const { write, sheets } = writerOf(driver);
    const results = await Promise.allSettled(['a', 'bad', 'c'].map((name) => write(name)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const [save, release] = ['SAVEPOINT one_work', 'RELEASE SAVEPOINT one_work'];
    assert.deepEqual(log, [
      ...['a', 'bad', 'ROLLBACK'],
      ...[save, 'a', 'notes a', release],
      ...[save, 'bad', 'ROLLBACK TO SAVEPOINT one_work', release],
      ...[save, 'c', 'notes c', release],
      'COMMIT',
    ]);
    assert.deepEqual(sheets, [['a', 'c']]);
  });

  it('never puts two works that touch the same into one group, and keeps their order', async () => {
    const { driver, log } = recordingDriver();
    const { write } = writerOf(driver);
    await Promise.all([write('a', ['x']), write('b', ['y']), write('c', ['z', 'x']), write('d', ['y'])]);
    assert.deepEqual(log, ['a', 'b', 'notes a+b', 'COMMIT', 'c', 'd', 'notes c+d', 'COMMIT']);
  });

  it('acknowledges nothing before the commit, and nothing of a commit that failed', async () => {
    const { driver } = recordingDriver((transaction) => {
      if (transaction === 1) throw unavailable(new Error('disk'));
    });
    const { write } = writerOf(driver);
    const results = await Promise.allSettled([write('a'), write('b')]);
    for (const result of results) {
      assert.ok(result.status === 'rejected' && hasCode(result.reason, 'store-unavailable'));
    }
    assert.equal(await write('c'), 'c', 'and goes on');
  });

  it('tries again what gave way, within bounds, then says conflict', async () => {
    const once = recordingDriver((transaction) => {
      if (transaction === 1) throw new GaveWayError(null);
    });
    assert.equal(await writerOf(once.driver).write('a'), 'a');
    assert.equal(once.transactions(), 2);
    const always = recordingDriver(() => {
      throw new GaveWayError(null);
    });
    await assert.rejects(writerOf(always.driver).write('a'), { code: 'conflict' });
    assert.ok(always.transactions() > 2 && always.transactions() < 10);
  });

  it('finishes what was accepted when it is closed, and refuses the rest', async () => {
    const { driver, log } = recordingDriver();
    const { writer, write } = writerOf(driver);
    const accepted = Promise.all([write('a', ['x']), write('b', ['x'])]);
    const closing = writer.close();
    await assert.rejects(write('late'), { code: 'store-unavailable' });
    await closing;
    assert.deepEqual(log.filter((entry) => entry === 'COMMIT').length, 2);
    await accepted;
  });

  it('does not wait for the end of the turn once there are enough works for a commit', async () => {
    const { driver, log } = recordingDriver();
    const { write } = writerOf(driver);
    const few = Array.from({ length: 20 }, (_, index) => write(`a${index}`));
    await Promise.resolve();
    assert.equal(log.length, 0, 'so few wait for others of this turn');
    const more = Array.from({ length: 20 }, (_, index) => write(`b${index}`));
    for (let index = 0; index < 10; index += 1) await Promise.resolve();
    assert.ok(log.length > 0);
    await Promise.all([...few, ...more]);
    assert.equal(log.filter((entry) => entry === 'COMMIT').length, 1);
  });

  it('bounds the size of a group', async () => {
    const { driver, transactions } = recordingDriver();
    const { write } = writerOf(driver);
    await Promise.all(Array.from({ length: 600 }, (_, index) => write(`w${index}`)));
    assert.equal(transactions(), 3);
  });
});

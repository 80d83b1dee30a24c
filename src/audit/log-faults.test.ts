import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { realFiles } from './files.ts';
import { event, filesOf, keys, logPlaces, until, writeLog } from './fixtures.ts';
import { newLogKeys, openAuditLog, readEvents, verifyLog, type LogOptions } from './index.ts';

const places = logPlaces();
after(places.remove);

const broken = () => Object.assign(new Error('EIO'), { code: 'EIO' });

function open(folder: string, options: Partial<LogOptions> = {}) {
  return openAuditLog({ folder, node: 'node-a', keys, recoverMillis: 2, quickDiskMillis: 0, ...options });
}

const partials = (folder: string) => filesOf(folder).filter((name) => name.includes('.p/'));

describe('the folder of a log', () => {
  it('keeps the partial tiles of the last checkpoint only, also over restarts and crashes', async () => {
    const folder = await writeLog(places.next(), 250);
    const left = ['tile/entries/000.p/251', 'tile/0/000.p/251'];
    for (const name of left)
      fs.writeFileSync(path.join(folder, name), 'of a publication that a crash cut short');
    await writeLog(folder, 60);
    assert.deepEqual(partials(folder), ['tile/0/001.p/54', 'tile/1/000.p/1', 'tile/entries/001.p/54']);
    assert.deepEqual(verifyLog(folder).findings, []);
  });

  it('has its keys and a checkpoint before it has a journal', async () => {
    const folder = await writeLog(places.next(), 0);
    fs.rmSync(path.join(folder, 'journal'), { recursive: true });
    assert.deepEqual(verifyLog(folder).findings, []);
    await writeLog(folder, 3);
    assert.deepEqual(verifyLog(folder).findings, []);
    fs.rmSync(path.join(folder, 'journal'), { recursive: true });
    assert.throws(() => open(folder), { code: 'integrity-failed' });
    assert.ok(verifyLog(folder).findings.some(({ file }) => file === 'journal'));
  });

  it('is refused where the journal is not the one that was published', async () => {
    const folder = await writeLog(places.next(), 5);
    const other = await writeLog(places.next(), 5);
    fs.copyFileSync(path.join(other, 'journal/000001'), path.join(folder, 'journal/000001'));
    assert.throws(() => open(folder), { code: 'integrity-failed' });
  });

  it('is refused where any byte of the head of its journal was changed', async () => {
    const folder = await writeLog(places.next(), 2);
    const journal = path.join(folder, 'journal', '000001');
    const content = fs.readFileSync(journal);
    for (let at = 0; at < content.indexOf('CLVF'); at += 1) {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      fs.writeFileSync(journal, changed);
      assert.throws(() => open(folder), { code: 'integrity-failed' }, `byte ${at}`);
    }
  });
});

describe('a log whose disk fails', () => {
  it('fails closed where a segment can not be begun, and goes on once it can', async () => {
    const folder = places.next();
    const log = open(folder, { segmentBytes: 1000, publishMillis: 2 });
    const inTheWay = path.join(folder, 'journal', '000002');
    fs.mkdirSync(inTheWay);
    await Promise.all(Array.from({ length: 5 }, () => log.append(event())));
    await until(() => !log.health().writable);
    await assert.rejects(log.append(event()), { code: 'audit-unavailable' });
    fs.rmdirSync(inTheWay);
    await until(() => fs.existsSync(inTheWay) && log.health().writable);
    await log.append(event());
    await log.close();
    assert.deepEqual(verifyLog(folder).findings, []);
    assert.equal(verifyLog(folder).size, 6);
  });

  it('closes no file but its own while it tries to recover', async () => {
    const folder = places.next();
    let tries = 0;
    const files = { ...realFiles, sync: () => Promise.reject(broken()), syncNow: () => assert.fail() };
    const log = open(folder, { files, onProblem: () => (tries += 1) });
    await assert.rejects(log.append(event()), { code: 'audit-unavailable' });
    fs.renameSync(path.join(folder, 'journal'), path.join(folder, 'away'));
    const before = tries;
    await until(() => tries > before + 1);
    // takes the number that the journal had
    const handle = fs.openSync(path.join(folder, 'other'), 'w');
    await until(() => tries > before + 4);
    fs.writeSync(handle, 'still open');
    fs.closeSync(handle);
    await log.close();
  });

  it('can be closed while it recovers', async () => {
    const folder = places.next();
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let syncs = 0;
    const sync = async () => {
      syncs += 1;
      if (syncs === 1) throw broken();
      begun.resolve();
      await gate.promise;
      throw broken();
    };
    const log = open(folder, { files: { ...realFiles, sync } });
    await assert.rejects(log.append(event()), { code: 'audit-unavailable' });
    await begun.promise;
    const closing = log.close();
    gate.resolve();
    await closing;
    await writeLog(folder, 2);
    assert.equal(verifyLog(folder).size, 2);
  });

  it('does not take for durable what was only written', async () => {
    const folder = places.next();
    let failing = true;
    const sync = (fd: number) => (failing ? Promise.reject(broken()) : realFiles.sync(fd));
    const truncate = (fd: number, length: number) => {
      if (failing) throw broken();
      realFiles.truncate(fd, length);
    };
    const log = open(folder, { files: { ...realFiles, sync, truncate } });
    const lost = event();
    await assert.rejects(log.append(lost), { code: 'audit-unavailable' });
    assert.deepEqual(log.missing([lost]), [lost]);
    failing = false;
    await until(() => log.health().writable);
    assert.deepEqual(log.missing([lost]), [lost]);
    await log.append(lost);
    assert.deepEqual(log.missing([lost]), []);
    await log.close();
    assert.deepEqual([...readEvents(folder)], [{ index: 0, event: lost }]);
  });

  it('lets only so much wait for a disk that stands still, and loses none of it', async () => {
    const folder = places.next();
    const gate = Promise.withResolvers<void>();
    const sync = async (fd: number) => {
      await gate.promise;
      await realFiles.sync(fd);
    };
    const log = open(folder, { files: { ...realFiles, sync } });
    const accepted: Promise<void>[] = [];
    const isFull = () => {
      try {
        log.requireWritable();
        return false;
      } catch (error) {
        return (error as { code?: string }).code === 'busy';
      }
    };
    while (!isFull() && accepted.length < 100_000) accepted.push(log.append(event()));
    assert.ok(accepted.length < 20_000, `${accepted.length} wait`);
    // operations that were under way already still get their records in
    for (let more = 0; more < 1000; more += 1) accepted.push(log.append(event()));
    let refused: unknown = null;
    while (refused === null && accepted.length < 100_000) {
      const appending = log.append(event());
      const first = await Promise.race([
        appending.catch((error: unknown) => error),
        new Promise<null>((go) => queueMicrotask(() => queueMicrotask(() => go(null)))),
      ]);
      if (first) refused = first;
      else accepted.push(appending);
    }
    assert.equal((refused as { code?: string }).code, 'busy');
    gate.resolve();
    await Promise.all(accepted);
    await log.close();
    assert.equal(verifyLog(folder).size, accepted.length);
  });
});

describe('publication', () => {
  it('does not pile up behind a store that stands still', async () => {
    const folder = places.next();
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    let most = 0;
    const onHead = async () => {
      asked += 1;
      most = Math.max(most, asked);
      await gate.promise;
      asked -= 1;
    };
    const log = open(folder, { publishMillis: 1, onHead });
    for (let round = 0; round < 30; round += 1) {
      await log.append(event());
      await new Promise((done) => setTimeout(done, 1));
    }
    assert.equal(asked, 1);
    gate.resolve();
    await log.close();
    assert.equal(most, 1);
    assert.deepEqual(verifyLog(folder).findings, []);
    assert.equal(partials(folder).length, 2);
  });

  it('tells a head that the store refused again, until it is taken', async () => {
    const folder = places.next();
    const heads: number[] = [];
    let refusing = true;
    const onHead = async ({ size }: { size: number }) => {
      if (refusing) throw new Error('no store');
      heads.push(size);
    };
    let problems = 0;
    const log = open(folder, { publishMillis: 1, onHead, onProblem: () => (problems += 1) });
    await log.append(event());
    await until(() => problems > 3);
    refusing = false;
    await until(() => heads.includes(1));
    await log.close();
    assert.deepEqual(verifyLog(folder).findings, []);
  });
});

describe('many segments', () => {
  it('stand as one log, in which every event is found', async () => {
    const folder = places.next();
    const log = open(folder, { segmentBytes: 4000, publishMillis: 1 });
    const first = event({ at: 1_800_000_000_000 });
    await log.append(first);
    while (fs.readdirSync(path.join(folder, 'journal')).length < 8) {
      await Promise.all(Array.from({ length: 20 }, () => log.append(event({ at: 1_800_000_001_000 }))));
    }
    const unknown = event();
    assert.deepEqual(log.missing([first, unknown]), [unknown]);
    const { size } = log.health();
    await log.close();
    const verified = verifyLog(folder);
    assert.deepEqual(verified.findings, []);
    assert.equal(verified.size, size);
    assert.equal([...readEvents(folder)].length, size);
  });

  it('go on where the head of the newest was not written to the end', async () => {
    const folder = await writeLog(places.next(), 40, { segmentBytes: 4000 });
    const journal = path.join(folder, 'journal');
    const [last = ''] = fs.readdirSync(journal).sort().reverse();
    assert.equal(last, '000002');
    const head = fs.readFileSync(path.join(journal, last));
    for (const length of [0, 7, 12, head.length - 1]) {
      fs.writeFileSync(path.join(journal, last), head.subarray(0, length));
      const { findings, notices } = verifyLog(folder);
      assert.deepEqual(findings, [], `cut at ${length}`);
      assert.equal(notices.length, 1);
    }
    await writeLog(folder, 5);
    const verified = verifyLog(folder);
    assert.deepEqual([verified.size, verified.findings, verified.notices], [45, [], []]);
  });
});

describe('verify', () => {
  it('finds nothing wrong with a log while it is written', { timeout: 60_000 }, async () => {
    const folder = places.next();
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    const keyFile = path.join(path.dirname(folder), 'packed');
    fs.writeFileSync(keyFile, newLogKeys());
    const fixture = path.join(import.meta.dirname, 'append-forever.fixture.ts');
    const child = spawn(process.execPath, [fixture, folder, keyFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.resume();
    await once(child.stdout, 'data');
    let size = 0;
    for (let round = 0; round < 25; round += 1) {
      const verified = verifyLog(folder);
      assert.deepEqual(verified.findings, [], `round ${round}`);
      assert.ok(verified.size >= size);
      ({ size } = verified);
      await new Promise((next) => setImmediate(next));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(size > 50);
  });

  it('tells an end that a crash left from one that was cut off', async () => {
    const folder = await writeLog(places.next(), 3);
    const journal = path.join(folder, 'journal', '000001');
    const content = fs.readFileSync(journal);
    const frame = content.subarray(content.indexOf('CLVF'));
    const next = Buffer.from(frame);
    next.writeBigUInt64BE(3n, 16);
    for (const length of [1, 5, 23, 24, 200, next.length - 1]) {
      fs.writeFileSync(journal, Buffer.concat([content, next.subarray(0, length)]));
      const { findings, notices } = verifyLog(folder);
      assert.deepEqual([findings, notices.length], [[], 1], `${length} bytes of a frame`);
    }
    fs.writeFileSync(journal, Buffer.concat([content, Buffer.from('CLVX')]));
    assert.equal(verifyLog(folder).findings.length, 1);
    fs.writeFileSync(journal, content.subarray(0, content.length - 1));
    assert.notEqual(verifyLog(folder).findings.length, 0);
  });
});

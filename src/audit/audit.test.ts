import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { event, filesOf, keys, logPlaces, writeLog } from './fixtures.ts';
import { leafHash } from './merkle-hash.ts';
import { realFiles } from './files.ts';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  newLogKeys,
  openAuditLog,
  openLogKeys,
  readEvents,
  subtreeRoots,
  verifyLog,
} from './index.ts';
import { GrowingTree } from './tree.ts';

const places = logPlaces();
after(places.remove);

function logOf(count: number): Promise<string> {
  return writeLog(places.next(), count);
}

describe('the tree', () => {
  it('has the roots of RFC 6962 and proofs that hold, and no others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(), (size, a, b) => {
        const leaves = Array.from({ length: size }, (_, index) => leafHash(Buffer.from(String(index))));
        const rootOf = subtreeRoots(leaves);
        const grown = new GrowingTree();
        const half = new GrowingTree();
        for (const leaf of leaves.slice(0, Math.floor(size / 2))) half.append(leaf, []);
        const resumed = new GrowingTree(half.state());
        for (const leaf of leaves) grown.append(leaf, []);
        for (const leaf of leaves.slice(Math.floor(size / 2))) resumed.append(leaf, []);
        const root = rootOf(0, size);
        assert.deepEqual(grown.root(), root);
        assert.deepEqual(resumed.root(), root);
        const index = a % size;
        const leaf = { hash: leaves[index] as Buffer, index };
        const proof = inclusionProof(index, size, rootOf);
        assert.ok(isIncluded(leaf, { size, root }, proof));
        if (size > 1) assert.ok(!isIncluded({ ...leaf, index: (index + 1) % size }, { size, root }, proof));
        const oldSize = 1 + (b % size);
        const old = { size: oldSize, root: rootOf(0, oldSize) };
        const consistency = consistencyProof(oldSize, size, rootOf);
        assert.ok(isConsistent(old, { size, root }, consistency));
        if (oldSize < size)
          assert.ok(!isConsistent({ ...old, root: leaf.hash }, { size, root }, [leaf.hash]));
      }),
      { numRuns: 40 },
    );
  });
});

describe('the log', () => {
  it('keeps what was answered, in order, and goes on after it was closed', async () => {
    const folder = await logOf(300);
    const log = openAuditLog({ folder, node: 'node-a', keys });
    const last = event({ principal: 'eve' });
    await log.append(last);
    const unknown = event();
    assert.deepEqual(log.missing([last, unknown]), [unknown]);
    await log.close();
    assert.deepEqual([...readEvents(folder, { principal: 'eve' })], [{ index: 300, event: last }]);
    const verified = verifyLog(folder);
    assert.deepEqual(verified.findings, []);
    assert.equal(verified.size, 301);
  });

  it('lets one process in', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys });
    assert.throws(() => openAuditLog({ folder, node: 'node-a', keys }), { code: 'conflict' });
    await log.close();
    await openAuditLog({ folder, node: 'node-a', keys }).close();
  });

  it('refuses everything when a sync fails, and takes up again what it can prove', async () => {
    const folder = places.next();
    let failing = false;
    const files = {
      ...realFiles,
      syncNow: (fd: number) => {
        if (failing) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        realFiles.syncNow(fd);
      },
      sync: (fd: number) =>
        failing ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })) : realFiles.sync(fd),
    };
    const log = openAuditLog({ folder, node: 'node-a', keys, files, recoverMillis: 5 });
    await log.append(event());
    failing = true;
    const refused = await Promise.allSettled([log.append(event()), log.append(event())]);
    assert.ok(
      refused.every((result) => result.status === 'rejected' && result.reason.code === 'audit-unavailable'),
    );
    assert.throws(() => log.requireWritable(), { code: 'audit-unavailable' });
    assert.equal(log.health().writable, false);
    failing = false;
    while (!log.health().writable) await new Promise((done) => setImmediate(done));
    await log.append(event());
    await log.close();
    assert.equal(verifyLog(folder).size, 2);
    assert.deepEqual(verifyLog(folder).findings, []);
  });

  it('loses nothing that was answered when it is killed', { timeout: 60_000 }, async () => {
    const folder = places.next();
    const packed = newLogKeys();
    fs.mkdirSync(folder, { recursive: true });
    const keyFile = path.join(path.dirname(folder), 'packed');
    fs.writeFileSync(keyFile, packed);
    const answered = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, 'append-forever.fixture.ts'), folder, keyFile],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await new Promise<void>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.length > 37 * (40 + round * 90)) child.kill('SIGKILL');
        });
        child.on('close', () => {
          for (const id of text.split('\n').slice(0, -1)) answered.add(id);
          resolve();
        });
        child.on('error', reject);
      });
      assert.deepEqual(verifyLog(folder).findings, [], 'before the log is opened again');
    }
    await openAuditLog({ folder, node: 'node-a', keys: openLogKeys(fs.readFileSync(keyFile)) }).close();
    for (const { event: logged } of readEvents(folder)) answered.delete(logged.id);
    assert.equal(answered.size, 0);
    assert.deepEqual(verifyLog(folder).findings, []);
  });
});

describe('verify', () => {
  it('names every byte that is changed and every file that is cut or deleted', {
    timeout: 120_000,
  }, async () => {
    const folder = await logOf(3);
    const heads = [{ size: 3, root: verifyLog(folder).root }];
    assert.deepEqual(verifyLog(folder, { heads }).findings, []);
    for (const name of filesOf(folder)) {
      const file = path.join(folder, name);
      const content = fs.readFileSync(file);
      const step = Math.max(1, Math.floor(content.length / 300));
      for (let at = 0; at < content.length; at += step) {
        const changed = Buffer.from(content);
        changed[at] = (changed[at] ?? 0) ^ 0x01;
        fs.writeFileSync(file, changed);
        assert.notDeepEqual(verifyLog(folder, { heads }).findings, [], `${name} byte ${at} changed`);
        fs.writeFileSync(file, content.subarray(0, at));
        assert.notDeepEqual(verifyLog(folder, { heads }).findings, [], `${name} cut at ${at}`);
      }
      fs.rmSync(file);
      assert.notDeepEqual(verifyLog(folder, { heads }).findings, [], `${name} deleted`);
      fs.writeFileSync(file, content);
    }
    assert.deepEqual(verifyLog(folder, { heads }).findings, []);
  });

  it('names entries that were reordered and a log that was replaced by an older one', async () => {
    const folder = await logOf(700);
    const { root } = verifyLog(folder);
    assert.deepEqual(verifyLog(folder).findings, []);
    const journal = path.join(folder, 'journal', '000001');
    const content = fs.readFileSync(journal);
    const first = content.indexOf('CLVF');
    const second = content.indexOf('CLVF', first + 4);
    const third = content.indexOf('CLVF', second + 4);
    const swapped = Buffer.concat([
      content.subarray(0, first),
      content.subarray(second, third),
      content.subarray(first, second),
      content.subarray(third),
    ]);
    fs.writeFileSync(journal, swapped);
    assert.notDeepEqual(verifyLog(folder).findings, []);
    fs.writeFileSync(journal, content);
    const bundle = path.join(folder, 'tile', 'entries', '000');
    fs.rmSync(bundle);
    assert.ok(verifyLog(folder).findings.some(({ file }) => file === path.join('tile', 'entries', '000')));
    const older = await logOf(5);
    const findings = verifyLog(older, { heads: [{ size: 700, root }] }).findings;
    assert.ok(findings.some(({ problem }) => problem.includes('shortened')));
  });

  it('refuses to open a journal that was changed', async () => {
    const folder = await logOf(20);
    const journal = path.join(folder, 'journal', '000001');
    const content = fs.readFileSync(journal);
    const refuses = (at: number, flip: number): void => {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ flip;
      fs.writeFileSync(journal, changed);
      const open = () => openAuditLog({ folder, node: 'node-a', keys });
      assert.throws(open, { code: 'integrity-failed' }, `byte ${at}`);
    };
    fc.assert(fc.property(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), refuses), {
      numRuns: 60,
    });
    // the head is JSON, which a reader may take for more than it is
    for (let at = 0; at < content.indexOf('CLVF'); at += 1) refuses(at, 1);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { newLogKeys, openAuditLog, openLogKeys, verifyLog } from '#audit';
import { samples } from '#ports/contract';
import { openStore } from '#storage';

const flips = Number(process.env['CLAVIGER_TAMPER_FLIPS'] ?? 40);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-tamper-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));
const keys = openLogKeys(newLogKeys());
const home = path.join(scratch, 'home');
const audit = path.join(home, 'audit');
const log = path.join(audit, 'node-a');
const whole = path.join(scratch, 'whole');
const earlier = path.join(scratch, 'earlier');
const database = `sqlite:${path.join(home, 'data', 'claviger.db')}`;

/** Writes events until the log is so large, a few to a frame, in so many segments: one begins at a publication. */
async function writeEvents(folder: string, size: number, segments: number): Promise<void> {
  const node = path.basename(folder);
  const store = await openStore(database);
  const opened = openAuditLog({
    folder,
    node,
    keys,
    segmentBytes: 100_000,
    publishMillis: 3,
    onHead: (head) => store.recordLogHead({ node, ...head, at: 0 }),
  });
  const count = () => fs.readdirSync(path.join(folder, 'journal')).length;
  while (opened.health().size < size || count() < segments) {
    const events = Array.from({ length: 5 }, () => samples.sampleEvent({ node, id: randomUUID() }));
    await Promise.all(events.map((event) => opened.append(event)));
    // where the disk is quick nothing of this leaves the turn of the loop, and no timer comes to publish
    await new Promise((next) => setImmediate(next));
  }
  await opened.close();
  await store.close();
}

/** `claviger audit verify` as a person runs it. */
function verify(...args: string[]): { code: number | null; text: string } {
  const cli = path.join(import.meta.dirname, '../../src/cli/main.mjs');
  const done = spawnSync(process.execPath, [cli, 'audit', 'verify', ...args], {
    env: { ...process.env, CLAVIGER_HOME: home },
    encoding: 'utf8',
  });
  return { code: done.status, text: done.stderr };
}

function restore(): void {
  fs.rmSync(log, { recursive: true, force: true });
  fs.cpSync(whole, log, { recursive: true });
}

const files = (): string[] =>
  fs
    .readdirSync(whole, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('lock'))
    .map((entry) => path.relative(whole, path.join(entry.parentPath, entry.name)))
    .sort();

/** Where each frame of a segment begins, and where the last one ends. */
function framesOf(bytes: Buffer): number[] {
  const starts = [12 + bytes.readUInt32BE(8)];
  for (let at = starts[0] ?? 0; at < bytes.length; ) {
    at += 24 + bytes.readUInt32BE(at + 8) + 104;
    starts.push(at);
  }
  return starts;
}

function edit(name: string, change: (bytes: Buffer) => Buffer | null): void {
  const file = path.join(log, name);
  const changed = change(fs.readFileSync(file));
  if (changed === null) fs.rmSync(file);
  else fs.writeFileSync(file, changed);
}

const flip = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
  const place = at(bytes);
  bytes[place] = (bytes[place] ?? 0) ^ 0x04;
  return bytes;
};

/** The second frame of a segment, and a place in it. */
const inFrame = (offset: (length: number) => number) =>
  flip((bytes) => {
    const [, start = 0, end = 0] = framesOf(bytes);
    return start + offset(end - start);
  });

const partial = (part: string) =>
  files().find((name) => name.startsWith(`tile/${part}/`) && name.includes('.p/')) ?? '';
const journal = 'journal/000002';

/** What an attacker does, and the file that must be named. */
const attacks: Readonly<Record<string, () => string>> = {
  'a byte of the head of a frame': () => (
    edit(
      journal,
      inFrame(() => 14),
    ),
    journal
  ),
  'the magic of a frame': () => (
    edit(
      journal,
      inFrame(() => 1),
    ),
    journal
  ),
  'a byte of an entry': () => (
    edit(
      journal,
      inFrame(() => 60),
    ),
    journal
  ),
  'a byte of the root of a frame': () => (
    edit(
      journal,
      inFrame((length) => length - 80),
    ),
    journal
  ),
  'a byte of the signature of a frame': () => (
    edit(
      journal,
      inFrame((length) => length - 5),
    ),
    journal
  ),
  'a byte of the head of a segment': () => (
    edit(
      journal,
      flip(() => 40),
    ),
    journal
  ),
  'a byte of a tile': () => (
    edit(
      'tile/0/000',
      flip(() => 77),
    ),
    'tile/0/000'
  ),
  'a byte of a bundle': () => (
    edit(
      'tile/entries/001',
      flip(() => 77),
    ),
    'tile/entries/001'
  ),
  'a byte of a partial tile': () => (
    edit(
      partial('0'),
      flip(() => 3),
    ),
    partial('0')
  ),
  'a byte of a partial bundle': () => (
    edit(
      partial('entries'),
      flip(() => 3),
    ),
    partial('entries')
  ),
  'a byte of the checkpoint': () => (
    edit(
      'checkpoint',
      flip(() => 30),
    ),
    'checkpoint'
  ),
  'a byte of the public keys': () => (
    edit(
      'keys.json',
      flip(() => 60),
    ),
    'keys.json'
  ),
  'an entry that is removed': () => {
    edit(journal, (bytes) => {
      const [, start = 0] = framesOf(bytes);
      const entry = 2 + bytes.readUInt16BE(start + 24);
      bytes.writeUInt32BE(bytes.readUInt32BE(start + 8) - entry, start + 8);
      bytes.writeUInt32BE(bytes.readUInt32BE(start + 12) - 1, start + 12);
      return Buffer.concat([bytes.subarray(0, start + 24), bytes.subarray(start + 24 + entry)]);
    });
    return journal;
  },
  'entries that are swapped': () => {
    edit(journal, (bytes) => {
      const [, start = 0] = framesOf(bytes);
      const first = start + 24;
      const second = first + 2 + bytes.readUInt16BE(first);
      const third = second + 2 + bytes.readUInt16BE(second);
      const parts = [
        [0, first],
        [second, third],
        [first, second],
        [third, bytes.length],
      ] as const;
      return Buffer.concat(parts.map(([from, to]) => bytes.subarray(from, to)));
    });
    return journal;
  },
  'frames that are swapped': () => {
    edit(journal, (bytes) => {
      const [, a = 0, b = 0, c = 0] = framesOf(bytes);
      const parts = [
        [0, a],
        [b, c],
        [a, b],
        [c, bytes.length],
      ] as const;
      return Buffer.concat(parts.map(([from, to]) => bytes.subarray(from, to)));
    });
    return journal;
  },
  'a frame that is removed': () => {
    edit(journal, (bytes) => {
      const [, a = 0, b = 0] = framesOf(bytes);
      return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]);
    });
    return journal;
  },
  'segments that are swapped': () => {
    const [a, b] = [path.join(log, 'journal/000002'), path.join(log, 'journal/000003')];
    fs.renameSync(a, `${a}x`);
    fs.renameSync(b, a);
    fs.renameSync(`${a}x`, b);
    return journal;
  },
  'a journal that is cut in the middle': () => (edit(journal, (bytes) => bytes.subarray(0, 9000)), journal),
  'a segment that is deleted': () => (edit(journal, () => null), journal),
  'a tile that is deleted': () => (edit('tile/0/000', () => null), 'tile/0/000'),
  'a bundle that is deleted': () => (edit('tile/entries/000', () => null), 'tile/entries/000'),
  'a partial tile that is deleted': () => (edit(partial('0'), () => null), partial('0')),
  'a checkpoint that is deleted': () => (edit('checkpoint', () => null), 'checkpoint'),
  'public keys that are deleted': () => (edit('keys.json', () => null), 'keys.json'),
  'a journal that is deleted': () => (fs.rmSync(path.join(log, 'journal'), { recursive: true }), 'journal'),
  'a file that is added': () => (fs.writeFileSync(path.join(log, 'tile/0/009'), 'x'), 'tile/0/009'),
  'another log in its place': () => {
    fs.rmSync(log, { recursive: true });
    fs.cpSync(path.join(audit, 'node-b'), log, { recursive: true });
    return journal;
  },
};

describe('a log that was tampered with', () => {
  before(async () => {
    await writeEvents(log, 400, 2);
    fs.cpSync(log, earlier, { recursive: true });
    await writeEvents(log, 900, 4);
    fs.cpSync(log, whole, { recursive: true });
    await writeEvents(path.join(audit, 'node-b'), 700, 2);
    assert.ok(files().filter((name) => name.startsWith('journal')).length > 3);
  });

  it('is found whole before', () => {
    assert.deepEqual(verify().code, 0);
    assert.deepEqual(verify('--offline').code, 0);
  });

  for (const [what, attack] of Object.entries(attacks)) {
    it(`is found out by ${what}`, () => {
      restore();
      const named = attack();
      const { findings } = verifyLog(log);
      assert.ok(
        findings.some(({ file }) => file === named),
        `${named}: ${JSON.stringify(findings)}`,
      );
    });
  }

  it('makes the command fail with 8 and name the file', () => {
    restore();
    edit(
      journal,
      inFrame(() => 60),
    );
    const { code, text } = verify('--offline');
    assert.equal(code, 8);
    assert.match(text, /node-a\/journal\/000002: /);
    restore();
    fs.rmSync(path.join(log, 'journal'), { recursive: true });
    assert.match(verify('--offline').text, /node-a\/journal: /);
  });

  it('is found out by the store where it is gone, or is an older one', () => {
    fs.rmSync(log, { recursive: true });
    const missing = verify();
    assert.equal(missing.code, 8);
    assert.match(missing.text, /the log of node-a is missing/);
    fs.cpSync(earlier, log, { recursive: true });
    assert.equal(verify('--offline').code, 0, 'by itself it is whole');
    const older = verify();
    assert.equal(older.code, 8);
    assert.match(older.text, /node-a\/journal: the log has .* it was shortened/);
  });

  it('is found out by any single bit', { timeout: 900_000 }, () => {
    const names = files();
    restore();
    fc.assert(
      fc.property(fc.nat(names.length - 1), fc.nat(), fc.nat(7), (file, place, bit) => {
        const name = names[file] ?? '';
        edit(name, (bytes) => {
          const at = place % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          return bytes;
        });
        assert.notDeepEqual(verifyLog(log).findings, [], name);
        fs.copyFileSync(path.join(whole, name), path.join(log, name));
      }),
      { numRuns: flips },
    );
  });
});

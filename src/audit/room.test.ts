import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { event, keys, logPlaces, writeLog } from './fixtures.ts';
import { openAuditLog, readEvents, verifyLog } from './index.ts';

const places = logPlaces();
after(places.remove);

const roomUnit = 1 << 20;
const sector = 512;

const journalOf = (folder: string) => path.join(folder, 'journal', '000001');

/** What a crash leaves of a log of so many frames: a copy of its folder while it is open. */
async function crashedLog(frames: number, entries = 5): Promise<string> {
  const [folder, copy] = [places.next(), places.next()];
  const log = openAuditLog({ folder, node: 'node-a', keys, publishMillis: 3_600_000 });
  for (let frame = 0; frame < frames; frame += 1)
    await Promise.all(Array.from({ length: entries }, () => log.append(event())));
  fs.cpSync(folder, copy, { recursive: true, filter: (name) => !path.basename(name).startsWith('lock') });
  await log.close();
  return copy;
}

/** Where the last frame of a journal begins and ends. */
function lastFrame(bytes: Buffer): { from: number; end: number } {
  const from = bytes.lastIndexOf('CLVF');
  return { from, end: from + 28 + bytes.readUInt32BE(from + 8) + 104 };
}

function change(folder: string, by: (bytes: Buffer) => Buffer): void {
  fs.writeFileSync(journalOf(folder), by(fs.readFileSync(journalOf(folder))));
}

const findingsOf = (folder: string) => verifyLog(folder).findings;

describe('the room of a journal', () => {
  it('is there while the log is written, is given back at the end, and is no part of the log', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys });
    assert.equal(fs.statSync(journalOf(folder)).size % roomUnit === 0, false);
    await log.append(event());
    assert.equal(fs.statSync(journalOf(folder)).size, roomUnit);
    assert.deepEqual(findingsOf(folder), []);
    assert.equal([...readEvents(folder)].length, 1);
    await log.close();
    const { end } = lastFrame(fs.readFileSync(journalOf(folder)));
    assert.equal(fs.statSync(journalOf(folder)).size, end);
    assert.deepEqual(findingsOf(folder), []);
  });

  it('grows with the log', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys });
    while (fs.statSync(journalOf(folder)).size < 3 * roomUnit)
      await Promise.all(Array.from({ length: 500 }, () => log.append(event())));
    assert.equal(fs.statSync(journalOf(folder)).size, 3 * roomUnit);
    const { size } = log.health();
    await log.close();
    assert.deepEqual([findingsOf(folder), verifyLog(folder).size], [[], size]);
  });

  it('is left by a crash, and the log goes on as if it were not there', async () => {
    const folder = await crashedLog(3);
    assert.equal(fs.statSync(journalOf(folder)).size, roomUnit);
    const { findings, notices, size } = verifyLog(folder);
    assert.deepEqual([findings, notices, size], [[], [], 15]);
    await writeLog(folder, 5);
    assert.deepEqual([findingsOf(folder), verifyLog(folder).size], [[], 20]);
    assert.deepEqual(fs.readdirSync(path.join(folder, 'journal')), ['000001']);
  });

  it('is named by verify where it was cut, grown or written to', async () => {
    const attacks: Record<string, (bytes: Buffer) => Buffer> = {
      cut: (bytes) => bytes.subarray(0, -1),
      halved: (bytes) => bytes.subarray(0, bytes.length / 2),
      grown: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
      'written to at once': (bytes) => bytes.fill(1, lastFrame(bytes).end, lastFrame(bytes).end + 1),
      'written to in the middle': (bytes) => bytes.fill(1, bytes.length / 2, bytes.length / 2 + 1),
      'written to at its end': (bytes) => bytes.fill(1, bytes.length - 1),
    };
    const whole = await crashedLog(2);
    for (const [name, attack] of Object.entries(attacks)) {
      const folder = places.next();
      fs.cpSync(whole, folder, { recursive: true });
      change(folder, attack);
      assert.equal(findingsOf(folder).length, 1, name);
    }
  });
});

describe('a write that a crash cut off', () => {
  it('is set aside whichever of its sectors are missing, and nothing before it is lost', async () => {
    const whole = await crashedLog(3, 8);
    const bytes = fs.readFileSync(journalOf(whole));
    const { from, end } = lastFrame(bytes);
    const first = Math.ceil(from / sector);
    const sectors = Math.ceil(end / sector) - first;
    assert.ok(sectors >= 6, `${sectors} sectors`);
    // one sector, or all from one on; the first may stand while the rest is missing and the other way about
    const losses = Array.from({ length: sectors }, (_, at) => [
      [first + at, first + at + 1],
      [first + at, first + sectors],
    ]).flat();
    for (const [begin = 0, until = 0] of losses) {
      const folder = places.next();
      fs.cpSync(whole, folder, { recursive: true });
      change(folder, (content) => content.fill(0, begin * sector, Math.min(end, until * sector)));
      const label = `sectors ${begin - first} to ${until - first} of ${sectors}`;
      const { findings, notices, size } = verifyLog(folder);
      assert.deepEqual([findings, notices.length, size], [[], 1, 16], label);
      await writeLog(folder, 2);
      const after = verifyLog(folder);
      assert.deepEqual([after.findings, after.notices, after.size], [[], [], 18], label);
      const aside = fs.readdirSync(path.join(folder, 'journal')).filter((name) => name.includes('torn'));
      assert.equal(aside.length, 1, label);
    }
  });

  it('is set aside where its beginning is what is missing', async () => {
    const folder = await crashedLog(3, 8);
    change(folder, (bytes) => {
      const { from } = lastFrame(bytes);
      return bytes.fill(0, from, Math.ceil((from + 1) / sector) * sector);
    });
    await writeLog(folder, 2);
    assert.deepEqual([findingsOf(folder), verifyLog(folder).size], [[], 18]);
  });

  it('is set aside wherever the file ends in it', async () => {
    const whole = await writeLog(places.next(), 6, { batch: 2, publishMillis: 3_600_000 });
    const bytes = fs.readFileSync(journalOf(whole));
    const { from, end } = lastFrame(bytes);
    for (let length = from + 1; length < end; length += 7) {
      const folder = await crashedLog(2, 2);
      const frames = fs.readFileSync(journalOf(folder));
      const begun = bytes.subarray(from, length);
      fs.writeFileSync(journalOf(folder), Buffer.concat([frames.subarray(0, lastFrame(frames).end), begun]));
      await writeLog(folder, 1);
      assert.deepEqual([findingsOf(folder), verifyLog(folder).size], [[], 5], `${length - from} bytes`);
    }
  });

  it('is told from a change: not a byte of the last frame can be another', async () => {
    const folder = await crashedLog(2, 2);
    const bytes = fs.readFileSync(journalOf(folder));
    const { from, end } = lastFrame(bytes);
    for (let at = from; at < end; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      fs.writeFileSync(journalOf(folder), changed);
      assert.notEqual(findingsOf(folder).length + verifyLog(folder).notices.length, 0, `verify, byte ${at}`);
      // a length that leads behind the file's end is what a crash could have left, too
      if (at >= from + 8 && at < from + 12) continue;
      assert.throws(
        () => openAuditLog({ folder, node: 'node-a', keys }),
        { code: 'integrity-failed' },
        `byte ${at - from} of the frame`,
      );
    }
  });
});

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { event, keys, logPlaces, writeLog } from './fixtures.ts';
import { followLog, type LogFollower, type LogPlace, openAuditLog, placeInLog } from './index.ts';

const places = logPlaces();
after(() => places.remove());

const beginning: LogPlace = { segment: 1, offset: 0, index: 0 };

async function rest(follower: LogFollower): Promise<{ indices: number[]; place: LogPlace | null }> {
  const indices: number[] = [];
  let place: LogPlace | null = null;
  for (let part = await follower.next(); part; part = await follower.next()) {
    indices.push(...part.entries.map(({ index }) => index));
    ({ place } = part);
  }
  return { indices, place };
}

const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** Where a closed log ends. */
function endOf(folder: string) {
  const segment = Math.max(...fs.readdirSync(path.join(folder, 'journal')).map(Number));
  const name = String(segment).padStart(6, '0');
  return () => ({ segment, length: fs.statSync(path.join(folder, 'journal', name)).size });
}

/** A log of 600 events; each time that it is closed it goes on in another segment. */
async function logOfSegments(): Promise<string> {
  const folder = places.next();
  for (let at = 0; at < 6; at += 1) await writeLog(folder, 100, { segmentBytes: 20_000 });
  return folder;
}

describe('following a log', () => {
  it('gives every event once, in order, over the segments, and goes on where it was left', async () => {
    const folder = await logOfSegments();
    const end = endOf(folder);
    assert.ok(end().segment > 2, 'the log has too few segments for this test');
    const follower = followLog(folder, beginning, end);
    const first = await follower.next();
    assert.ok(first);
    await follower.close();
    const again = followLog(folder, first.place, end);
    const { indices } = await rest(again);
    await again.close();
    assert.deepEqual([...first.entries.map(({ index }) => index), ...indices], upTo(0, 600));
  });

  it('sees what is appended while it follows, and nothing behind the durable end', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys });
    await Promise.all(upTo(0, 10).map(() => log.append(event())));
    const held = log.end();
    const follower = followLog(folder, beginning, () => held);
    assert.equal((await rest(follower)).indices.length, 10);
    const told = event({ principal: 'grace' });
    await log.append(told);
    assert.equal(await follower.next(), null);
    const live = followLog(folder, beginning, log.end);
    const { indices, place } = await rest(live);
    assert.deepEqual(indices, upTo(0, 11));
    await log.append(event());
    const later = await live.next();
    assert.deepEqual([place?.index, later?.entries.map(({ index }) => index)], [11, [11]]);
    await follower.close();
    await live.close();
    await log.close();
  });

  it('reads a frame that is larger than its window', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys });
    const facts = { note: 'x'.repeat(3000) };
    await Promise.all(upTo(0, 200).map(() => log.append(event({ facts }))));
    const follower = followLog(folder, beginning, log.end);
    assert.deepEqual((await rest(follower)).indices, upTo(0, 200));
    await follower.close();
    await log.close();
  });

  it('begins with the oldest where its place is none of the log', async () => {
    const folder = await writeLog(places.next(), 30);
    const end = endOf(folder);
    for (const place of [
      { segment: 9, offset: 0, index: 4000 },
      { segment: 1, offset: 50_000_000, index: 4000 },
    ]) {
      const follower = followLog(folder, place, end);
      assert.deepEqual((await rest(follower)).indices, upTo(0, 30));
      await follower.close();
    }
  });

  it('does not step over damage', async () => {
    const folder = await logOfSegments();
    const file = path.join(folder, 'journal', '000001');
    const bytes = fs.readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 200) ^ 1, bytes.length - 200);
    fs.writeFileSync(file, bytes);
    const follower = followLog(folder, beginning, endOf(folder));
    await assert.rejects(rest(follower), { code: 'integrity-failed' });
    await follower.close();
  });
});

describe('a place in a log', () => {
  it('is the beginning of the newest segment before which nothing is wanted', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys, segmentBytes: 4000, publishMillis: 1 });
    for (let at = 0; at < 60; at += 1) {
      await log.append(event({ at: 1_800_000_000_000 + at * 1000 }));
      if (at % 10 === 9) await new Promise((done) => setTimeout(done, 5));
    }
    await log.close();
    const end = endOf(folder);
    assert.ok(end().segment > 1);
    const since = 1_800_000_000_000 + 45_000;
    const place = await placeInLog(folder, { since, indexMin: 0 });
    assert.ok(place.segment > 1 && place.index <= 45, JSON.stringify(place));
    assert.deepEqual(await placeInLog(folder, { since: 0, indexMin: place.index }), place);
    assert.equal((await placeInLog(folder, { since: 0, indexMin: 0 })).segment, 1);
    const follower = followLog(folder, place, end);
    assert.deepEqual((await rest(follower)).indices, upTo(place.index, 60));
    await follower.close();
  });
});

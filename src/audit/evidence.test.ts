import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { LogEvidence } from '#domain';
import { openNote } from './checkpoint.ts';
import { logEvidence } from './evidence.ts';
import { event, keys, logPlaces } from './fixtures.ts';
import { isIncluded, openAuditLog, readEvents } from './index.ts';
import { leafHash } from './merkle-hash.ts';

const places = logPlaces();
after(places.remove);

function isProved({ entry, index, proof, checkpoint }: LogEvidence): boolean {
  const tree = openNote(checkpoint, [keys.ed25519, keys.mlDsa44]);
  const leaf = { hash: leafHash(Buffer.from(entry, 'base64')), index };
  return isIncluded(
    leaf,
    tree,
    proof.map((hash) => Buffer.from(hash, 'base64')),
  );
}

/** A log of so many events, a second after another, with a clock that was once set back. */
async function logOf(count: number): Promise<string> {
  const folder = places.next();
  const log = openAuditLog({ folder, node: 'node-a', keys });
  for (let at = 0; at < count; at += 100) {
    const batch = Array.from({ length: Math.min(100, count - at) }, (_, offset) => {
      const set = at + offset > count / 2 ? -30_000 : 0;
      return event({ at: 1_800_000_000_000 + (at + offset) * 1000 + set });
    });
    await Promise.all(batch.map((one) => log.append(one)));
  }
  await log.close();
  return folder;
}

describe('the evidence of an event', () => {
  for (const count of [1, 2, 255, 256, 257, 511, 1000]) {
    it(`is found and proved, whichever of ${count} it is`, async () => {
      const folder = await logOf(count);
      const all = [...readEvents(folder)];
      assert.equal(all.length, count);
      const step = count > 300 ? 7 : 1;
      for (const { index, event: sought } of all.filter((_, at) => at % step === 0 || at > count - 3)) {
        const found = await logEvidence(folder, sought);
        assert.deepEqual([found?.index, found?.origin], [index, 'claviger/node-a']);
        assert.ok(found && isProved(found), `${index} of ${count}`);
      }
    });
  }

  it('is proved above the first tile of hashes of hashes, too', async () => {
    const folder = await logOf(70_000);
    const some = [...readEvents(folder)].filter(({ index }) => index % 9973 === 0 || index === 69_999);
    for (const { index, event: sought } of some) {
      const found = await logEvidence(folder, sought);
      assert.equal(found?.index, index);
      assert.ok(found && isProved(found), `${index}`);
    }
  });

  it('is null where there is none', async () => {
    const folder = await logOf(300);
    assert.equal(await logEvidence(folder, event()), null);
    assert.equal(await logEvidence(places.next(), event()), null);
  });

  it('is refused from a log that was changed', async () => {
    const folder = await logOf(300);
    const [, { event: sought } = { event: event() }] = [...readEvents(folder)];
    const bundle = path.join(folder, 'tile', 'entries', '000');
    const bytes = fs.readFileSync(bundle);
    const at = bytes.indexOf('"principal":"ada"', bytes.indexOf(sought.id));
    bytes.write('"principal":"eve"', at);
    fs.writeFileSync(bundle, bytes);
    await assert.rejects(logEvidence(folder, sought), { code: 'integrity-failed' });
    fs.writeFileSync(bundle, bytes.subarray(0, 1000));
    await assert.rejects(logEvidence(folder, sought), { code: 'integrity-failed' });
  });

  it('of an open log is published when it is asked for', async () => {
    const folder = places.next();
    const log = openAuditLog({ folder, node: 'node-a', keys, publishMillis: 3_600_000 });
    const sought = event();
    await log.append(sought);
    const found = await log.evidence(sought);
    assert.ok(found && isProved(found));
    assert.equal(await log.evidence({ ...sought, node: 'another' }), null);
    // the log itself, by a way around
    assert.equal(await log.evidence({ ...sought, node: '../n1/node-a' }), null);
    assert.equal(await log.evidence({ ...sought, node: './node-a' }), null);
    await log.close();
  });
});

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { PublishedLog } from '#ports';
import { openNote } from './checkpoint.ts';
import { readEvent } from './event-text.ts';
import { event, keys, logPlaces } from './fixtures.ts';
import { openAuditLog } from './index.ts';
import { emptyRoot, leafHash } from './merkle-hash.ts';
import { subtreeRoots } from './proofs.ts';
import { publishedLog } from './published.ts';
import { bundlePath, tilePath } from './tile-files.ts';

const places = logPlaces();
after(places.remove);

async function writtenLog(count: number): Promise<string> {
  const folder = places.next();
  const log = openAuditLog({ folder, node: 'node-a', keys });
  await Promise.all(Array.from({ length: count }, (_, at) => log.append(event({ at }))));
  await log.close();
  return folder;
}

async function walk(log: PublishedLog) {
  const entries = (await Array.fromAsync(log.entries())).flat();
  const hashes = Buffer.concat(await Array.fromAsync(log.leafHashes()));
  return { entries, hashes };
}

describe('what a log has published', () => {
  for (const count of [1, 255, 256, 257, 1000]) {
    it(`is all of ${count} entries, with their hashes and the roots of every tree before`, async () => {
      const log = await publishedLog(await writtenLog(count));
      assert.ok(log);
      assert.deepEqual([log.size, log.origin], [count, 'claviger/node-a']);
      const { entries, hashes } = await walk(log);
      assert.deepEqual(
        entries.map(({ index, entry }) => [index, readEvent(entry).at]),
        Array.from({ length: count }, (_, at) => [at, at]),
      );
      const leaves = entries.map(({ entry }) => leafHash(entry));
      assert.ok(hashes.equals(Buffer.concat(leaves)));
      const rootOf = subtreeRoots(leaves);
      for (let size = 1; size <= count; size += count > 300 ? 13 : 1)
        assert.ok(rootOf(0, size).equals(Buffer.from(await log.root(size))), `${size}`);
      assert.ok(emptyRoot().equals(Buffer.from(await log.root(0))));
      const note = openNote(log.checkpoint, [keys.ed25519, keys.mlDsa44]);
      assert.ok(note.root.equals(Buffer.from(await log.root(count))));
    });
  }

  it('has what was appended just before, and stays as it was while the log goes on', async () => {
    const log = openAuditLog({ folder: places.next(), node: 'node-a', keys, publishMillis: 20 });
    for (let at = 0; at < 300; at += 1) void log.append(event({ at }));
    await log.append(event({ at: 300 }));
    const before = await log.published();
    assert.equal(before?.size, 301);
    for (let at = 301; at < 600; at += 1) await log.append(event({ at }));
    assert.equal((await log.published())?.size, 600);
    const { entries, hashes } = await walk(before);
    assert.deepEqual([entries.length, hashes.length], [301, 301 * 32]);
    await log.close();
  });

  it('is null where there is no log', async () => {
    assert.equal(await publishedLog(places.next()), null);
  });

  it('is refused where a tile or an entry is not what the checkpoint says', async () => {
    const flipped = async (name: string) => {
      const folder = await writtenLog(600);
      const file = path.join(folder, name);
      const bytes = fs.readFileSync(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      fs.writeFileSync(file, bytes);
      const log = await publishedLog(folder);
      return log && walk(log);
    };
    for (const name of [bundlePath(0, 256), bundlePath(2, 88), tilePath(0, 1, 256), tilePath(0, 2, 88)])
      await assert.rejects(flipped(name), { code: 'integrity-failed' }, name);
  });
});

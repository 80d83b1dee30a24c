import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { Key } from '#domain';
import { samples } from '#ports/contract';
import { temporaryFolder } from './fixtures.ts';
import { shredSchema, storeSchema } from './migrations.ts';
import { sqlShredStore } from './shred-store.ts';
import { bothLanes, openMigrated } from './sqlite.fixture.ts';
import { sqlStore } from './store.ts';

/** How many of the byte strings stand anywhere in the files of a folder. */
function countFound(folder: string, planted: readonly Uint8Array[]): number {
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  return planted.filter((bytes) => files.some((file) => file.includes(bytes))).length;
}

/**
 * Splits into those with an even and those with an odd place, in an order that has nothing to do with the
 * disk's.
 */
function halves<T>(entries: readonly T[]): [T[], T[]] {
  return [entries.filter((_, index) => index % 2 === 0), entries.filter((_, index) => index % 2 === 1)];
}

for (const lane of bothLanes)
  describe(`erasure on SQLite, writer in ${lane}`, () => {
    const openStore = async (file: string) => sqlStore(await openMigrated(file, storeSchema, { lane }));
    const openShredStore = async (file: string) =>
      sqlShredStore(await openMigrated(file, shredSchema, { lane }));

    it('leaves no byte of erased material in any file', async () => {
      const folder = temporaryFolder();
      const store = await openStore(join(folder.path, 'store.db'));
      const planted = Array.from({ length: 400 }, (_, index) => ({
        key: samples.sampleKey('production'),
        // sizes that differ make SQLite move cells between pages
        materials: [1, 2].map((version) => ({
          version,
          material: samples.material(40 + ((index * 37) % 3000)),
        })),
      }));
      await Promise.all(
        planted.map(({ key, materials }) => store.commit(samples.only(samples.createKey(key, materials)))),
      );
      const [erased, kept] = halves(planted);
      for (const part of [erased.slice(0, 150), erased.slice(150)]) {
        await Promise.all(
          part.map(({ key }) => store.commit(samples.only(samples.updateKey(key, {}, { erased: [1, 2] })))),
        );
      }
      const bytesOf = (entries: typeof planted) =>
        entries.flatMap(({ materials }) => materials.map((m) => m.material));
      assert.equal(
        countFound(
          folder.path,
          bytesOf(erased).map((bytes) => bytes.subarray(0, 24)),
        ),
        0,
      );
      assert.equal(
        countFound(
          folder.path,
          bytesOf(erased).map((bytes) => bytes.subarray(-12)),
        ),
        0,
      );
      const small = bytesOf(kept).filter((bytes) => bytes.length < 500);
      assert.ok(small.length > 10);
      assert.equal(countFound(folder.path, small), small.length, 'the search finds what is there');
      for (const { key, materials } of kept) assert.deepEqual(await store.key(key.id), { key, materials });
      await store.close();
      await folder.remove();
    });

    it('leaves no byte of a shredded secret in any file, whatever stands around it', async () => {
      const folder = temporaryFolder();
      const store = await openShredStore(join(folder.path, 'shred.db'));
      const planted = Array.from({ length: 600 }, () => ({ id: randomUUID(), secret: samples.material() }));
      await Promise.all(planted.map(({ id, secret }) => store.put(id, secret)));
      const [shredded, kept] = halves(planted);
      await Promise.all(shredded.map(({ id }) => store.shred(id)));
      const rest = kept.splice(0, 200);
      for (const { id } of rest) await store.shred(id);
      const gone = [...shredded, ...rest].map(({ secret }) => secret.subarray(8, 24));
      assert.equal(countFound(folder.path, gone), 0);
      assert.equal(
        countFound(
          folder.path,
          kept.map(({ secret }) => secret),
        ),
        kept.length,
      );
      for (const { id, secret } of kept) assert.deepEqual(await store.get(id), secret);
      await store.close();
      assert.equal(countFound(folder.path, gone), 0);
      await folder.remove();
    });

    it('does not call a secret shredded while another process still holds its old state', async () => {
      const folder = temporaryFolder();
      const file = join(folder.path, 'shred.db');
      const store = await openShredStore(file);
      const [id, secret] = [randomUUID(), samples.material()];
      await store.put(id, secret);
      const other = new DatabaseSync(file);
      other.exec('BEGIN; SELECT count(*) FROM shred_secrets');
      const shredding = store.shred(id);
      const first = await Promise.race([shredding.then(() => 'done'), store.get(id).then(() => 'waits')]);
      assert.equal(first, 'waits');
      other.exec('COMMIT');
      other.close();
      await shredding;
      assert.equal(countFound(folder.path, [secret]), 0);
      await store.close();
      await folder.remove();
    });

    it('erases later what a reader kept from being erased at once', async () => {
      const folder = temporaryFolder();
      const file = join(folder.path, 'store.db');
      const store = await openStore(file);
      const key: Key = samples.sampleKey('production');
      const materials = [{ version: 1, material: samples.material() }];
      await store.commit(samples.only(samples.createKey(key, materials)));
      const other = new DatabaseSync(file);
      other.exec('BEGIN; SELECT count(*) FROM keys');
      await store.commit(samples.only(samples.updateKey(key, {}, { erased: [1] })));
      assert.equal(
        countFound(folder.path, [materials[0]?.material ?? new Uint8Array(1)]),
        1,
        'the reader needs it',
      );
      other.exec('COMMIT');
      other.close();
      await store.probe();
      assert.equal(countFound(folder.path, [materials[0]?.material ?? new Uint8Array(1)]), 0);
      await store.close();
      await folder.remove();
    });
  });

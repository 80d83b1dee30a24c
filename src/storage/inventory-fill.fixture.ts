import assert from 'node:assert/strict';
import { dueAt, type Key } from '#domain';
import { samples } from '#ports/contract';
import type { Driver } from './driver.ts';
import { migrate, storeSchema } from './migrations.ts';
import { inventoryStep } from './inventory-place.ts';
import { encodeKey } from './records.ts';
import { sqlStore } from './store.ts';

/** Puts keys as an older program did, takes the steps that it did not know, and looks for the keys. */
export async function testFill(open: () => Promise<Driver>): Promise<void> {
  const driver = await open();
  const before = storeSchema.steps.indexOf(inventoryStep);
  assert.ok(before > 0);
  await migrate(driver, storeSchema, 0, before);
  const environment = samples.uniqueName('env');
  const keys = Array.from({ length: 1203 }, (_, index) =>
    samples.sampleKey(environment, {
      owner: index % 2 === 0 ? 'payments' : 'wéb \0',
      spec: index % 3 === 0 ? 'AES_256' : 'RSA_2048',
    }),
  );
  const insert = (id: string, key: Key, doc: string) =>
    driver.transaction((session) =>
      session.query(
        `INSERT INTO keys (id, environment, region, revision, created_at, due_at, doc)
          VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [id, environment, key.region, 1, key.createdAt, dueAt(key), doc],
      ),
    );
  await Promise.all(keys.map((key) => insert(key.id, key, encodeKey(key))));
  const [first] = keys;
  assert.ok(first);
  await insert('damaged', first, '{"formatVersion":1,"key":');
  await migrate(driver, storeSchema, 1);
  await migrate(driver, storeSchema, 2);

  const store = sqlStore(driver);
  const found = await store.inventory.page(
    { environment, owner: 'wéb \0', specs: ['AES_256'] },
    { by: 'created', descending: false },
    { after: null, limit: 1000 },
  );
  const expected = keys.filter(({ owner, spec }) => owner !== 'payments' && spec === 'AES_256');
  assert.deepEqual(
    found.keys.map(({ id }) => id),
    expected.map(({ id }) => id).sort(),
  );
  assert.equal((await store.inventory.facets(environment, 9)).keys, keys.length);
  await store.close();
}

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { samples } from '#ports/contract';
import { openStore } from './index.ts';
import { migrate, storeSchema } from './migrations.ts';
import { openSqlite } from './sqlite.ts';

const { only, material, sampleEnvironment } = samples;

function temporary(test: { after(work: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-generations-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'store.db');
}

describe('key-encryption keys in the store', () => {
  it('are of the first generation in a store that knew of none', async (test) => {
    const file = temporary(test);
    const driver = await openSqlite(file);
    await migrate(driver, { ...storeSchema, steps: storeSchema.steps.slice(0, 1) }, 0);
    const values = ['old', '111122223333', 7, new Uint8Array([1, 2, 3])];
    await driver.query('INSERT INTO environments VALUES ($1, $2, $3, $4)', values);
    await driver.close();
    const store = await openStore(`sqlite:${file}`);
    test.after(() => store.close());
    const stored = await store.environment('old');
    assert.deepEqual([stored?.kekGeneration, stored?.oldestGeneration, stored?.fingerprintKey], [1, 1, null]);
    assert.deepEqual([...(stored?.wrappedKek ?? [])], [1, 2, 3]);
  });

  it('follow each other one by one, under the root that stands, and go together', async (test) => {
    const store = await openStore(`sqlite:${temporary(test)}`);
    test.after(() => store.close());
    await store.claimSetting('current-root', 'A');
    await store.claimSetting('house-key', 'x');
    const environment = sampleEnvironment();
    const { name } = environment;
    const [first, second] = [material(), material()];
    const create = { kind: 'environment-created', environment, wrappedKek: first } as const;
    await assert.rejects(store.commit(only({ ...create, root: 'B' })), { code: 'conflict' });
    await store.commit(only({ ...create, root: 'A' }));
    const add = {
      kind: 'kek-added',
      environment: name,
      generation: 2,
      wrappedKek: second,
      fingerprintKey: material(),
      root: 'A',
    } as const;
    for (const wrong of [{ root: 'B' }, { generation: 1 }, { generation: 3 }, { environment: 'no-such' }])
      await assert.rejects(store.commit(only({ ...add, ...wrong })), { code: 'conflict' });
    assert.deepEqual(await store.olderKeks(name), []);
    await store.commit(only(add));
    await assert.rejects(store.commit(only(add)), { code: 'conflict' });
    assert.deepEqual(await store.olderKeks(name), [{ generation: 1, wrapped: first }]);

    const keks = [
      { environment: name, generation: 1, wrapped: material() },
      { environment: name, generation: 2, wrapped: material() },
    ];
    const move = { kind: 'root-switched', from: 'A', to: 'B', houseKey: 'y', keks } as const;
    for (const wrong of [{ from: 'B' }, { keks: keks.slice(1) }, { keks: keks.slice(0, 1) }, { keks: [] }])
      await assert.rejects(store.commit(only({ ...move, ...wrong })), { code: 'conflict' });
    assert.deepEqual([await store.setting('current-root'), await store.setting('house-key')], ['A', 'x']);
    assert.deepEqual((await store.environment(name))?.wrappedKek, second);
    await store.commit(only(move));
    assert.deepEqual([await store.setting('current-root'), await store.setting('house-key')], ['B', 'y']);
    assert.deepEqual((await store.environment(name))?.wrappedKek, keks[1]?.wrapped);
    assert.deepEqual(await store.olderKeks(name), [{ generation: 1, wrapped: keks[0]?.wrapped }]);

    await assert.rejects(store.commit(only({ kind: 'keks-removed', environment: name, generation: 1 })), {
      code: 'conflict',
    });
    await store.commit(only({ kind: 'keks-removed', environment: name, generation: 2 }));
    assert.deepEqual(await store.olderKeks(name), []);
    assert.equal((await store.environment(name))?.oldestGeneration, 2);
  });
});

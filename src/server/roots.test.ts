import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasCode, StopError } from '#domain';
import type { Store } from '#ports';
import { samples } from '#ports/contract';
import { openStore } from '#storage';
import { configOf, temporaryFolder } from './home.fixture.ts';
import { openHouseKey } from './house-key.ts';
import { openRoot } from './roots.ts';

async function emptyStore(test: TestContext, home: string): Promise<Store> {
  const store = await openStore(configOf(home).databaseUrl);
  test.after(() => store.close());
  return store;
}

async function fill(store: Store): Promise<void> {
  const environment = samples.sampleEnvironment();
  const change = { kind: 'environment-created', environment, wrappedKek: samples.material() } as const;
  await store.commit({ changes: [change], events: [] });
}

describe('the root of a house', () => {
  it('is made for an empty store, once, whole and private, however many start at once', async (test) => {
    for (let round = 0; round < 10; round += 1) {
      const home = temporaryFolder(test);
      const store = await emptyStore(test, home);
      const roots = await Promise.all([1, 2, 3, 4].map(() => openRoot(configOf(home), store)));
      const wrapped = await roots[0]?.wrap(Buffer.alloc(32, 7), 'words');
      assert.ok(wrapped);
      for (const root of roots) assert.deepEqual(await root.unwrap(wrapped, 'words'), Buffer.alloc(32, 7));
      const folder = path.join(home, 'root');
      assert.deepEqual(fs.readdirSync(folder), ['root.key']);
      assert.equal(fs.statSync(path.join(folder, 'root.key')).mode & 0o777, 0o600);
      for (const root of roots) await root.close();
    }
  });

  it('is never made for a store that holds something', async (test) => {
    const home = temporaryFolder(test);
    const store = await emptyStore(test, home);
    await fill(store);
    await assert.rejects(openRoot(configOf(home), store), (error) => hasCode(error, 'root-unavailable'));
    assert.equal(fs.existsSync(path.join(home, 'root', 'root.key')), false);
  });

  it('of an unknown kind is refused without the words that may be secret', async (test) => {
    const store = await emptyStore(test, temporaryFolder(test));
    const config = configOf(temporaryFolder(test), { CLAVIGER_ROOT: 'vault-transit:token=hunter2' });
    await assert.rejects(openRoot(config, store), (error: unknown) => {
      assert.ok(hasCode(error, 'configuration-invalid'));
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });

  it('from a passphrase needs a private file with a passphrase that is long enough', async (test) => {
    const home = temporaryFolder(test);
    const store = await emptyStore(test, home);
    const file = path.join(home, 'passphrase');
    const open = (env: Record<string, string> = { CLAVIGER_PASSPHRASE_FILE: file }) =>
      openRoot(configOf(home, { CLAVIGER_ROOT: 'passphrase:', ...env }), store);
    await assert.rejects(open({}), StopError);
    await assert.rejects(open(), (error) => hasCode(error, 'root-unavailable'));
    fs.writeFileSync(file, 'correct horse battery\r\n', { mode: 0o600 });
    fs.chmodSync(file, 0o644);
    await assert.rejects(open(), /chmod 600/);
    fs.chmodSync(file, 0o600);
    const root = await open();
    const wrapped = await root.wrap(Buffer.alloc(32, 7), 'words');
    await root.close();
    fs.writeFileSync(file, 'too short\n');
    await assert.rejects(open(), /12/);
    fs.writeFileSync(file, 'correct horse battery');
    const again = await open();
    assert.deepEqual(await again.unwrap(wrapped, 'words'), Buffer.alloc(32, 7));
    await again.close();
  });
});

describe('the house key', () => {
  it('is made once, whoever asks first, and opens only with its root', async (test) => {
    const home = temporaryFolder(test);
    const store = await emptyStore(test, home);
    const root = await openRoot(configOf(home), store);
    const keys = await Promise.all([1, 2, 3].map(() => openHouseKey(root, store)));
    const texts = keys.map((key) => key.use((bytes) => Buffer.from(bytes).toString('hex')));
    assert.equal(new Set(texts).size, 1);
    assert.ok(!(await store.setting('house-key'))?.includes(texts[0] ?? ''));
    const other = await openRoot(
      configOf(temporaryFolder(test)),
      await emptyStore(test, temporaryFolder(test)),
    );
    await assert.rejects(openHouseKey(other, store), StopError);
  });

  it('is never made anew for a store that holds something', async (test) => {
    const home = temporaryFolder(test);
    const store = await emptyStore(test, home);
    const root = await openRoot(configOf(home), store);
    await fill(store);
    await assert.rejects(openHouseKey(root, store), (error) => hasCode(error, 'integrity-failed'));
  });
});

import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { ClavigerError, type ErrorCode } from '#domain';
import type { RootOfTrust, Store } from '#ports';
import { createFileRoot, openFileRoot } from '#roots';
import { openStore } from '#storage';
import { temporaryFolder } from './home.fixture.ts';
import { openHouseKey } from './house-key.ts';
import { rootProbe } from './root-places.ts';

it('a probe of the root tells what the root does, and nothing of a store that is away', async (test) => {
  const folder = temporaryFolder(test);
  const file = path.join(folder, 'root.key');
  await createFileRoot(file);
  const root = await openFileRoot(file);
  const store = await openStore(`sqlite:${path.join(folder, 'store.db')}`);
  test.after(async () => {
    await store.close();
    await root.close();
  });
  (await openHouseKey(root, store))[Symbol.dispose]();
  let [asked, fails] = [0, null as ErrorCode | null];
  const failing = new Proxy(store, {
    get: (target, name: keyof Store) =>
      name !== 'setting'
        ? target[name]
        : async (wanted: string) => {
            asked += 1;
            if (fails) throw new ClavigerError(fails, 'not now');
            return target.setting(wanted);
          },
  });
  const probe = rootProbe(root, failing);
  fails = 'store-unavailable';
  await probe();
  fails = 'internal';
  await assert.rejects(probe(), { code: 'internal' });
  fails = null;
  await probe();
  assert.equal(asked, 3, 'it is asked until it has answered');
  await probe();
  assert.equal(asked, 3, 'and then not for a while');
  const away: RootOfTrust = {
    ...root,
    unwrap: () => Promise.reject(new ClavigerError('root-unavailable', 'not now')),
  };
  await assert.rejects(rootProbe(away, failing)(), { code: 'root-unavailable' });
});

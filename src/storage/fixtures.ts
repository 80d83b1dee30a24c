import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShredStore, Store } from '#ports';
import { openShredStore, openStore } from './index.ts';

type Closable = { close(): Promise<void> };
type Fixture<T> = { store: T; reopen(): Promise<T>; second(): Promise<T>; dispose(): Promise<void> };

/** What a contract suite asks for, over the data at one address. For tests. */
export async function fixtureAt<T extends Closable>(
  open: () => Promise<T>,
  remove: () => Promise<void>,
): Promise<Fixture<T>> {
  let store = await open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    second: open,
    async dispose() {
      await store.close();
      await remove();
    },
  };
}

export function storeFixture(url: string, remove: () => Promise<void>): Promise<Fixture<Store>> {
  return fixtureAt(() => openStore(url), remove);
}

export function shredStoreFixture(url: string, remove: () => Promise<void>): Promise<Fixture<ShredStore>> {
  return fixtureAt(() => openShredStore(url), remove);
}

/** A new folder for one test. */
export function temporaryFolder(): { readonly path: string; remove(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'claviger-storage-'));
  return { path, remove: async () => rmSync(path, { recursive: true, force: true }) };
}

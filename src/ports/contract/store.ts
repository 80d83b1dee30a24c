import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Store } from '../store.ts';
import { only, sampleEnvironment, material } from './samples.ts';
import { commitTests } from './store-commit.ts';
import { concurrencyTests } from './store-concurrency.ts';
import { documentTests } from './store-documents.ts';
import { destructionTests } from './store-destructions.ts';
import { dutyTests } from './store-duties.ts';
import { inventoryTests } from './store-inventory.ts';
import { modelTests } from './store-model.ts';
import { readTests } from './store-reads.ts';
import { relationTests } from './store-relations.ts';

/** One body of data and the handles on it. */
export type StoreFixture = {
  /** The handle that tests use. */
  readonly store: Store;
  /** Closes the handle and opens the same data anew, as a restarted process would. */
  reopen(): Promise<Store>;
  /** One more handle on the same data, as another process would have; the suite closes it. */
  second(): Promise<Store>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
};

/** How the parts of the suite reach the handles. */
export type StoreHandles = {
  readonly store: () => Store;
  readonly second: () => Promise<Store>;
};

/**
 * The contract of the `Store` port, as a suite of `node:test`: every adapter passes it. The data are made once for the
 * suite; each test uses names of its own.
 */
export function storeContract(name: string, open: () => Promise<StoreFixture>, skip?: string): void {
  describe(`store contract: ${name}`, { skip: skip ?? false }, () => {
    let fixture: StoreFixture;
    let store: Store;
    const seconds: Store[] = [];
    before(async () => {
      fixture = await open();
      store = fixture.store;
    });
    after(async () => {
      for (const second of seconds) await second.close();
      await fixture.dispose();
    });
    const handles: StoreHandles = {
      store: () => store,
      async second() {
        const second = await fixture.second();
        seconds.push(second);
        return second;
      },
    };

    readTests(handles);
    commitTests(handles);
    dutyTests(handles);
    inventoryTests(handles);
    destructionTests(handles);
    relationTests(handles);
    documentTests(handles);
    concurrencyTests(handles);
    modelTests(handles, async () => {
      store = await fixture.reopen();
    });

    it('probes, and refuses everything once closed', async () => {
      await store.probe();
      const closed = await fixture.second();
      await closed.close();
      const environment = sampleEnvironment();
      const change = { kind: 'environment-created', environment, wrappedKek: material() } as const;
      await assert.rejects(closed.commit(only(change)), { code: 'store-unavailable' });
      await assert.rejects(closed.environment(environment.name), { code: 'store-unavailable' });
      await assert.rejects(closed.changeSequence(), { code: 'store-unavailable' });
      await assert.rejects(closed.probe(), { code: 'store-unavailable' });
      await closed.close();
      assert.equal(await store.environment(environment.name), null);
    });
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeyUseReport, Store } from '#ports';
import { createKeyUses } from './key-uses.ts';

const use = { version: 1, principal: 'ada', act: 'process', at: 10, count: 1 } as const;

function recorder() {
  const told: (readonly KeyUseReport[])[] = [];
  let failing = false;
  const relations = {
    of: () => Promise.reject(new Error('not asked for')),
    async recordUses(reports: readonly KeyUseReport[]) {
      if (failing) throw new Error('the store is away');
      told.push(reports);
    },
  };
  const store: Pick<Store, 'relations'> = { relations };
  return { told, store, fail: (whether: boolean) => void (failing = whether) };
}

describe('counting uses of keys', () => {
  it('adds up until it tells the store, and tells it once', async () => {
    const { told, store } = recorder();
    const uses = createKeyUses(store);
    uses.note('a', use);
    uses.note('a', { ...use, at: 12, count: 3 });
    uses.note('a', { ...use, at: 8 });
    uses.note('a', { ...use, version: 2 });
    uses.note('a', { ...use, act: 'protect' });
    uses.note('b', { ...use, principal: 'bob' });
    await uses.flush();
    await uses.flush();
    const common = { version: 1, principal: 'ada', act: 'process', count: 1, firstAt: 10, lastAt: 10 };
    assert.deepEqual(told, [
      [
        { ...common, keyId: 'a', count: 5, firstAt: 8, lastAt: 12 },
        { ...common, keyId: 'a', version: 2 },
        { ...common, keyId: 'a', act: 'protect' },
        { ...common, keyId: 'b', principal: 'bob' },
      ],
    ]);
  });

  it('loses nothing when the store is away', async () => {
    const { told, store, fail } = recorder();
    const uses = createKeyUses(store);
    fail(true);
    uses.note('a', use);
    await assert.rejects(uses.flush());
    uses.note('a', { ...use, at: 20 });
    fail(false);
    await uses.flush();
    assert.deepEqual(told.flat(), [
      { keyId: 'a', version: 1, principal: 'ada', act: 'process', count: 2, firstAt: 10, lastAt: 20 },
    ]);
  });

  it('is bounded: who comes when there are many is counted together, and keys beyond the bound are not', async () => {
    const { told, store } = recorder();
    const uses = createKeyUses(store);
    for (let at = 0; at < 1000; at += 1) uses.note('a', { ...use, principal: `user-${at}` });
    for (let at = 0; at < 30_000; at += 1) uses.note(`key-${at}`, use);
    await uses.flush();
    const reports = told.flat();
    const ofA = reports.filter(({ keyId }) => keyId === 'a');
    assert.ok(ofA.length <= 201, String(ofA.length));
    assert.equal(
      ofA.reduce((sum, { count }) => sum + count, 0),
      1000,
    );
    assert.equal(reports.length - ofA.length, 19_999);
  });
});

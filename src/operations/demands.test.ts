import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError, type Demand } from '#domain';
import type { DemandReport, Store } from '#ports';
import { createDemands } from './demands.ts';

/** A store that keeps what it is told, or fails. */
function teller() {
  const told: DemandReport[] = [];
  const state = { failing: false };
  const destructions = {
    async demands(keyId: string): Promise<readonly Demand[]> {
      return told
        .filter((report) => report.keyId === keyId)
        .map(({ principal, operation, count, firstAt, lastAt }) => ({
          principal,
          operation,
          count,
          firstAt,
          lastAt,
        }));
    },
    async recordDemands(reports: readonly DemandReport[]): Promise<void> {
      if (state.failing) throw new ClavigerError('store-unavailable', 'no');
      told.push(...reports);
    },
  };
  return { told, state, store: { destructions } as unknown as Store };
}

const asked = (principal: string, at: number, operation = 'keys.decrypt') => ({ principal, operation, at });

describe('the count of who still asks', () => {
  it('adds up in memory what the store has not heard, and with what it has', async () => {
    const { told, store } = teller();
    const demands = createDemands(store);
    demands.note('k', asked('ada', 10));
    demands.note('k', asked('ada', 5));
    demands.note('k', asked('bob', 7));
    demands.note('other', asked('bob', 7));
    const ada = { principal: 'ada', operation: 'keys.decrypt', count: 2, firstAt: 5, lastAt: 10 };
    assert.deepEqual((await demands.of('k'))[0], ada);
    await demands.flush();
    await demands.flush();
    assert.equal(told.length, 3);
    demands.note('k', asked('ada', 20));
    assert.deepEqual((await demands.of('k'))[0], { ...ada, count: 3, lastAt: 20 });
    assert.equal((await demands.of('nobody')).length, 0);
  });

  it('loses nothing when the store fails', async () => {
    const { told, state, store } = teller();
    const demands = createDemands(store);
    demands.note('k', asked('ada', 10));
    state.failing = true;
    await assert.rejects(demands.flush(), { code: 'store-unavailable' });
    demands.note('k', asked('ada', 11));
    state.failing = false;
    await demands.flush();
    assert.deepEqual(told, [
      { keyId: 'k', principal: 'ada', operation: 'keys.decrypt', count: 2, firstAt: 10, lastAt: 11 },
    ]);
  });

  it('is bounded: who comes last is counted together for each key', async () => {
    const { told, store } = teller();
    const demands = createDemands(store);
    for (let index = 0; index < 10_500; index += 1) demands.note('k', asked(`p${index}`, index));
    // who is known is still counted apart
    demands.note('k', asked('p0', 20_000));
    for (let index = 0; index < 30_000; index += 1) demands.note(`k${index}`, asked('p', index));
    await demands.flush();
    assert.equal(told.length, 20_000);
    const others = told.find(({ keyId, principal }) => keyId === 'k' && principal === '*');
    assert.deepEqual([others?.count, others?.firstAt, others?.lastAt], [500, 10_000, 10_499]);
    assert.equal(told.find(({ principal }) => principal === 'p0')?.count, 2);
  });
});

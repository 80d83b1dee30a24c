import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { samples } from '#ports/contract';
import { dueAt } from './index.ts';

describe('what the house has to do for a key', () => {
  const rotation = { periodDays: 1, since: 0, nextAt: 5 };
  const destruction = { requestedAt: 0, dueAt: 30, waitingDays: 7 };
  const due = (change: object): number | null => dueAt(samples.sampleKey('production', change));

  it('is its destruction before its rotation', () => {
    assert.equal(due({}), null);
    assert.equal(due({ rotation }), 5);
    assert.equal(due({ destruction }), 30);
    assert.equal(due({ rotation, destruction }), 30);
  });

  it('is nothing while it is suspended, so that it stands in nobody’s way', () => {
    const suspended = samples.sampleKey('production', { rotation, suspendedAt: 1 });
    assert.equal(dueAt(suspended), null);
    assert.equal(dueAt({ ...suspended, destruction }), 30);
  });
});

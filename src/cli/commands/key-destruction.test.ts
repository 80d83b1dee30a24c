import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DestructionRecord } from '#sdk';
import { demandText, destructionText } from './key-destruction.ts';

const dueAt = '2026-06-10T00:00:00.000Z';
const due = Date.parse(dueAt);
const hour = 3_600_000;

const record: DestructionRecord = {
  keyId: 'k-1',
  requester: 'ada',
  destruction: {
    id: 'd-1',
    step: 'scheduled',
    requestedBy: 'p-1',
    reason: null,
    requestedAt: '2026-06-03T00:00:00.000Z',
    dueAt,
    waitingDays: 7,
    execution: null,
    checks: [],
  },
  demands: [
    {
      principal: 'shop',
      operation: 'keys.decrypt',
      count: 41,
      firstAt: '2026-06-03T01:00:00.000Z',
      lastAt: '2026-06-09T01:00:00.000Z',
    },
    {
      principal: 'ci',
      operation: 'keys.encrypt',
      count: 1,
      firstAt: '2026-06-04T01:00:00.000Z',
      lastAt: '2026-06-04T01:00:00.000Z',
    },
  ],
  copies: [],
};
const changed = (change: Partial<NonNullable<DestructionRecord['destruction']>>): DestructionRecord => ({
  ...record,
  destruction: record.destruction && { ...record.destruction, ...change },
});

describe('what the terminal says of a destruction', () => {
  it('is silent where nobody asks for the key', () => {
    assert.equal(demandText({ ...record, demands: [] }, due), '');
    assert.equal(demandText({ ...record, destruction: null }, due), '');
  });

  it('tells who asks, and in the last three days that the key is still needed', () => {
    const early = demandText(record, due - 73 * hour);
    assert.match(early, /shop +keys\.decrypt +41 +2026-06-09/);
    assert.doesNotMatch(early, /still needed/);
    const near = demandText(record, due - 72 * hour);
    assert.match(near, /still needed: 42 requests for it were refused/);
    assert.match(near, /no return is 2026-06-10T00:00:00\.000Z.*claviger key cancel-destroy k-1/);
    const [, one] = record.demands;
    assert.ok(one);
    assert.match(demandText({ ...record, demands: [one] }, due), /a request for it was refused/);
  });

  it('asks for nothing that can not be done any more', () => {
    for (const step of ['begun', 'executed', 'verified', 'cancelled'])
      assert.doesNotMatch(demandText(changed({ step }), due), /still needed/);
  });

  it('tells what was done, what was seen and what is left', () => {
    const execution = {
      at: dueAt,
      node: 'one',
      eventId: 'e',
      method: 'cryptographic-erase',
      nodes: ['one'],
      names: [],
    };
    const check = { node: 'one', at: dueAt, version: 1, method: 'known-ciphertext', opens: false };
    const copy = {
      id: 'c',
      kind: 'escrow',
      keyId: null,
      createdAt: dueAt,
      place: 'the safe',
      holder: 'bob',
      status: 'live',
      detail: {},
    };
    const done = { ...changed({ step: 'verified', execution, checks: [check] }), copies: [copy] };
    const told = destructionText(done, due);
    assert.match(told, /^executed +2026-06-10T00:00:00\.000Z by one \(cryptographic-erase\)$/m);
    assert.match(told, /one +1 +known-ciphertext +\S+ +nothing opens/);
    assert.match(told, /^copies +1 can still open it$/m);
    assert.match(told, /escrow +\S+ +the safe +bob +live/);
    const failed = destructionText(
      changed({ step: 'executed', execution, checks: [{ ...check, opens: true }] }),
      due,
    );
    assert.match(failed, /IT OPENS[^]*The destruction failed/);
    assert.match(destructionText({ ...record, destruction: null }, due), /was ever asked for/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  begun,
  cancelled,
  canBeVerified,
  checked,
  ClavigerError,
  executed,
  lookAgainMillis,
  mustLook,
  newDestruction,
  nodesAwaited,
  postponed,
  type Destruction,
  type DestructionCheck,
} from './index.ts';

const key = {
  id: 'k',
  environment: 'alpha',
  destruction: { requestedAt: 10, dueAt: 20, waitingDays: 7 },
};
const scheduled = newDestruction(key, { id: 'd', requestedBy: 'ada', reason: 'over' });
const execution = {
  at: 21,
  node: 'one',
  eventId: 'event',
  method: 'cryptographic-erase',
  nodes: ['one', 'two'],
  names: [],
} as const;
const done = executed(begun(scheduled, []), execution);
const check = (node: string, opens = false, at = 30): DestructionCheck => ({
  node,
  at,
  method: 'known-ciphertext',
  version: 1,
  opens,
});
const both = ['one', 'two'];

describe('the steps of a destruction', () => {
  it('begin with the schedule of the key', () => {
    assert.deepEqual(scheduled, {
      id: 'd',
      keyId: 'k',
      environment: 'alpha',
      requestedBy: 'ada',
      reason: 'over',
      requestedAt: 10,
      dueAt: 20,
      waitingDays: 7,
      step: 'scheduled',
      execution: null,
      probes: [],
      checks: [],
      revision: 1,
    });
    assert.throws(() => newDestruction({ ...key, destruction: null }, scheduled), {
      code: 'key-state-forbids',
    });
  });

  it('have no way back from begun, and none out of their ends', () => {
    assert.throws(() => cancelled(begun(scheduled, [])), { code: 'key-destruction-scheduled' });
    const off = cancelled(scheduled);
    assert.equal(off.step, 'cancelled');
    const verified = checked(done, [check('one'), check('two')], both);
    assert.equal(verified.step, 'verified');
    const ways: readonly ((from: Destruction) => Destruction)[] = [
      cancelled,
      (from) => begun(from, []),
      (from) => executed(from, execution),
      (from) => checked(from, [check('one')], both),
    ];
    for (const end of [off, verified])
      for (const way of ways) assert.throws(() => way(end), { code: 'key-state-forbids' });
    for (const late of [off, verified, begun(scheduled, [])])
      assert.throws(() => postponed(late, 99), ClavigerError);
    for (const early of [scheduled, begun(scheduled, [])])
      assert.throws(() => checked(early, [check('one')], both), ClavigerError);
    for (const way of ways.slice(0, 3)) assert.throws(() => way(done), { code: 'key-state-forbids' });
  });

  it('can be moved to a later day, and to no earlier one', () => {
    assert.deepEqual(postponed(scheduled, 99), { ...scheduled, dueAt: 99, revision: 2 });
    assert.equal(postponed(scheduled, 1).dueAt, scheduled.dueAt);
  });

  it('wait for every node that ran and still runs', () => {
    const first = checked(done, [check('one')], both);
    assert.deepEqual([first.step, nodesAwaited(first, both)], ['executed', ['two']]);
    // its lease ended
    assert.equal(canBeVerified(first, both), false);
    assert.equal(canBeVerified(first, ['one']), true);
    assert.equal(checked(first, [], ['one']).step, 'verified');
    assert.equal(checked(first, [check('two')], both).step, 'verified');
    // who came later is not waited for
    assert.equal(checked(first, [check('two')], [...both, 'three']).step, 'verified');
  });

  it('are looked at by somebody else where all who ran are gone', () => {
    const looking = { node: 'three', liveNodes: ['three'], now: 30 };
    assert.equal(canBeVerified(done, ['three']), false);
    assert.equal(mustLook(done, looking), true);
    assert.equal(mustLook(done, { ...looking, liveNodes: ['two', 'three'] }), false);
    const seen = checked(done, [check('three')], ['three']);
    assert.equal(seen.step, 'verified');
  });

  it('never end where something opens, until the same node saw otherwise, or another one once that is gone', () => {
    const failed = checked(done, [check('one', true)], both);
    const late = checked(failed, [check('two')], both);
    assert.equal(late.step, 'executed');
    assert.equal(canBeVerified(late, both), false);
    assert.equal(canBeVerified(late, ['two']), false, 'not even when that node is gone');
    const looking = { node: 'one', liveNodes: both };
    assert.equal(mustLook(late, { ...looking, now: 30 + lookAgainMillis - 1 }), false);
    assert.equal(mustLook(late, { ...looking, now: 30 + lookAgainMillis }), true);
    assert.equal(mustLook(late, { ...looking, now: 29 }), true, 'a clock that was set back');
    const mended = checked(late, [check('one')], both);
    assert.deepEqual([mended.step, mended.checks.length], ['verified', 2]);
  });

  it('are verified exactly when all who must have looked and nothing opens, in whatever order', () => {
    const name = fc.constantFrom('one', 'two', 'three', 'four');
    const names = fc.uniqueArray(name, { maxLength: 4 });
    const acts = fc.array(
      fc.record({ node: name, opens: fc.boolean(), live: names, now: fc.nat(3 * lookAgainMillis) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(names, acts, (nodes, all) => {
        let destruction: Destruction = executed(begun(scheduled, []), { ...execution, nodes });
        const seen = new Map<string, boolean>();
        for (const { node, opens, live, now } of all) {
          const liveNodes: readonly string[] = [...new Set([...live, node])];
          if (destruction.step === 'verified') {
            assert.equal(mustLook(destruction, { node, liveNodes, now }), false);
            continue;
          }
          if (!mustLook(destruction, { node, liveNodes, now })) continue;
          const before = destruction.revision;
          destruction = checked(destruction, [check(node, opens, now)], liveNodes);
          for (const [other, opened] of seen) if (opened && !liveNodes.includes(other)) seen.delete(other);
          seen.set(node, opens);
          assert.equal(destruction.revision, before + 1);
          const lacking = nodes.some((each) => liveNodes.includes(each) && !seen.has(each));
          const wanted = lacking || [...seen.values()].includes(true) ? 'executed' : 'verified';
          assert.equal(destruction.step, wanted);
        }
      }),
    );
  });
});

it('a node that saw it open and is gone since keeps nobody from seeing that it is closed', () => {
  const seen = checked(done, [check('one', true)], both);
  const other = checked(seen, [check('two')], both);
  assert.equal(other.step, 'executed');
  const later = 30 + lookAgainMillis;
  assert.equal(mustLook(other, { node: 'two', liveNodes: ['two'], now: 31 }), false);
  assert.equal(mustLook(other, { node: 'two', liveNodes: ['two'], now: later }), true);
  assert.equal(checked(other, [check('two', false, later)], ['two']).step, 'verified');
});

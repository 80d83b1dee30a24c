import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findTransition,
  isDestroyed,
  keyStates,
  requireTransition,
  transitions,
  type KeyState,
} from './key-state.ts';

/** SP 800-57 part 1 revision 5, section 7, and KMIP's destroyed-compromised: written down a second time, by hand. */
const allowed: Readonly<Record<KeyState, readonly KeyState[]>> = {
  'pre-activation': ['active', 'compromised', 'destroyed'],
  active: ['suspended', 'deactivated', 'compromised', 'destroyed'],
  suspended: ['active', 'deactivated', 'compromised', 'destroyed'],
  deactivated: ['compromised', 'destroyed'],
  compromised: ['destroyed-compromised'],
  destroyed: ['destroyed-compromised'],
  'destroyed-compromised': [],
};

describe('the transition table', () => {
  it('is closed: every pair is allowed by its clause or refused with the same error', () => {
    for (const from of keyStates) {
      for (const to of keyStates) {
        if (allowed[from].includes(to)) {
          const found = requireTransition(from, to);
          assert.deepEqual([found.from, found.to], [from, to]);
          assert.match(found.clause, /^sp800-57p1r5 7\.[2-7]/);
        } else {
          assert.equal(findTransition(from, to), null, `${from} to ${to}`);
          assert.throws(() => requireTransition(from, to), {
            code: 'transition-refused',
            details: { from, to },
          });
        }
      }
    }
  });

  it('holds no pair twice, and none that leads back from a later phase of life', () => {
    const pairs = transitions.map(({ from, to }) => `${from} ${to}`);
    assert.equal(new Set(pairs).size, pairs.length);
    const phase = (state: KeyState): number =>
      isDestroyed(state) ? 3 : ({ 'pre-activation': 0, active: 1, suspended: 1 }[state as string] ?? 2);
    for (const { from, to } of transitions) assert.ok(phase(to) >= phase(from), `${from} to ${to}`);
  });

  it('refuses states that it does not know', () => {
    for (const word of ['', 'Active', 'toString', '__proto__'])
      assert.throws(() => requireTransition('active', word as KeyState), { code: 'transition-refused' });
  });
});

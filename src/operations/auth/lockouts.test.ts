import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createLockouts, failuresMax, lockMillis } from './lockouts.ts';

it('a name is locked exactly while five failures, none long after the one before, are not long ago', () => {
  const step = fc.record({ fails: fc.boolean(), wait: fc.nat(lockMillis + 1000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const lockouts = createLockouts();
      let now = 0;
      let count = 0;
      let last = -lockMillis;
      for (const { fails, wait } of steps) {
        now += wait;
        if (now - last >= lockMillis) count = 0;
        assert.equal(lockouts.isLocked('n', now), count >= failuresMax);
        assert.ok(!lockouts.isLocked('other', now));
        if (fails) {
          lockouts.failed('n', now);
          count += 1;
          last = now;
        } else if (count < failuresMax) {
          lockouts.succeeded('n');
          count = 0;
        }
      }
    }),
  );
});

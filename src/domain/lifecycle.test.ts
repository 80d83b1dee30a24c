import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Key, KeyVersion } from './key.ts';
import { currentVersion, versionOf } from './key.ts';
import { keyUsages, type AlgorithmName } from './algorithm.ts';
import { factsOf, keySpecNames } from './key-spec.ts';
import { findTransition, isDestroyed, keyStates, transitionCauses } from './key-state.ts';
import {
  changeState,
  originatorEnd,
  recipientEnd,
  replaceVersion,
  requireAlgorithm,
  requireUsage,
  requireUsableVersion,
  requireUsageLeft,
} from './lifecycle.ts';

const born = 1_780_000_000_000;

function version(change: Partial<KeyVersion> = {}): KeyVersion {
  return {
    number: 1,
    state: 'pre-activation',
    history: [{ state: 'pre-activation', at: born, cause: 'generated' }],
    createdAt: born,
    activatedAt: null,
    cryptoPeriod: { originatorSeconds: 100, recipientSeconds: 300, operationsMax: 10, bytesMax: 1000 },
    materialId: 'a'.repeat(64),
    publicKey: null,
    rotation: 'first',
    ...change,
  };
}

function keyOf(...versions: KeyVersion[]): Key {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    environment: 'alpha',
    region: 'default',
    spec: 'AES_256',
    usage: 'encrypt',
    owner: 'ada',
    description: '',
    tags: [],
    dataClassification: 'unclassified',
    origin: 'generated',
    tier: 'served',
    policy: '{}',
    rotation: null,
    suspendedAt: null,
    destruction: null,
    createdAt: born,
    createdBy: 'ada',
    versions,
    revision: 1,
  };
}

const move = fc.record({
  to: fc.constantFrom(...keyStates),
  cause: fc.constantFrom(...transitionCauses),
  // clocks of nodes differ, and go back
  at: fc.integer({ min: born - 10_000, max: born + 1_000_000 }),
});

describe('the life of a version', () => {
  it('follows the table, whatever is tried, and forgets nothing', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let now = version();
        for (const { to, ...change } of moves) {
          const before = now;
          const copy = structuredClone(before);
          if (findTransition(before.state, to)) now = changeState(before, to, change);
          else assert.throws(() => changeState(before, to, change), { code: 'transition-refused' });
          assert.deepEqual(before, copy);
          assert.deepEqual(now.history.slice(0, before.history.length), before.history);
          if (isDestroyed(before.state)) assert.ok(isDestroyed(now.state));
        }
        assert.equal(now.history.at(-1)?.state, now.state);
        const dates = now.history.map(({ at }) => at);
        assert.deepEqual(
          dates,
          [...dates].sort((a, b) => a - b),
        );
        const first = now.history.find(({ state }) => state === 'active');
        assert.equal(now.activatedAt, first?.at ?? null);
        const rest = { state: now.state, history: now.history, activatedAt: now.activatedAt };
        assert.deepEqual(now, version(rest));
      }),
    );
  });

  it('keeps the first date of activation through suspensions', () => {
    let now = changeState(version(), 'active', { at: born + 5, cause: 'activated' });
    now = changeState(now, 'suspended', { at: born + 10, cause: 'suspended-by-request' });
    now = changeState(now, 'active', { at: born + 20, cause: 'resumed-by-request' });
    assert.equal(now.activatedAt, born + 5);
    assert.equal(originatorEnd(now), born + 5 + 100_000);
  });

  it('keeps the date of a compromise apart from that of its report', () => {
    const active = changeState(version(), 'active', { at: born, cause: 'activated' });
    const reported = changeState(active, 'compromised', {
      at: born + 50,
      cause: 'compromise-reported',
      occurredAt: born + 7,
    });
    const last = reported.history.at(-1);
    assert.deepEqual([last?.at, last?.occurredAt], [born + 50, born + 7]);
    assert.throws(
      () => changeState(reported, 'compromised', { at: born + 60, cause: 'compromise-reported' }),
      { code: 'transition-refused' },
    );
  });
});

describe('the use of a version', () => {
  it('is allowed by its state alone, where no period is over', () => {
    const may = { protect: ['active'], process: ['active', 'deactivated'] } as const;
    for (const state of keyStates) {
      const one = version({ state, activatedAt: born });
      for (const act of ['protect', 'process'] as const) {
        const use = () => requireUsableVersion(keyOf(one), one, act, born);
        if ((may[act] as readonly string[]).includes(state)) use();
        else assert.throws(use, { code: isDestroyed(state) ? 'key-destroyed' : 'key-state-forbids' });
      }
    }
  });

  it('ends at the very moment that a period ends', () => {
    const one = version({ state: 'active', activatedAt: born });
    const use = (act: 'protect' | 'process', at: number) => () =>
      requireUsableVersion(keyOf(one), one, act, at);
    assert.equal(originatorEnd(one), born + 100_000);
    assert.equal(recipientEnd(one), born + 300_000);
    use('protect', born + 99_999)();
    assert.throws(use('protect', born + 100_000), {
      code: 'crypto-period-over',
      details: { period: 'originator-usage', act: 'protect' },
    });
    use('process', born + 299_999)();
    assert.throws(use('process', born + 300_000), {
      code: 'crypto-period-over',
      details: { period: 'recipient-usage', act: 'process' },
    });
  });

  it('has no end by time before activation, or where processing is not bound', () => {
    assert.deepEqual([originatorEnd(version()), recipientEnd(version())], [null, null]);
    const { cryptoPeriod } = version();
    const unbound = version({
      state: 'deactivated',
      activatedAt: born,
      cryptoPeriod: { ...cryptoPeriod, recipientSeconds: null },
    });
    requireUsableVersion(keyOf(unbound), unbound, 'process', Number.MAX_SAFE_INTEGER);
  });

  it('may reach the limit of its usage, and not pass it', () => {
    const one = version();
    const use = (used: { operations: number; bytes: number }, most?: number | null) => () =>
      requireUsageLeft(keyOf(one), one, used, most);
    use({ operations: 10, bytes: 1000 })();
    assert.throws(use({ operations: 11, bytes: 0 }), { code: 'usage-limit-reached' });
    assert.throws(use({ operations: 0, bytes: 1001 }), { code: 'usage-limit-reached' });
    use({ operations: 1e9, bytes: 0 }, null)();
    assert.throws(use({ operations: 4, bytes: 0 }, 3), { code: 'usage-limit-reached' });
  });
});

describe('the purpose of a key', () => {
  it('is one for life, and bounds the algorithms', () => {
    const algorithms = [...new Set(keySpecNames.flatMap((spec) => factsOf(spec).algorithms))];
    fc.assert(
      fc.property(
        fc.constantFrom(...keySpecNames),
        fc.constantFrom(...keyUsages),
        fc.constantFrom(...keyUsages),
        fc.constantFrom<AlgorithmName | null>(null, ...algorithms),
        (spec, usage, wanted, algorithm) => {
          const key: Key = { ...keyOf(version()), spec, usage };
          if (usage !== wanted) assert.throws(() => requireUsage(key, wanted), { code: 'purpose-forbids' });
          else requireUsage(key, wanted);
          // without an algorithm there is none to presume
          if (algorithm === null || !factsOf(spec).algorithms.includes(algorithm))
            assert.throws(() => requireAlgorithm(key, wanted, algorithm), { code: 'algorithm-forbids' });
        },
      ),
    );
    const aes = keyOf(version());
    requireAlgorithm(aes, 'encrypt', 'AES_GCM');
    for (const algorithm of ['AES_CMAC', 'AES_KW', 'constructor'] as AlgorithmName[])
      assert.throws(() => requireAlgorithm(aes, 'encrypt', algorithm), { code: 'algorithm-forbids' });
  });
});

describe('the versions of a key', () => {
  it('are found by their number, and replaced one by one', () => {
    const [one, two, three] = [version(), version({ number: 2 }), version({ number: 3 })];
    const key = keyOf(one, two, three);
    assert.equal(currentVersion(key), three);
    assert.equal(versionOf(key, 2), two);
    for (const absent of [0, 4, -1, 1.5, Number.NaN]) assert.equal(versionOf(key, absent), null);
    const changed = { ...two, state: 'compromised' } as const;
    assert.deepEqual(replaceVersion(key, changed).versions, [one, changed, three]);
    // numbers need not be dense: what is left of a key is still found
    assert.equal(versionOf(keyOf(one, three), 3), three);
    assert.throws(() => currentVersion(keyOf()));
  });
});

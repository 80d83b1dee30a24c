import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDetector } from './detector.ts';
import { keyBytesMax } from './memory/key-profile.ts';
import { principalBytesMax } from './memory/principal-profile.ts';
import { operationClasses, type UsageEvent } from './normal/usage-event.ts';
import { createDice } from './traffic/dice.ts';
import { day, hour, later, learnt, observeAll, start, usage } from './usage.fixture.ts';

const word = (prefix: string, countMax: number) => fc.nat(countMax - 1).map((at) => `${prefix}${at}`);

/** Events of all kinds, in the order of their times. */
const traffic = fc
  .array(
    fc.record({
      wait: fc.integer({ min: 0, max: 3 * hour }),
      principal: word('production/p', 5),
      keyId: fc.option(word('key-', 5)),
      operation: fc.constantFrom(...operationClasses),
      refusal: fc.option(fc.constantFrom('denied', 'state', 'purpose', 'unreadable', 'absent', 'house')),
      network: word('185.1.', 4),
      agent: word('agent', 3),
      contextDigest: fc.option(word('c', 40)),
      keyVersion: fc.option(fc.integer({ min: 1, max: 3 })),
      environment: fc.constantFrom('production', 'staging'),
    }),
    { maxLength: 120 },
  )
  .map((steps) => {
    let at = later;
    return steps.map(({ wait, ...event }, index) => {
      at += wait;
      return usage({ ...event, at, reference: { log: 'n', index } } as Partial<UsageEvent>);
    });
  });

describe('any traffic', () => {
  it('gives the same alerts again, and each is complete', () => {
    fc.assert(
      fc.property(traffic, (events) => {
        const alerts = observeAll(learnt(), events);
        assert.deepEqual(observeAll(learnt(), events), alerts);
        for (const [at, alert] of alerts.entries()) {
          assert.equal(alert.number, at + 1);
          assert.ok(alert.score >= 0.5 && alert.score <= 1);
          assert.ok(alert.signals.length > 0 && alert.references.length > 0 && alert.references.length <= 8);
          assert.ok(alert.signals.every(({ weight }) => weight > 0 && weight < 1));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('never repeats an alert for a key and a principal within six hours, unless it is worse', () => {
    const rank = ['notify', 'require-approval', 'suspend-grant'];
    fc.assert(
      fc.property(traffic, (events) => {
        const last = new Map<string, { at: number; rank: number }>();
        for (const alert of observeAll(learnt(), events)) {
          const pair = `${alert.principal} ${alert.keyId}`;
          const now = { at: alert.at, rank: rank.indexOf(alert.response) };
          const before = last.get(pair);
          if (before && now.at - before.at < 6 * hour) assert.ok(now.rank > before.rank, pair);
          last.set(pair, now);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('counts what it holds back: alerts and suppressed ones never get lost', () => {
    fc.assert(
      fc.property(traffic, (events) => {
        const detector = learnt();
        const told = observeAll(detector, events).reduce((sum, { suppressed }) => sum + suppressed, 0);
        assert.ok(told <= detector.counts().suppressed);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the order of equal times', () => {
  it('between principals and keys that have nothing in common does not matter', () => {
    const strangers = Array.from({ length: 12 }, (_, at) =>
      usage({
        at: later + 1,
        principal: `production/stranger${at}`,
        keyId: at % 2 === 0 ? `key-new-${at}` : 'key-1',
        network: `185.${at}.0.0/24`,
        operation: at % 3 === 0 ? 'export' : 'process',
      }),
    );
    const summaryOf = (events: readonly UsageEvent[]) =>
      observeAll(learnt(), events)
        .map(({ principal, response, score }) => `${principal} ${response} ${score}`)
        .sort();
    const wanted = summaryOf(strangers);
    assert.ok(wanted.length >= 6);
    fc.assert(
      fc.property(fc.shuffledSubarray(strangers, { minLength: strangers.length }), (shuffled) => {
        assert.deepEqual(summaryOf(shuffled), wanted);
      }),
      { numRuns: 20 },
    );
  });

  it('is not needed: an event that is a little late counts at the time of the newest', () => {
    const detector = learnt();
    assert.equal(detector.observe(usage({ at: later + hour })), null);
    assert.equal(detector.observe(usage({ at: later + hour / 2 })), null);
    assert.equal(detector.counts().late, 0);
    assert.equal(detector.observe(usage({ at: later - day })), null);
    assert.equal(detector.counts().late, 1);
  });
});

describe('the memory of a detector', () => {
  it('for one key and one principal stays below its bound, whatever comes', () => {
    const dice = createDice(99);
    const detector = createDetector();
    for (let at = 0; at < 60_000; at += 1) {
      // one key that all use in every way, one principal that uses all
      const isKey = dice.chance(0.5);
      detector.observe(
        usage({
          at: start + at * 60_000,
          principal: isKey ? `production/p${dice.below(5_000)}` : 'production/all',
          keyId: isKey ? 'key-of-all' : `key-${dice.below(300)}`,
          operation: dice.pick(operationClasses),
          network: `10.${dice.below(200)}.${dice.below(200)}.0/24`,
          agent: `agent${dice.below(500)}`,
          contextShape: `shape${dice.below(500)}`,
          contextDigest: `c${dice.below(100_000)}`,
          environment: `e${dice.below(50)}`,
        }),
      );
    }
    const { keyBytes, principalBytes } = detector.footprint();
    assert.ok(keyBytes <= keyBytesMax && keyBytes > keyBytesMax / 2, `${keyBytes} bytes for a key`);
    assert.ok(principalBytes <= principalBytesMax && principalBytes > 1_000, `${principalBytes} bytes`);
  });

  it('holds as many keys and principals as it may, and says what it forgot', () => {
    const detector = createDetector({ keysMax: 50, principalsMax: 20 });
    for (let at = 0; at < 200; at += 1)
      detector.observe(usage({ at: start + at, keyId: `key-${at}`, principal: `production/p${at}` }));
    const { keys, principals, forgotten } = detector.counts();
    assert.deepEqual([keys, principals, forgotten], [50, 20, 330]);
  });

  it('is not filled by keys that there are not', () => {
    const detector = createDetector();
    for (let at = 0; at < 100; at += 1)
      detector.observe(usage({ at: start + at, keyId: `none-${at}`, refusal: 'absent' }));
    assert.equal(detector.counts().keys, 0);
  });
});

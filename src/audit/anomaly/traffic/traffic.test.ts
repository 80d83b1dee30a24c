import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDice } from './dice.ts';
import { generateTraffic } from './generate.ts';
import { scenarios } from './scenarios.ts';
import { shapes, shareOfHour } from './shape.ts';
import type { TrafficItem } from './traffic-event.ts';

type Logged = Extract<TrafficItem, { kind: 'event' }>;

const eventsOf = (items: Iterable<TrafficItem>): Logged[] =>
  [...items].filter((item) => item.kind === 'event');

describe('dice', () => {
  it('give the same numbers for the same seed, and others for another', () => {
    const ten = (seed: number) => {
      const dice = createDice(seed);
      return Array.from({ length: 10 }, () => dice.next());
    };
    assert.deepEqual(ten(7), ten(7));
    assert.notDeepEqual(ten(7), ten(8));
    assert.notDeepEqual(ten(7), ten(7 + 2 ** 32));
  });

  it('have the means and variances that they should', () => {
    const dice = createDice(5);
    const moments = (roll: () => number) => {
      const rolls = Array.from({ length: 20_000 }, roll);
      const mean = rolls.reduce((sum, value) => sum + value, 0) / rolls.length;
      return [mean, rolls.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rolls.length] as const;
    };
    const near = ([mean, variance]: readonly [number, number], wanted: readonly [number, number]) => {
      assert.ok(Math.abs(mean / wanted[0] - 1) < 0.05, `mean ${mean}, not ${wanted[0]}`);
      assert.ok(Math.abs(variance / wanted[1] - 1) < 0.1, `variance ${variance}, not ${wanted[1]}`);
    };
    near(
      moments(() => dice.next()),
      [0.5, 1 / 12],
    );
    near(
      moments(() => dice.poisson(3)),
      [3, 3],
    );
    near(
      moments(() => dice.poisson(100)),
      [100, 100],
    );
    near(
      moments(() => dice.bursty(12, 6)),
      [12, 12 + 144 / 6],
    );
    near(
      moments(() => dice.below(10)),
      [4.5, 8.25],
    );
    assert.ok(Math.abs(moments(() => Math.log(dice.logNormal(5, 0.8)))[1] - 0.64) < 0.03);
    assert.throws(() => dice.pick([]), RangeError);
  });

  it('stay within their bounds for every seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 50 }), (seed, count) => {
        const dice = createDice(seed);
        for (let roll = 0; roll < 20; roll += 1) {
          assert.ok(dice.below(count) < count && dice.next() < 1 && dice.poisson(0.1) >= 0);
        }
      }),
    );
  });
});

describe('the shape of a week', () => {
  it('has a mean of about one use an hour', () => {
    for (const shape of shapes) {
      let sum = 0;
      for (let hour = 0; hour < 168; hour += 1) sum += shareOfHour(shape, hour, 3);
      assert.ok(Math.abs(sum / 168 - 1) < 0.12, `${shape}: ${sum / 168}`);
    }
  });

  it('rests at night and on Sunday in an office, and never where it is flat', () => {
    // 1970-01-04 was a Sunday
    assert.ok(shareOfHour('office', 3 * 24 + 11, 0) < shareOfHour('office', 4 * 24 + 11, 0) / 5);
    assert.ok(shareOfHour('flat', 3 * 24 + 3, 0) > 0.8);
    assert.equal(shareOfHour('batch', 24 + 3, 3), 24);
  });
});

describe('made-up traffic', () => {
  const wish = { seed: 9, keys: 12, days: 32, quietDays: 20, incidents: 1 };
  const items = [...generateTraffic(wish)];
  const events = eventsOf(items);

  it('is the same for a seed, and another for another', () => {
    assert.deepEqual([...generateTraffic(wish)], items);
    assert.notDeepEqual(eventsOf(generateTraffic({ ...wish, seed: 10 })).slice(0, 50), events.slice(0, 50));
  });

  it('comes in the order of its times, numbered without a gap but those that are played', () => {
    const gaps = events.slice(1).filter(({ index }, at) => index !== (events[at]?.index ?? 0) + 1);
    assert.deepEqual(
      gaps.map(({ label }) => label?.incident),
      ['G1-1'],
    );
    assert.ok(events.every(({ event }, at) => at === 0 || event.at >= (events[at - 1]?.event.at ?? 0)));
    assert.equal(new Set(events.map(({ event }) => event.id)).size, events.length);
  });

  it('plays every scenario once, and its twin, after the quiet days', () => {
    const begin = events[0]?.event.at ?? 0;
    for (const { name } of scenarios) {
      const own = events.filter(({ label }) => label?.scenario === name);
      for (const isTwin of [false, true])
        assert.ok(
          own.some(({ label }) => label?.isTwin === isTwin),
          `${name}, ${isTwin}`,
        );
      assert.ok(
        own.every(({ event }) => event.at >= begin + 19.9 * 86_400_000),
        name,
      );
    }
  });

  it('has none where none is wanted, and only those that are', () => {
    const none = eventsOf(generateTraffic({ ...wish, days: 21, scenarios: [] }));
    assert.ok(none.length > 500 && none.every(({ label }) => label === null));
    const one = eventsOf(generateTraffic({ ...wish, scenarios: ['U3'] }));
    assert.deepEqual([...new Set(one.flatMap(({ label }) => label?.scenario ?? []))], ['U3']);
  });

  it('announces the twins that need it before they begin', () => {
    const at = items.findIndex(
      (item) => item.kind === 'expected' && item.change.ticket.startsWith('CHG-batch-'),
    );
    assert.ok(
      at > 0 &&
        at <
          items.findIndex(
            (item) => item.kind === 'event' && item.label?.incident === 'C1-1' && item.label.isTwin,
          ),
    );
  });

  it('sweeps 700 contexts within half an hour, from where nobody else is', () => {
    const sweep = events
      .filter(({ label }) => label?.scenario === 'C1' && !label.isTwin)
      .map(({ event }) => event);
    assert.equal(new Set(sweep.map(({ contextDigest }) => contextDigest)).size, 700);
    assert.ok((sweep.at(-1)?.at ?? 0) - (sweep[0]?.at ?? 0) <= 30 * 60_000);
    const address = sweep[0]?.sourceAddress ?? '';
    const prefix = address.slice(0, address.lastIndexOf('.') + 1);
    const there = events.filter(({ event }) => event.sourceAddress.startsWith(prefix));
    assert.ok(there.every(({ label }) => label?.incident === 'C1-1'));
    const before = events.filter(
      ({ event, label }) => event.principal === sweep[0]?.principal && label === null,
    );
    assert.ok(before.length > 20 && before.every(({ event }) => event.operation === 'keys.encrypt'));
  });
});

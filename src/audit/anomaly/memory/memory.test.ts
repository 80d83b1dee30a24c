import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BoundedTable } from './bounded-table.ts';
import { DailyDrift } from './daily-drift.ts';
import { DailyPeak } from './daily-peak.ts';
import { DenialSum } from './denial-sum.ts';
import { DistinctCount } from './distinct-count.ts';
import { FirstSeenSet } from './first-seen-set.ts';
import { HourlyVolume } from './hourly-volume.ts';
import { HoursOfWeek } from './hours-of-week.ts';
import { Peers } from './peers.ts';
import { median, spreadAround } from './robust.ts';
import { spread } from './spread.ts';
import { SweepCount } from './sweep-count.ts';

describe('a set of what was seen', () => {
  it('tells new from recent from known', () => {
    const set = new FirstSeenSet([8], 1000);
    assert.equal(set.note(0, 5 << 3, 100, true, 6), 'known');
    assert.equal(set.note(0, 7 << 3, 200, false, 6), 'new');
    assert.equal(set.note(0, 7 << 3, 205, false, 6), 'recent');
    assert.equal(set.note(0, 7 << 3, 206, false, 6), 'known');
    assert.equal(set.note(0, 5 << 3, 206, false, 6), 'known');
    assert.ok(set.has(0, 5 << 3) && !set.has(0, 6 << 3));
  });

  it('keeps kinds apart, each with its bound', () => {
    const set = new FirstSeenSet([2, 0, 3], 1000);
    for (const kind of [0, 2])
      for (let value = 1; value <= 5; value += 1) set.note(kind, value << 3, value, true, 0);
    assert.deepEqual([set.size(0), set.size(1), set.size(2)], [2, 0, 3]);
    assert.deepEqual([set.fullness(0), set.fullness(2)], [1, 1]);
    assert.ok(set.has(0, 5 << 3) && !set.has(0, 3 << 3) && set.has(2, 3 << 3));
    assert.ok(set.bytes <= 5 * 12);
  });

  it('forgets what was idle for long, and takes it for known again while it learns', () => {
    const set = new FirstSeenSet([8], 10);
    set.note(0, 8, 100, true, 6);
    assert.equal(set.note(0, 8, 111, false, 6), 'new');
    assert.equal(set.note(0, 8, 130, true, 6), 'known');
  });

  it('agrees with a plain set as long as there is room, and never grows beyond it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 10 })), { maxLength: 80 }),
        (steps) => {
          const set = new FirstSeenSet([8, 6], 1000);
          const plain = [new Set<number>(), new Set<number>()];
          for (const [hour, [kind, value]] of steps.entries()) {
            const known = plain[kind];
            const seen = set.note(kind, value << 3, hour + 1, false, 0);
            const wasKnown = known?.has(value);
            known?.add(value);
            if ((known?.size ?? 0) <= (kind === 0 ? 8 : 6)) assert.equal(seen === 'new', !wasKnown);
            assert.ok(set.size(kind) <= 8 && set.bytes <= 14 * 12 && set.fullness(kind) <= 1);
          }
        },
      ),
    );
  });

  it('gives up the value that was idle longest', () => {
    const set = new FirstSeenSet([2], 1000);
    for (const [hour, value] of [8, 16, 8, 24].entries()) set.note(0, value, hour, true, 0);
    assert.ok(set.has(0, 8) && set.has(0, 24) && !set.has(0, 16));
  });
});

describe('a count of distinct values', () => {
  it('is exact up to 64, and near beyond, in 256 bytes', () => {
    for (const count of [0, 1, 63, 64, 65, 100, 700, 5_000, 200_000]) {
      const distinct = new DistinctCount();
      for (let at = 0; at < count; at += 1) {
        distinct.add(spread(`value ${at}`, 3));
        if (at % 7 === 0) distinct.add(spread(`value ${at >> 1}`, 3));
      }
      const error = count <= 64 ? 0 : 0.2 * count;
      assert.ok(Math.abs(distinct.estimate() - count) <= error, `${distinct.estimate()} of ${count}`);
      assert.ok(distinct.bytes <= 256);
    }
  });

  it('is the same for every order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (values) => {
        const forward = new DistinctCount();
        const backward = new DistinctCount();
        for (const value of values) forward.add(value >>> 0);
        for (const value of values.toReversed()) backward.add(value >>> 0);
        assert.equal(forward.estimate(), backward.estimate());
      }),
    );
  });

  it('begins again with each period, and keeps the highest of the days before', () => {
    const count = new SweepCount();
    for (let value = 0; value < 5; value += 1) count.add(value, 10, 1);
    assert.equal(count.add(9, 11, 1), 1);
    assert.equal(count.peakBefore(1), 0);
    assert.equal(count.peakBefore(2), 5);
    assert.equal(count.peakBefore(29), 5);
    assert.equal(count.peakBefore(30), 0);
  });
});

describe('peaks by the day', () => {
  it('are those of the last 28 days, today left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.nat(1000)), { maxLength: 40 }),
        (steps) => {
          const peak = new DailyPeak();
          const all: [number, number][] = [];
          let day = 1000;
          for (const [skip, value] of steps) {
            day += skip;
            peak.note(day, value);
            all.push([day, value]);
            const before = all.filter(([then]) => then < day && then >= day - 28).map(([, was]) => was);
            assert.equal(peak.before(day), Math.max(0, ...before));
          }
        },
      ),
    );
  });
});

describe('the volume of a key', () => {
  const hourly = (counts: readonly number[]) => {
    const volume = new HourlyVolume(15);
    for (const [hour, count] of counts.entries()) for (let use = 0; use < count; use += 1) volume.add(hour);
    return volume;
  };

  it('costs nothing for a quiet key and 1,344 bytes for another', () => {
    assert.equal(hourly([3, 0, 9, 14, 1]).bytes, 0);
    assert.equal(hourly([3, 20, 1]).bytes, 1344);
    assert.equal(hourly([3, 0, 9, 14, 1]).peak, 14);
  });

  it('knows what is usual at an hour of the week', () => {
    const weekly = Array.from({ length: 168 * 4 }, (_, hour) => (hour % 168 === 30 ? 100 : 16));
    const volume = hourly([...weekly, ...Array.from({ length: 30 }, () => 16)]);
    for (let use = 0; use < 100; use += 1) volume.add(168 * 4 + 30);
    assert.equal(volume.peak, 100);
    const { usual, count, deviation } = volume.surge();
    assert.deepEqual([usual, count], [16, 100]);
    assert.ok(deviation > 6);
  });

  it('forgets hours of more than four weeks ago', () => {
    const volume = hourly([500]);
    volume.add(600);
    assert.equal(volume.peak, 500);
    volume.add(680);
    assert.equal(volume.peak, 1);
    volume.add(5_000);
    assert.equal(volume.peak, 0);
  });
});

describe('the drift of a key', () => {
  const run = (daily: (day: number) => number, days: number) => {
    const drift = new DailyDrift();
    let highest = 0;
    for (let day = 0; day < days; day += 1)
      for (let use = 0; use < daily(day); use += 1) highest = Math.max(highest, drift.add(day)?.sum ?? 0);
    return highest;
  };

  it('is none of weekly ups and downs', () => {
    assert.ok(run((day) => (day % 7 < 5 ? 400 : 20), 90) < 1);
  });

  it('sums up what grows', () => {
    assert.ok(run((day) => (day < 40 ? 100 : 100 + 15 * (day - 40)), 60) > 8);
  });
});

describe('refusals of a principal', () => {
  it('sum up when they come together, and not when they are usual', () => {
    const together = new DenialSum();
    let sum = 0;
    for (let at = 0; at < 10; at += 1) sum = together.add(true);
    assert.ok(sum > 8);
    assert.equal(together.refused, 10);
    together.reset();
    assert.equal(together.add(false), 0);
    const usual = new DenialSum();
    for (let at = 0; at < 5_000; at += 1) assert.ok(usual.add(at % 50 === 0) < 8);
  });
});

describe('small memories', () => {
  it('know the hours of the week that were used', () => {
    const hours = new HoursOfWeek();
    assert.ok(hours.note(5) && !hours.note(5) && !hours.note(173) && hours.note(6));
    assert.equal(hours.used, 2);
  });

  it('know how many other families share something, up to four', () => {
    const peers = new Peers();
    for (let family = 1; family <= 9; family += 1) peers.note(7, family);
    assert.deepEqual([peers.others(7, 1), peers.others(7, 9), peers.others(8, 1)], [3, 4, 0]);
    for (let value = 100; value < 20_000; value += 1) peers.note(value, 1);
    assert.equal(peers.others(7, 9), 0);
  });

  it('forget the entry that was idle longest', () => {
    let forgotten = 0;
    const table = new BoundedTable<string>(3, () => {
      forgotten += 1;
    });
    for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'e']) table.take(name, () => name.toUpperCase());
    assert.deepEqual([...table.values()].sort(), ['A', 'D', 'E']);
    assert.equal(forgotten, 2);
  });

  it('compute medians and spreads', () => {
    assert.deepEqual([median([]), median([3, 1, 2]), median([4, 1, 2, 3])], [0, 2, 2.5]);
    assert.equal(spreadAround([1, 2, 3, 4, 100], 3), 1.4826);
  });

  it('spread texts evenly, differently for each salt', () => {
    const buckets = new Array<number>(64).fill(0);
    for (let at = 0; at < 64_000; at += 1) buckets[spread(`10.1.${at}.0/24`, 1) >>> 26]! += 1;
    assert.ok(Math.min(...buckets) > 850 && Math.max(...buckets) < 1150);
    assert.notEqual(spread('a', 1), spread('a', 2));
  });
});

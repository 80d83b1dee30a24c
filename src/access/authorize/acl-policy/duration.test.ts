import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationSeconds } from './duration.ts';

describe('a duration', () => {
  it('is seconds, or amounts with units', () => {
    const cases = [
      [90, 90],
      ['90', 90],
      [0, 0],
      ['0s', 0],
      ['90s', 90],
      ['5m', 300],
      ['1h30m', 5400],
      ['1.5h', 5400],
      ['2d', 172_800],
      ['1d1h1m1s', 90_061],
      ['500ms', 0.5],
      ['36500d', 3_153_600_000],
    ] as const;
    for (const [written, seconds] of cases) assert.equal(durationSeconds(written), seconds, String(written));
    for (const [written, seconds] of [
      ['1us', 1e-6],
      ['2µs', 2e-6],
      ['3ns', 3e-9],
    ] as const)
      assert.ok(Math.abs((durationSeconds(written) ?? 1) - seconds) < 1e-15, written);
  });

  it('is nothing else', () => {
    const others = [
      '',
      ' ',
      's',
      '-1s',
      '+1s',
      '1 s',
      '1w',
      '1H',
      '1.s',
      '.5s',
      '1s ',
      '1s1',
      '1e3s',
      'Infinity',
    ];
    for (const written of others) assert.equal(durationSeconds(written), undefined, JSON.stringify(written));
    for (const written of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e12])
      assert.equal(durationSeconds(written), undefined, String(written));
    for (const written of ['99999999999', '40000d', '1s'.repeat(9), '1s'.repeat(60_000)])
      assert.equal(durationSeconds(written), undefined);
  });
});

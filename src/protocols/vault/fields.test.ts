import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationSeconds } from './fields.ts';

describe('a duration of a request', () => {
  it('is seconds, or amounts with units, with or without a sign', () => {
    const cases = [
      ['', 0],
      [' 30 ', 30],
      ['-30', -30],
      ['+30', 30],
      ['1h30m', 5400],
      ['-1h', -3600],
      ['+90s', 90],
      ['2d', 172_800],
      ['1.5m', 90],
      ['0s', 0],
      ['31536000000ms', 31_536_000],
      ['2160h0m0s', 7_776_000],
    ] as const;
    for (const [text, seconds] of cases) assert.equal(durationSeconds(text), seconds, text);
  });

  it('is nothing else', () => {
    for (const text of [
      's',
      '1w',
      '--1s',
      '+-1s',
      '1s 2s',
      '.5s',
      '1e3',
      '1234567890123',
      `${'1'.repeat(64)}s`,
    ])
      assert.equal(durationSeconds(text), null, text);
    const before = performance.now();
    for (const long of ['1'.repeat(1e6), '1s'.repeat(1e6), `${'1.1'.repeat(1e6)}s`])
      assert.equal(durationSeconds(long), null);
    assert.ok(performance.now() - before < 1000);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FindingRecord } from '#sdk';
import { findingsText, inOrder, timeOf } from './findings.ts';

function findingOf(about: Partial<FindingRecord>): FindingRecord {
  return {
    id: 'ab'.repeat(32),
    detector: 'unused',
    mistake: 'no-inventory',
    severity: 'low',
    subject: 'key:1',
    environment: 'production',
    what: 'Nothing uses key 1.',
    remedy: 'claviger key disable 1',
    since: '2026-01-02T00:00:00.000Z',
    notListed: null,
    status: 'open',
    firstSeenAt: '2026-02-03T00:00:00.000Z',
    lastSeenAt: '2026-02-03T00:00:00.000Z',
    returns: 0,
    acknowledgement: null,
    resolution: null,
    reopened: null,
    ...about,
  };
}

describe('what the terminal says of findings', () => {
  it('has the gravest first, and those of one detector together', () => {
    const all = [
      findingOf({ subject: 'key:2' }),
      findingOf({ subject: 'key:1' }),
      findingOf({ subject: 'key:3', severity: 'critical', detector: 'used-after-end' }),
    ];
    assert.deepEqual(
      inOrder(all).map(({ subject }) => subject),
      ['key:3', 'key:1', 'key:2'],
    );
  });

  it('says what is wrong, since when, and what to do', () => {
    const text = findingsText([findingOf({}), findingOf({ since: null, status: 'acknowledged' })]);
    assert.match(text, /^LOW {2}unused {2}key:1 {2}since 2026-01-02\n {2}id +abababababab\n/);
    assert.match(text, /what +Nothing uses key 1\.\n {2}remedy +claviger key disable 1\n/);
    assert.match(text, /since 2026-02-03 {2}acknowledged\n/);
    assert.match(text, /\n2 low\n$/);
    assert.equal(findingsText([]), 'Nothing is found.\n');
  });

  it('takes a day, or a time', () => {
    assert.equal(timeOf('2027-01-31'), '2027-01-31T00:00:00.000Z');
    assert.equal(timeOf('2027-01-31T12:00:00+02:00'), '2027-01-31T10:00:00.000Z');
    assert.throws(() => timeOf('soon'), /a day or time/);
  });
});

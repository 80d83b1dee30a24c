import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findingId, severities, type Finding } from './finding.ts';
import { dayMillis, judgedAt } from './population.fixture.ts';
import { merge, statusAt, type DetectionRun, type FindingRecord } from './register.ts';

function findingOf(subject: string, about: Partial<Finding> = {}): Finding {
  const detector = about.detector ?? 'unused';
  return {
    id: findingId(detector, subject),
    detector,
    mistake: 'no-inventory',
    severity: 'low',
    subject,
    environment: 'production',
    what: `${subject} is wrong.`,
    remedy: 'Mend it.',
    since: null,
    ...about,
  };
}

function runAt(day: number, findings: readonly Finding[], about: Partial<DetectionRun> = {}): DetectionRun {
  return { at: judgedAt + day * dayMillis, detectors: ['unused'], findings, log: null, events: [], ...about };
}

function after(register: readonly FindingRecord[], run: DetectionRun): readonly FindingRecord[] {
  const all = new Map(register.map((record) => [record.finding.id, record]));
  for (const record of merge(register, run)) all.set(record.finding.id, record);
  return [...all.values()];
}

function only(register: readonly FindingRecord[]): FindingRecord {
  assert.equal(register.length, 1);
  return register[0] as FindingRecord;
}

function acknowledged(record: FindingRecord, untilDay: number): FindingRecord {
  const until = judgedAt + untilDay * dayMillis;
  return {
    ...record,
    status: 'acknowledged',
    acknowledgement: { rationale: 'it ends soon', by: 'ada', at: judgedAt, until },
  };
}

const flaw = findingOf('key:1');
const first = merge([], runAt(0, [flaw]));

describe('the register of findings', () => {
  it('opens what it did not have, and knows when it was first and last seen', () => {
    const record = only(after(first, runAt(3, [findingOf('key:1', { what: 'key:1 is worse.' })])));
    assert.equal(record.status, 'open');
    assert.equal(record.firstSeenAt, judgedAt);
    assert.equal(record.lastSeenAt, judgedAt + 3 * dayMillis);
    assert.equal(record.finding.what, 'key:1 is worse.');
  });

  it('resolves what is found no more, by the run and by what was done to it', () => {
    const log = { node: 'n', origin: 'o', size: 7, root: 'aa' };
    const done = { subject: 'key:1', at: judgedAt + dayMillis, index: 5, id: 'e5' };
    const record = only(after(first, runAt(2, [], { log, events: [done] })));
    assert.equal(record.status, 'resolved');
    const run = judgedAt + 2 * dayMillis;
    assert.deepEqual(record.resolution, { run, log, event: { index: 5, id: 'e5' } });
  });

  it('takes no event for evidence that was before it was last seen, or of something else', () => {
    for (const event of [
      { subject: 'key:1', at: judgedAt - 1, index: 1, id: 'e' },
      { subject: 'key:2', at: judgedAt + dayMillis, index: 1, id: 'e' },
    ])
      assert.equal(only(after(first, runAt(2, [], { events: [event] }))).resolution?.event, null);
  });

  it('opens again what comes back, and counts how often', () => {
    const gone = after(first, runAt(1, []));
    const back = only(after(gone, runAt(2, [flaw])));
    assert.deepEqual([back.status, back.returns, back.resolution], ['open', 1, null]);
    assert.equal(back.firstSeenAt, judgedAt);
    // what judged an older moment says nothing
    assert.equal(only(after(gone, runAt(1, [flaw]))).status, 'resolved');
    assert.equal(only(after(first, runAt(0, []))).status, 'open');
  });

  it('keeps an acknowledgement until its end', () => {
    const accepted = [acknowledged(only(first), 10)];
    const during = only(after(accepted, runAt(9, [flaw])));
    assert.equal(during.status, 'acknowledged');
    assert.equal(statusAt(during, judgedAt + 9 * dayMillis), 'acknowledged');
    assert.equal(statusAt(during, judgedAt + 10 * dayMillis), 'open');
    assert.equal(only(after(accepted, runAt(10, [flaw]))).status, 'open');
  });

  it('opens what became graver than what was acknowledged', () => {
    const accepted = [acknowledged(only(first), 10)];
    const graver = only(after(accepted, runAt(1, [findingOf('key:1', { severity: 'high' })])));
    assert.equal(graver.status, 'open');
    const milder = [acknowledged(graver, 10)];
    assert.equal(only(after(milder, runAt(2, [flaw]))).status, 'acknowledged');
  });

  it('leaves alone what its detector did not look at, or did not list', () => {
    assert.equal(only(after(first, runAt(2, [], { detectors: ['another'] }))).status, 'open');
    const overflow = findingOf('detector:unused', { more: 3 });
    const [record] = after(first, runAt(2, [overflow]));
    assert.equal(record?.status, 'open');
  });

  it('is the same after the same run twice, and has exactly what was found open', () => {
    const subjects = fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(subjects, { maxLength: 8 }), fc.constantFrom(...severities), (runs, severity) => {
        let register: readonly FindingRecord[] = [];
        for (const [day, found] of runs.entries()) {
          const run = runAt(
            day,
            found.map((each) => findingOf(`key:${each}`, { severity })),
          );
          register = after(register, run);
          assert.deepEqual(after(register, run), register);
          const open = register
            .filter(({ status }) => status === 'open')
            .map(({ finding }) => finding.subject);
          assert.deepEqual(open.sort(), found.map((each) => `key:${each}`).sort());
          for (const record of register) {
            assert.ok(record.firstSeenAt <= record.lastSeenAt);
            assert.equal(record.resolution !== null, record.status === 'resolved');
          }
        }
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evidenceId, evidenceIndex } from './evidence-index.ts';
import { someRuns } from './run.fixture.ts';

const runs = await someRuns();

describe('the index of evidence', () => {
  it('has every reference of every check once, with who rests on it', () => {
    for (const run of runs) {
      const index = new Map(evidenceIndex(run).map((item) => [item.id, item]));
      assert.equal(index.size, evidenceIndex(run).length);
      for (const check of run.checks) {
        for (const reference of check.evidence) {
          const item = index.get(evidenceId(run, reference));
          assert.ok(item);
          assert.ok(item.checks.includes(check.id));
          for (const { id, checks } of run.requirements)
            if (checks.includes(check.id)) assert.ok(item.requirements.includes(id));
        }
      }
    }
  });

  it('puts the population first, then attestations, then events in the order of the log', () => {
    for (const run of runs) {
      const kinds = evidenceIndex(run).map(({ reference }) =>
        ['population', 'attestation', 'event'].indexOf(reference.kind),
      );
      assert.deepEqual(kinds, [...kinds].sort());
      const places = evidenceIndex(run).flatMap(({ reference }) =>
        reference.kind === 'event' ? [reference.index] : [],
      );
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }
  });

  it('gives the same event the same id in every report', () => {
    const reference = { kind: 'event', index: 3, id: 'event-3' } as const;
    const ids = new Set(runs.map((run) => evidenceId(run, reference)));
    assert.equal(ids.size, 1);
    assert.match([...ids][0] ?? '', /^EV-[0-9a-f]{12}$/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ComplianceRun } from './framework.ts';
import { assessmentPlanShape, assessmentResultsShape } from './oscal-shape.fixture.ts';
import { assessmentPlanText, assessmentResultsText } from './oscal.ts';
import { poisoned, someRuns } from './run.fixture.ts';

const runs = await someRuns();
const all = [...runs, ...runs.map(poisoned)];

function resultsIn(run: ComplianceRun) {
  const { 'assessment-results': document } = assessmentResultsShape.parse(
    JSON.parse(assessmentResultsText(run)),
  );
  const [result] = document.results;
  assert.ok(result);
  return { document, result };
}

describe('assessment results of OSCAL', () => {
  it('are what the schema says, whatever text is in them', () => {
    for (const run of all) {
      assessmentResultsShape.parse(JSON.parse(assessmentResultsText(run)));
      assessmentPlanShape.parse(JSON.parse(assessmentPlanText(run)));
    }
  });

  it('are what the schema says of an empty house too', () => {
    for (const run of runs) {
      const empty: ComplianceRun = {
        ...run,
        log: null,
        checks: run.checks.map((check) => ({ ...check, evidence: [], exceptions: [], exceptionsTotal: 0 })),
      };
      assert.equal(resultsIn(empty).document['back-matter'], undefined);
    }
  });

  it('are the same bytes for the same run, and others for another one', () => {
    const texts = new Set<string>();
    for (const run of runs) {
      assert.equal(assessmentResultsText(structuredClone(run)), assessmentResultsText(run));
      assert.equal(assessmentPlanText(structuredClone(run)), assessmentPlanText(run));
      const later = { ...run, at: run.at + 1 };
      assert.notEqual(resultsIn(later).document.uuid, resultsIn(run).document.uuid);
      texts.add(resultsIn(run).document.uuid);
    }
    assert.equal(texts.size, runs.length);
  });

  it('refer only to what is in them', () => {
    for (const run of all) {
      const { document, result } = resultsIn(run);
      const observed = new Set(result.observations?.map(({ uuid }) => uuid));
      const items = new Set(result['local-definitions']?.['inventory-items']?.map(({ uuid }) => uuid));
      const components = new Set(result['local-definitions']?.components?.map(({ uuid }) => uuid));
      const resources = new Set(document['back-matter']?.resources?.map(({ uuid }) => `#${uuid}`));
      for (const finding of result.findings ?? [])
        for (const one of finding['related-observations'] ?? [])
          assert.ok(observed.has(one['observation-uuid']));
      for (const one of result.observations ?? []) {
        for (const subject of one.subjects ?? []) assert.ok(items.has(subject['subject-uuid']));
        for (const { href } of one['relevant-evidence'] ?? []) assert.ok(resources.has(href ?? ''));
        for (const { actors } of one.origins ?? [])
          for (const actor of actors) assert.ok(components.has(actor['actor-uuid']));
      }
      const uuids = [...JSON.stringify(document).matchAll(/"uuid":"([^"]+)"/g)].map(([, uuid]) => uuid);
      assert.equal(new Set(uuids).size, uuids.length, 'each thing has its own');
    }
  });

  it('find what can be found: pass, fail, nothing to judge; a person is asked by an observation', () => {
    for (const run of runs) {
      const { result } = resultsIn(run);
      const status = new Map(
        result.findings?.map(({ props, target }) => [
          props?.find(({ name }) => name === 'requirement-id')?.value,
          `${target.status.state} ${target.status.reason}`,
        ]),
      );
      for (const { id, outcome } of run.requirements) {
        const expected = {
          pass: 'satisfied pass',
          fail: 'not-satisfied fail',
          'no-data': 'not-satisfied other',
          'not-applicable': 'satisfied other',
          manual: undefined,
        }[outcome];
        assert.equal(status.get(id), expected, `${run.framework.id} ${id}`);
        const asked = result.observations?.some(({ props }) =>
          props?.some(({ name, value }) => name === 'requirement-id' && value === id),
        );
        assert.equal(asked ?? false, outcome === 'manual');
      }
    }
  });

  it('name each requirement once, in both documents', () => {
    for (const run of runs) {
      const { result } = resultsIn(run);
      const plan = assessmentPlanShape.parse(JSON.parse(assessmentPlanText(run)))['assessment-plan'];
      const ids = (reviewed: (typeof plan)['reviewed-controls']) =>
        reviewed['control-selections'].flatMap((one) =>
          (one['include-controls'] ?? []).map((control) => control['control-id']),
        );
      assert.deepEqual(ids(plan['reviewed-controls']), ids(result['reviewed-controls']));
      assert.equal(new Set(ids(plan['reviewed-controls'])).size, run.requirements.length);
    }
  });
});

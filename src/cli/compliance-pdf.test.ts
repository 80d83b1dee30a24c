import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { type CheckOutcome, type ComplianceRun, runText } from '#server/compliance';
import { compliancePdf } from './compliance-pdf.ts';

const outcomes: readonly CheckOutcome[] = ['pass', 'fail', 'manual', 'not-applicable', 'no-data'];

function run(exceptions: number): ComplianceRun {
  return {
    format: 'claviger-compliance-run/1',
    framework: { id: 'pci-dss-4.0.1', title: 'PCI DSS', scope: 'What it covers.' },
    at: Date.UTC(2026, 5, 1),
    software: 'claviger 0.1.0',
    log: { node: 'one', origin: 'claviger/one', size: 9, root: 'ab'.repeat(32) },
    keys: 3,
    marked: { data: 'account data', how: 'tag "data" = "pan"', keys: 2 },
    summary: { pass: 1, fail: 1, manual: 1, 'not-applicable': 1, 'no-data': 1 },
    requirements: outcomes.map((outcome, at) => ({
      id: `3.7.${at}`,
      gist: 'Keys are changed.',
      outcome,
      reason: '1 of 1 checks.',
      checks: [`check-${at}`],
    })),
    checks: outcomes.map((outcome, at) => ({
      id: `check-${at}`,
      version: 1,
      title: 'Keys are changed.',
      method: 'TEST',
      outcome,
      reason: 'Владелец \u0000 \u202e said "so".',
      population: 9,
      exceptions: Array.from({ length: exceptions }, (_, index) => ({
        subject: `key:${index}`,
        why: 'It is late.',
      })),
      exceptionsTotal: exceptions * 2,
      evidence: [{ kind: 'population' }, { kind: 'event', index: 4, id: 'event-4' }],
    })),
  };
}

/** Texts of all streams, inflated. */
function streamsOf(pdf: Buffer): string[] {
  const found: string[] = [];
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 7)) {
    if (pdf.toString('latin1', at - 3, at) === 'end') continue;
    const end = pdf.indexOf('\nendstream', at);
    try {
      found.push(inflateSync(pdf.subarray(at + 7, end)).toString('utf8'));
    } catch {
      // not every stream is deflated
    }
  }
  return found;
}

describe('the compliance report as PDF', () => {
  it('has the same bytes whenever it is made', async () => {
    const first = await compliancePdf(run(3));
    assert.ok(first.subarray(0, 5).equals(Buffer.from('%PDF-')));
    await new Promise((done) => setImmediate(done));
    assert.ok(first.equals(await compliancePdf(structuredClone(run(3)))));
    assert.ok(!first.equals(await compliancePdf({ ...run(3), at: run(3).at + 1000 })));
    assert.match(first.toString('latin1'), /CreationDate \(D:20260601000000Z\)/);
  });

  it('carries the run itself', async () => {
    assert.ok(streamsOf(await compliancePdf(run(1))).includes(runText(run(1))));
  });

  it('goes on over pages, and is there for a run without anything', async () => {
    const pages = async (one: ComplianceRun) =>
      (await compliancePdf(one)).toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
    assert.ok((await pages(run(200))) > (await pages(run(1))) + 10);
    const nothing = { ...run(0), log: null, marked: null, checks: [], requirements: [] };
    assert.equal(await pages(nothing), 1);
  });
});

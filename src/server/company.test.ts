import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mistakes } from '#governance';
import { operations, type FindingView } from '#operations';
import { companyCaller, seedCompany, startCompany } from './company.fixture.ts';
import { temporaryFolder } from './home.fixture.ts';

const environments = ['production', 'staging', 'development'] as const;
const everything = { status: null, severity: null, mistake: null, detector: null, subject: null };
const firstPage = { after: null, limit: 1000 };

it('a company that was made through its server has each of its flaws found, and nothing else', async (test) => {
  const company = await startCompany(test, temporaryFolder(test));
  const { door } = company.node;
  const planted = await seedCompany(company);
  const found: FindingView[] = [];
  for (const where of environments) {
    const summary = await door.run(operations.findFlaws, await companyCaller(company, where, 'admin'), {});
    const caller = await companyCaller(company, where, 'admin');
    const { findings } = await door.run(operations.listFindings, caller, { ...everything, page: firstPage });
    assert.deepEqual(summary, {
      counts: { open: findings.length, acknowledged: 0, resolved: 0 },
      opened: findings.length,
      resolved: 0,
    });
    found.push(...findings);
  }
  const named = ({ detector, subject }: { detector: string; subject: string }) => `${detector} ${subject}`;
  assert.deepEqual(
    found.map(({ finding }) => named(finding)).sort(),
    planted
      .flatMap((plant) => plant.found)
      .map(named)
      .sort(),
  );
  const seen = new Set(found.map(({ finding }) => finding.mistake));
  assert.deepEqual(
    mistakes.filter((mistake) => !seen.has(mistake)),
    ['shared-across-environments'],
  );
  for (const { finding, lastSeenAt } of found) {
    assert.equal(lastSeenAt, company.now(), finding.subject);
    assert.ok(finding.since === null || finding.since <= company.now(), finding.what);
  }

  // a day later the house looks whether what it destroyed still opens, and somebody decides about the suspended key
  await company.travel(761);
  const became = async (detector: string, where: (typeof environments)[number]) => {
    const flaw = found.find(({ finding }) => finding.detector === detector);
    assert.ok(flaw);
    await door.run(operations.findFlaws, await companyCaller(company, where, 'admin'), {});
    const reader = await companyCaller(company, where, 'admin');
    return door.run(operations.readFinding, reader, { id: flaw.finding.id });
  };
  assert.equal((await became('destruction-unproved', 'production')).status, 'resolved');
  const before = await became('suspended-long', 'staging');
  assert.equal(before.status, 'open');
  const id = before.finding.subject.slice('key:'.length);
  await company.travel(762);
  const ada = await companyCaller(company, 'staging', 'ada');
  await door.run(operations.enableKey, ada, { key: { kind: 'id', id } });
  const after = await became('suspended-long', 'staging');
  assert.deepEqual([after.status, after.resolution?.run], ['resolved', company.now()]);
  assert.equal(after.resolution?.event?.id, ada.requestId);
});

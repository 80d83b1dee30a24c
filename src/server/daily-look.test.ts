import assert from 'node:assert/strict';
import { it } from 'node:test';
import { operations } from '#operations';
import { companyCaller, seedCompany, startCompany } from './company.fixture.ts';
import { startDailyLook } from './daily-look.ts';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';

it('flaws are looked for once a day, in all environments, by one node', async (test) => {
  const company = await startCompany(test, temporaryFolder(test));
  await seedCompany(company);
  const { house, door } = company.node;
  const { logger } = recordingLogger();
  const one = startDailyLook({ house, door, logger });
  test.after(() => one.stop());
  assert.equal(await one.attend(), true);
  assert.equal(await one.attend(), false);
  const everything = { status: null, severity: null, mistake: null, detector: null, subject: null };
  for (const where of ['production', 'staging', 'development'] as const) {
    const caller = await companyCaller(company, where, 'admin');
    const page = { after: null, limit: 1000 };
    const { findings } = await door.run(operations.listFindings, caller, { ...everything, page });
    assert.ok(findings.length > 0, where);
  }
  await company.travel(761);
  assert.equal(await one.attend(), true);
});

it('a look ends with the server, in the middle, without a word, and comes again after its next start', async (test) => {
  const company = await startCompany(test, temporaryFolder(test));
  await seedCompany(company);
  const { house, door } = company.node;
  const { logger, lines } = recordingLogger();
  const one = startDailyLook({ house, door, logger });
  const looking = one.attend();
  await one.stop();
  assert.equal(await looking, false);
  assert.deepEqual(lines(), []);
  const next = startDailyLook({ house, door, logger });
  test.after(() => next.stop());
  assert.equal(await next.attend(), true);
});

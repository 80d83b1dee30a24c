import assert from 'node:assert/strict';
import { after as afterAll, before, describe, it } from 'node:test';
import { hasCode } from '#domain';
import { findingId, type DetectionRun, type Finding } from '#governance';
import { dayMillis, openWorld, someDay, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import type { FindingView } from './findings.ts';

type Listed = { readonly findings: readonly FindingView[]; readonly next: string | null };

function findingOf(subject: string, about: Partial<Finding> = {}): Finding {
  const detector = about.detector ?? 'unused';
  return {
    id: findingId(detector, subject),
    detector,
    mistake: 'no-inventory',
    severity: 'low',
    subject,
    environment: 'alpha',
    what: `${subject} is wrong.`,
    remedy: 'Mend it.',
    since: someDay - dayMillis,
    ...about,
  };
}

describe('the operations of findings', () => {
  let world: TestWorld;
  let day = 0;
  before(async () => {
    world = await openWorld();
  });
  afterAll(() => world.dispose());

  async function detected(
    findings: readonly Finding[],
    about: Partial<DetectionRun> = {},
    environment = 'alpha',
  ) {
    day += 1;
    world.clock.set(someDay + day * dayMillis);
    const run = {
      at: someDay + day * dayMillis,
      detectors: ['unused', 'owner-missing'],
      findings,
      log: null,
      events: [],
      ...about,
    };
    return world.door.runAsSystem(operations.detectFindings, environment, run);
  }
  const noFilter = { status: null, severity: null, mistake: null, detector: null, subject: null };
  async function listed(
    filter: object = {},
    limit = 1000,
    caller = world.caller(),
  ): Promise<readonly FindingView[]> {
    const all: FindingView[] = [];
    for (let after: string | null = null; ; ) {
      const wish = { ...noFilter, page: { after, limit }, ...filter };
      const page: Listed = await world.door.run(operations.listFindings, caller, wish);
      all.push(...page.findings);
      if (page.next === null) return all;
      after = page.next;
    }
  }
  const subjects = (all: readonly FindingView[]) => all.map(({ finding }) => finding.subject).sort();
  const why = 'the key ends with the project in May';

  it('keep what is found, resolve what is not, and tell how many', async () => {
    const [one, two] = [
      findingOf('key:1'),
      findingOf('key:2', { severity: 'high', detector: 'owner-missing' }),
    ];
    assert.deepEqual(await detected([one, two]), {
      counts: { open: 2, acknowledged: 0, resolved: 0 },
      opened: 2,
      resolved: 0,
    });
    const event = { subject: 'key:1', at: someDay + 2 * dayMillis, index: 9, id: 'e9' };
    assert.deepEqual(await detected([two], { events: [event] }), {
      counts: { open: 1, acknowledged: 0, resolved: 1 },
      opened: 0,
      resolved: 1,
    });
    const told = await world.door.run(operations.readFinding, world.caller(), { id: one.id.slice(0, 12) });
    assert.equal(told.status, 'resolved');
    assert.deepEqual(told.resolution?.event, { index: 9, id: 'e9' });
    assert.deepEqual(subjects(await listed()), ['key:2']);
    assert.deepEqual(subjects(await listed({ status: 'resolved' })), ['key:1']);
    assert.equal(world.log.events.at(-1)?.operation, 'governance.list-findings');
  });

  it('list by what is asked for, page by page', async () => {
    const many = Array.from({ length: 23 }, (_, at) =>
      findingOf(`key:p${String(at).padStart(2, '0')}`, { severity: at < 3 ? 'critical' : 'medium' }),
    );
    await detected(many);
    assert.equal((await listed({}, 4)).length, 23);
    assert.equal((await listed({ severity: 'high' }, 2)).length, 3);
    assert.equal((await listed({ mistake: 'shared-key' })).length, 0);
    assert.equal((await listed({ detector: 'unused', subject: 'key:p07' })).length, 1);
    await detected([]);
    assert.equal((await listed()).length, 0);
  });

  it('let a flaw stay for a time, by who answers for it, and open it after', async () => {
    const flaw = findingOf('key:a');
    await detected([flaw]);
    const until = world.clock.now() + 30 * dayMillis;
    const kept = await world.door.run(operations.acknowledgeFinding, world.caller(), {
      id: flaw.id,
      rationale: why,
      until,
    });
    assert.deepEqual(kept.acknowledgement, { rationale: why, by: 'ada', at: world.clock.now(), until });
    const recorded = world.log.events.at(-1);
    assert.equal(recorded?.operation, 'governance.acknowledge-finding');
    assert.equal(recorded.facts?.['rationale'], why);
    assert.deepEqual((await detected([flaw])).counts.acknowledged, 1);
    assert.deepEqual(subjects(await listed({ status: 'open' })), []);
    world.clock.set(until);
    assert.deepEqual(subjects(await listed({ status: 'open' })), ['key:a']);
    day += 40;
    assert.equal((await detected([flaw])).opened, 0);
  });

  it('open again what is opened by hand', async () => {
    const flaw = findingOf('key:r');
    await detected([flaw]);
    const reopen = () =>
      world.door.run(operations.reopenFinding, world.caller(), {
        id: flaw.id,
        reason: 'it was not mended at all',
      });
    await assert.rejects(reopen(), (error) => hasCode(error, 'input-invalid'));
    await detected([]);
    const opened = await reopen();
    assert.equal(opened.status, 'open');
    assert.equal(opened.reopened?.by, 'ada');
    await detected([flaw]);
    assert.deepEqual(subjects(await listed()), ['key:r']);
  });

  it('refuse what says too little, lasts too long, or is of nobody', async () => {
    const flaw = findingOf('key:x');
    await detected([flaw, findingOf('key:y')]);
    const now = world.clock.now();
    const wish = { id: flaw.id, rationale: why, until: now + dayMillis };
    for (const wrong of [
      { ...wish, rationale: 'ok        ' },
      { ...wish, until: now },
      { ...wish, until: now + 367 * dayMillis },
      { ...wish, id: 'f'.repeat(64) },
      { ...wish, id: flaw.id.slice(0, 7) },
      { ...wish, id: `${flaw.id.slice(0, 62)}%_` },
    ])
      await assert.rejects(world.door.run(operations.acknowledgeFinding, world.caller(), wrong), (error) =>
        hasCode(error, 'input-invalid'),
      );
    await detected([]);
    await assert.rejects(world.door.run(operations.acknowledgeFinding, world.caller(), wish), (error) =>
      hasCode(error, 'input-invalid'),
    );
  });

  it('ask who may: auditors read and open again, administrators acknowledge, and nobody writes what was found', async () => {
    const flaw = findingOf('key:z');
    await detected([flaw]);
    const [auditor, user] = (['auditor', 'user'] as const).map((role) =>
      world.caller({ name: role, roles: [role] }),
    );
    assert.ok(auditor && user);
    assert.equal((await listed({}, 10, auditor)).length, 1);
    const wish = { id: flaw.id, rationale: why, until: world.clock.now() + dayMillis };
    const denied = (error: unknown) => hasCode(error, 'access-denied');
    await assert.rejects(world.door.run(operations.acknowledgeFinding, auditor, wish), denied);
    await assert.rejects(listed({}, 10, user), denied);
    const run: DetectionRun = { at: 1, detectors: ['unused'], findings: [], log: null, events: [] };
    await assert.rejects(world.door.run(operations.detectFindings, world.caller(), run), denied);
  });

  it('keep environments apart', async () => {
    const flaw = findingOf('key:e', { environment: 'beta' });
    await detected([flaw], {}, 'beta');
    assert.deepEqual(
      subjects(await listed()),
      subjects(await listed()).filter((each) => each !== 'key:e'),
    );
    const beta = world.caller({ environment: 'beta' });
    assert.deepEqual(subjects(await listed({}, 10, beta)), ['key:e']);
    await assert.rejects(world.door.run(operations.readFinding, world.caller(), { id: flaw.id }), (error) =>
      hasCode(error, 'input-invalid'),
    );
    // what is of another environment is not taken down here
    assert.equal((await detected([flaw])).counts.open, 0);
  });

  it('take down thousands at once, and forget what was resolved six years ago', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => findingOf(`key:m${at}`));
    assert.equal((await detected(many)).opened, 3000);
    assert.equal((await detected([])).resolved, 3000);
    day += 2200;
    assert.equal((await detected([])).counts.resolved, 0);
    assert.deepEqual(await listed({ status: 'resolved' }), []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDetector } from './detector.ts';
import type { UsageEvent } from './normal/usage-event.ts';
import { day, hour, later, learnt, namesOf, observeAll, start, usage } from './usage.fixture.ts';

const minute = 60_000;

describe('a detector, of what is never right', () => {
  it('says nothing of what it has learnt', () => {
    assert.equal(learnt().observe(usage()), null);
    assert.equal(learnt().observe(usage({ principal: 'production/intake-api', operation: 'protect' })), null);
  });

  it('alarms at the first touch of a canary key, also while it learns', () => {
    const detector = createDetector({ canaryKeys: new Set(['trap']) });
    const alert = detector.observe(usage({ at: start, keyId: 'trap', operation: 'read' }));
    assert.deepEqual(namesOf(alert), ['canary']);
    assert.equal(alert?.response, 'suspend-grant');
    assert.equal(
      createDetector({ canaryKeys: new Set(['trap']) }).observe(
        usage({ keyId: 'trap', operation: 'create' }),
      ),
      null,
    );
  });

  it('alarms at a refused export, and at the first one of a principal, but not at those of an exporter', () => {
    const refused = learnt().observe(usage({ operation: 'export', refusal: 'denied' }));
    assert.deepEqual(namesOf(refused), ['export-attempt']);
    assert.equal(refused?.response, 'require-approval');
    assert.deepEqual(namesOf(learnt().observe(usage({ operation: 'export' }))), ['export-attempt']);
    const exporter = { principal: 'production/exporter', operation: 'export' as const };
    const detector = createDetector();
    observeAll(
      detector,
      Array.from({ length: 21 }, (_, at) => usage({ at: start + at * day, ...exporter })),
    );
    assert.equal(detector.observe(usage(exporter)), null);
    // an export that the house could not do says nothing about who asked
    assert.equal(detector.observe(usage({ ...exporter, refusal: 'house' })), null);
  });

  it('alarms at use that the state or the purpose of the key forbids, by whoever it is', () => {
    assert.deepEqual(namesOf(learnt().observe(usage({ refusal: 'state' }))), ['key-not-active']);
    assert.deepEqual(namesOf(learnt().observe(usage({ refusal: 'purpose' }))), ['wrong-purpose']);
    assert.equal(learnt().observe(usage({ refusal: 'state', operation: 'read' })), null);
    assert.equal(learnt().observe(usage({ refusal: 'unreadable' })), null);
  });

  it('alarms at protection with a version that was replaced, and lets it read', () => {
    const replaced = () => {
      const detector = learnt();
      detector.observe(usage({ keyVersion: 2, isInternal: true, operation: 'manage' }));
      return detector;
    };
    const intake = { principal: 'production/intake-api', operation: 'protect' as const };
    const late = { ...intake, at: later + 10 * minute };
    assert.deepEqual(namesOf(replaced().observe(usage(late))), ['retired-version']);
    assert.equal(replaced().observe(usage({ ...late, keyVersion: 2 })), null);
    assert.equal(replaced().observe(usage({ at: later + 10 * minute })), null);
    // another node may not know yet
    assert.equal(replaced().observe(usage({ ...intake, at: later + 1_000 })), null);
  });

  it('alarms where an identity of another environment uses a key', () => {
    const stranger = { principal: 'staging/billing-api', environment: 'staging' };
    assert.ok(namesOf(learnt().observe(usage(stranger))).includes('environment-mismatch'));
    assert.ok(
      namesOf(learnt().observe(usage({ ...stranger, refusal: 'denied' }))).includes('environment-mismatch'),
    );
    // what was refused does not make a stranger a friend
    const detector = learnt();
    detector.observe(usage({ ...stranger, refusal: 'denied' }));
    const next = detector.observe(usage({ ...stranger, at: later + day }));
    assert.ok(namesOf(next).includes('environment-mismatch'));
    // a new key that the record gives to someone else
    const foreign = learnt().observe(
      usage({ keyId: 'key-2', keyEnvironment: '222222222222', environment: 'production' }),
    );
    assert.deepEqual(namesOf(foreign), ['environment-mismatch']);
  });

  it('alarms where someone manages keys for the first time', () => {
    for (const operation of ['destroy', 'disable', 'policy', 'import'] as const) {
      assert.deepEqual(namesOf(learnt().observe(usage({ operation }))), ['first-management'], operation);
    }
    const insistent = learnt();
    assert.ok(insistent.observe(usage({ operation: 'destroy', refusal: 'denied' })));
    assert.ok(insistent.observe(usage({ operation: 'destroy', at: later + day })));
    const detector = createDetector();
    const custodian = { principal: 'production/custodian', operation: 'destroy' as const };
    observeAll(
      detector,
      [0, 5, 10, 19].map((at) => usage({ at: start + at * day, ...custodian })),
    );
    assert.equal(detector.observe(usage(custodian)), null);
  });

  it('alarms where the log lacks an event, whoever comes after', () => {
    const numbered = (log: string, ...indices: number[]) =>
      indices.map((index) => usage({ isNumbered: true, reference: { log, index } }));
    const found = observeAll(learnt(), numbered('node-a', 7, 8, 9, 12, 13));
    assert.deepEqual(
      found.map(({ signals }) => signals[0]?.about),
      ['the log node-a lacks its events 10 to 11'],
    );
    assert.deepEqual(found[0]?.signals[0]?.baseline, { expected: 10, found: 12 });
    assert.deepEqual(found[0]?.references, [{ log: 'node-a', index: 12 }]);
    assert.equal(observeAll(learnt(), numbered('node-a', 7, 9, 11, 13)).length, 3);
    assert.equal(observeAll(learnt(), numbered('node-a', 7, 8, 8)).length, 1);
    assert.equal(observeAll(learnt(), [...numbered('node-a', 7, 8), ...numbered('node-b', 0, 1)]).length, 0);
    assert.equal(observeAll(learnt(), [usage({ reference: { log: 'a', index: 1 } }), usage()]).length, 0);
  });
});

describe('a detector, of what it never saw', () => {
  const outside = { network: '185.20.0.0/24' };

  it('alarms at a principal that never used the key', () => {
    const alert = learnt().observe(usage({ principal: 'production/other-api' }));
    assert.ok(namesOf(alert).includes('new-principal'));
  });

  it('alarms at the first event from a network that nobody of the house has', () => {
    const alert = learnt().observe(usage(outside));
    assert.deepEqual(namesOf(alert), ['new-network']);
    assert.deepEqual(alert?.signals[0]?.baseline, { networksKnown: 1, familiesThere: 0, daysKnown: 21 });
  });

  it('does not alarm at a network that several others use, nor at their private site', () => {
    const others = (network: string) =>
      ['a', 'b', 'c'].map((name) =>
        usage({ at: start, principal: `production/${name}`, keyId: name, network }),
      );
    const moved = (network: string, seen: string) => {
      const detector = createDetector();
      observeAll(detector, others(seen));
      observeAll(
        detector,
        Array.from({ length: 21 }, (_, at) => usage({ at: start + at * day })),
      );
      return detector.observe(usage({ network }));
    };
    assert.equal(moved('52.1.2.0/24', '52.1.2.0/24'), null);
    assert.equal(moved('10.1.9.0/24', '10.1.2.0/24'), null);
    assert.deepEqual(namesOf(moved('52.1.9.0/24', '52.1.2.0/24')), ['new-network']);
  });

  it('alarms where a principal does what it never did, and says how long it knew it', () => {
    const alert = learnt().observe(usage({ principal: 'production/intake-api' }));
    assert.deepEqual(namesOf(alert), ['new-operation']);
    assert.equal(alert?.signals[0]?.baseline['daysKnown'], 21);
  });

  it('takes copies of a service for one', () => {
    const copy = (principal: string): UsageEvent => usage({ principal, family: 'production/billing-api' });
    assert.equal(learnt().observe(copy('production/billing-api-7f9c4d')), null);
  });

  it('does not learn from what was refused', () => {
    const detector = learnt();
    const refused = { ...outside, refusal: 'denied' as const };
    assert.equal(detector.observe(usage(refused)), null);
    assert.deepEqual(namesOf(detector.observe(usage({ ...outside, at: later + day }))), ['new-network']);
  });

  it('learns what it alarmed at once, and forgets what it did not see for long', () => {
    const detector = learnt();
    assert.ok(detector.observe(usage(outside)));
    assert.equal(detector.observe(usage({ ...outside, at: later + day })), null);
    assert.ok(detector.observe(usage({ ...outside, at: later + 100 * day })));
  });

  it('gives new keys a week in which their users are learnt, but not their networks', () => {
    const detector = learnt();
    const fresh = { keyId: 'key-new', contextShape: 'none', contextDigest: null };
    assert.equal(detector.observe(usage(fresh)), null);
    assert.equal(detector.observe(usage({ ...fresh, agent: 'boto3' })), null);
    assert.ok(detector.observe(usage({ ...fresh, ...outside })));
    const next = {
      ...fresh,
      at: later + 8 * day,
      principal: 'production/intake-api',
      operation: 'protect' as const,
    };
    assert.ok(namesOf(detector.observe(usage(next))).includes('new-principal'));
  });

  it('learns everything at first, so that a stranger of the first days is a friend', () => {
    const detector = createDetector();
    detector.observe(usage({ at: start }));
    assert.equal(
      detector.observe(usage({ at: start + day, ...outside, principal: 'production/thief' })),
      null,
    );
  });
});

describe('a detector, of how many and how often', () => {
  it('advises to suspend within ten contexts of a sweep from outside, and alarms at its first', () => {
    const sweep = Array.from({ length: 700 }, (_, at) =>
      usage({
        at: later + at * 2_570,
        network: '185.20.0.0/24',
        contextDigest: `s${at}`,
        reference: { log: 'n', index: at },
      }),
    );
    const alerts = observeAll(learnt(), sweep);
    assert.equal(alerts[0]?.at, later);
    const suspension = alerts.find(({ response }) => response === 'suspend-grant');
    assert.ok(suspension && suspension.at <= later + 9 * 2_570);
    assert.equal(suspension.escalates, 1);
    assert.ok(namesOf(suspension).includes('sweep-while-new'));
    assert.deepEqual(suspension.references.at(-1), { log: 'n', index: 7 });
    assert.ok(alerts.length <= 3, `${alerts.length} alerts`);
  });

  it('finds a sweep of which nothing is new but the number', () => {
    const sweep = Array.from({ length: 60 }, (_, at) =>
      usage({ at: later + at * minute, contextDigest: `s${at}` }),
    );
    const [first] = observeAll(learnt(), sweep);
    assert.deepEqual(namesOf(first), ['many-contexts']);
    assert.deepEqual(first?.signals[0]?.baseline, { distinct: 10, peak: 1 });
  });

  it('finds the same when it is slow', () => {
    const slow = Array.from({ length: 100 }, (_, at) =>
      usage({ at: later + at * 12 * minute, contextDigest: `s${at}` }),
    );
    const [first] = observeAll(learnt(), slow);
    assert.deepEqual(namesOf(first), ['many-contexts-a-day']);
    assert.ok((first?.at ?? Infinity) < later + 8 * hour);
  });

  it('says nothing of a busy hour over the usual contexts', () => {
    const busy = Array.from({ length: 25 }, (_, at) =>
      usage({ at: later + at * minute, contextDigest: `c${at % 4}` }),
    );
    assert.deepEqual(observeAll(learnt(), busy), []);
  });

  it('finds an hour far above the peak of four weeks, and gives the numbers', () => {
    const burst = Array.from({ length: 200 }, (_, at) =>
      usage({ at: later + at * 10_000, contextDigest: `c${at % 4}` }),
    );
    const [first] = observeAll(learnt(), burst);
    assert.deepEqual(namesOf(first), ['volume']);
    assert.equal(first?.signals[0]?.baseline['peak'], 2);
  });

  it('finds growth that no hour shows', () => {
    const detector = createDetector();
    const growing = function* (): Generator<UsageEvent> {
      for (let at = 0; at < 60 * 24; at += 1) {
        const grown = at < 30 * 24 ? 10 : 10 + Math.floor((at - 30 * 24) / 24);
        for (let use = 0; use < grown; use += 1) yield usage({ at: start + at * hour + use });
      }
    };
    const alerts = observeAll(detector, growing());
    assert.ok(alerts.some((alert) => namesOf(alert).includes('drift')));
    assert.ok(alerts.every((alert) => alert.at >= start + 31 * day));
  });

  it('finds probing, and not the refusal now and then', () => {
    const refused = (count: number, every: number) =>
      Array.from({ length: count }, (_, at) =>
        usage({ at: later + at * every, operation: 'read', refusal: 'denied' }),
      );
    assert.deepEqual(namesOf(observeAll(learnt(), refused(30, minute))[0]), ['denials']);
    assert.deepEqual(observeAll(learnt(), refused(5, minute)), []);
    const mixed = refused(20, 50 * minute).flatMap((event) => [
      event,
      ...Array.from({ length: 40 }, () => usage({ at: event.at, operation: 'read' })),
    ]);
    assert.deepEqual(observeAll(learnt(), mixed), []);
  });
});

describe('a detector, of what it was told', () => {
  const change = {
    principal: 'production/new-job',
    keyId: 'key-1',
    operations: null,
    from: later,
    until: later + day,
    ticket: 'CHG-1',
  };
  const job = { principal: 'production/new-job' };

  it('excuses an announced change, counts it, and has learnt it afterwards', () => {
    const detector = learnt();
    detector.expect(change);
    assert.equal(detector.observe(usage(job)), null);
    assert.equal(detector.counts().expected, 1);
    assert.equal(detector.observe(usage({ ...job, at: later + 2 * day })), null);
  });

  it('measures nobody else by what was announced', () => {
    const detector = learnt();
    detector.expect(change);
    const busy = Array.from({ length: 300 }, (_, at) =>
      usage({ ...job, at: later + at * 1_000, contextDigest: 'c0' }),
    );
    assert.deepEqual(observeAll(detector, busy), []);
    assert.equal(detector.observe(usage({ at: later + 20 * minute })), null);
  });

  it('excuses nothing before, after, beside, or beyond it', () => {
    const told = () => {
      const detector = learnt({ canaryKeys: new Set(['trap']) });
      detector.expect(change);
      detector.expect({ ...change, keyId: 'trap' });
      return detector;
    };
    assert.ok(told().observe(usage({ ...job, at: later - 1 })));
    assert.ok(told().observe(usage({ ...job, at: later + day })));
    assert.ok(told().observe(usage({ ...job, principal: 'production/other-job' })));
    assert.ok(told().observe(usage({ ...job, refusal: 'state' })));
    assert.equal(told().observe(usage(job)), null);
    assert.deepEqual(namesOf(told().observe(usage({ ...job, keyId: 'trap' }))), ['canary']);
    const without = learnt();
    without.expect(change);
    assert.ok(namesOf(without.observe(usage({ ...job, operation: 'export' }))).includes('export-attempt'));
    const named = learnt();
    named.expect({ ...change, operations: ['export'] });
    assert.equal(named.observe(usage({ ...job, operation: 'export' })), null);
  });
});

describe('the alerts of a detector', () => {
  const stranger = (at: number, keyId = 'key-1') =>
    usage({ at: later + at, principal: 'production/thief', keyId });

  it('are not repeated within six hours, and say how many were held back', () => {
    const detector = learnt();
    const first = detector.observe(stranger(0));
    assert.equal(first?.suppressed, 0);
    for (let at = 1; at <= 5; at += 1) assert.equal(detector.observe(stranger(at * minute)), null);
    const next = detector.observe(usage({ at: later + 10 * minute, network: '185.1.1.0/24' }));
    assert.equal(next?.suppressed, 5);
    assert.equal(detector.counts().suppressed, 5);
  });

  it('come for a trap, whatever was said of the principal before', () => {
    const detector = learnt({ canaryKeys: new Set(['trap', 'trap-2']) });
    const touch = (keyId: string) => detector.observe(usage({ keyId, operation: 'read' }));
    assert.ok(touch('trap') && !touch('trap') && touch('trap-2'));
  });

  it('that only notify have a budget a day; those that ask for more have none', () => {
    const detector = learnt({ budgetPerDay: 3 });
    const many = Array.from({ length: 10 }, (_, at) =>
      usage({ at: later + at, principal: `production/p${at}` }),
    );
    assert.equal(observeAll(detector, many).length, 3);
    const worse = detector.observe(usage({ at: later + 100, operation: 'export', refusal: 'denied' }));
    assert.equal(worse?.response, 'require-approval');
    assert.equal(worse.suppressed, 7);
    assert.equal(observeAll(detector, [usage({ at: later + day, principal: 'production/px' })]).length, 1);
  });
});

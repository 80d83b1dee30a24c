import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from './alert.ts';
import { createDetector } from './detector.ts';
import type { UsageEvent } from './normal/usage-event.ts';
import { Measure } from './replay/measure.ts';
import { day, hour, later, learnt, namesOf, observeAll, start, usage } from './usage.fixture.ts';

const minute = 60_000;
/** So that a signal shows that would be no alert by itself. */
const frank = { alertScoreMin: 0.05, dedupeHours: 0 };

/** So many uses in each hour from `start` on. */
function* hourly(counts: readonly number[], wish: (at: number) => Partial<UsageEvent> = () => ({})) {
  for (const [at, count] of counts.entries())
    for (let use = 0; use < count; use += 1) yield usage({ at: start + at * hour + use, ...wish(use) });
}

const flat = (hours: number, count: number) => Array.from({ length: hours }, () => count);

describe('the gates of volume', () => {
  const signalsOf = (counts: readonly number[]) =>
    new Set(observeAll(createDetector(frank), hourly(counts)).flatMap(namesOf));

  it('hold back what stays below 1.2 times the peak, however unusual the hour', () => {
    const weekly = Array.from({ length: 672 }, (_, at) => (at % 168 === 30 ? 100 : 4));
    assert.ok(!signalsOf([...weekly, ...flat(5, 4), 118]).has('volume'));
    assert.ok(signalsOf([...weekly, ...flat(5, 4), 122]).has('volume'));
  });

  it('hold back what is usual by its deviation, though it is above the peak', () => {
    assert.ok(!signalsOf([...flat(672, 100), 135]).has('volume'));
    assert.ok(signalsOf([...flat(672, 100), 175]).has('volume'));
  });

  it('hold back what is few, and what is young', () => {
    assert.ok(!signalsOf([...flat(672, 1), 29]).has('volume'));
    assert.ok(signalsOf([...flat(672, 1), 31]).has('volume'));
    assert.ok(!signalsOf([...flat(13 * 24, 1), 31]).has('volume'));
  });

  it('hold back drift of small numbers, and what was announced', () => {
    const drifts = (from: number, to: number, isAnnounced = false) => {
      const detector = createDetector(frank);
      const change = { principal: 'production/billing-api', keyId: null, operations: null, ticket: 'CHG-1' };
      if (isAnnounced) detector.expect({ ...change, from: start, until: start + 100 * day });
      const counts = [...flat(35 * 24, from), ...flat(14 * 24, to)];
      return observeAll(detector, hourly(counts)).some((alert) => namesOf(alert).includes('drift'));
    };
    assert.ok(drifts(2, 6));
    assert.ok(!drifts(0.5, 2));
    assert.ok(!drifts(2, 6, true));
  });
});

describe('the drift of a key', () => {
  it('is not that of a job that was announced, whoever uses the key next', () => {
    const run = (isAnnounced: boolean) => {
      const detector = createDetector();
      const job = { principal: 'production/new-job', from: start, until: start + 100 * day };
      if (isAnnounced) detector.expect({ ...job, keyId: null, operations: null, ticket: 'CHG-1' });
      const { principal } = job;
      const events = [...hourly(flat(49 * 24, 3))].flatMap((event) => {
        const use = { ...event, principal, family: principal };
        return event.at < start + 35 * day ? [event] : [event, use, use, use];
      });
      return observeAll(detector, events).some((alert) => namesOf(alert).includes('drift'));
    };
    assert.deepEqual([run(false), run(true)], [true, false]);
  });
});

describe('the gates of how many', () => {
  /** A service that uses so many contexts in an hour of each day, and then so many more. */
  const sweep = (usual: number, then: number, settings = {}) => {
    const detector = createDetector(settings);
    const over = (count: number, at: number) =>
      Array.from({ length: count }, (_, context) =>
        usage({ at: at + context, contextDigest: `c${context}` }),
      );
    for (let at = start; at < later; at += day) observeAll(detector, over(usual, at));
    return observeAll(detector, over(then, later));
  };

  it('begin at twice the peak of four weeks, and alarm somewhat above', () => {
    assert.deepEqual(sweep(10, 20), []);
    assert.deepEqual(sweep(10, 20, frank), []);
    assert.deepEqual(sweep(10, 22), []);
    assert.ok(namesOf(sweep(10, 22, frank)[0]).includes('many-contexts'));
    assert.deepEqual(namesOf(sweep(10, 23)[0]), ['many-contexts']);
    assert.equal(sweep(10, 63).at(-1)?.signals[0]?.weight, 0.7);
  });

  it('take what a new key adds for usual, from the first week on', () => {
    const run = (addsKey: boolean) => {
      const detector = learnt();
      const over = (at: number, keyId: string) =>
        Array.from({ length: 40 }, (_, context) =>
          usage({ at: at + context, keyId, contextDigest: `n${context}` }),
        );
      if (addsKey) assert.deepEqual(observeAll(detector, over(later, 'key-new')), []);
      return observeAll(detector, over(later + 9 * day, addsKey ? 'key-new' : 'key-1'));
    };
    assert.deepEqual(run(true), []);
    assert.equal(namesOf(run(false)[0])[0], 'many-contexts');
  });
});

describe('small signals', () => {
  it('tell of a new hour only where a principal has hours', () => {
    const worked = (hoursOfDay: number) => {
      const detector = createDetector(frank);
      for (let at = start; at < later; at += hour)
        if ((at / hour) % 24 < hoursOfDay) detector.observe(usage({ at }));
      return namesOf(detector.observe(usage({ at: later + 23 * hour })));
    };
    assert.deepEqual(worked(8), ['new-hour']);
    assert.deepEqual(worked(20), []);
  });

  it('tell of refusals anew after they were told', () => {
    const refused = Array.from({ length: 30 }, (_, at) =>
      usage({ at: later + at * minute, operation: 'read', refusal: 'denied' }),
    );
    assert.equal(observeAll(learnt({ dedupeHours: 0 }), refused).length, 3);
  });

  it('are not made smaller by thieves who were there before', () => {
    const detector = learnt();
    const network = '185.20.0.0/24';
    for (const thief of ['a', 'b', 'c', 'd'])
      assert.ok(detector.observe(usage({ principal: `production/thief-${thief}`, network })));
    const alert = detector.observe(usage({ network }));
    assert.equal(alert?.signals.find(({ name }) => name === 'new-network')?.weight, 0.6);
  });

  it('weigh half for a principal that is everywhere', () => {
    const detector = createDetector(frank);
    for (let at = 0; at < 20; at += 1)
      detector.observe(usage({ at: start + at * day, network: `52.${at}.0.0/24` }));
    const alert = detector.observe(usage({ network: '185.20.0.0/24' }));
    assert.equal(alert?.signals.find(({ name }) => name === 'new-network')?.weight, 0.3);
  });
});

describe('the measure', () => {
  const alertAt = (at: number, response: Alert['response'] = 'notify') => ({ at, response }) as Alert;
  const label = { scenario: 'C1', incident: 'C1-1', isTwin: false };

  it('gives an alert to an incident within a day, for the same principal or key', () => {
    const judged = (after: number, other: Partial<UsageEvent>) => {
      const measure = new Measure(0);
      measure.note(usage({ at: later }), label, null);
      return measure.note(usage({ at: later + after, ...other }), null, alertAt(later + after));
    };
    const elsewhere = { principal: 'production/x', keyId: 'key-x' };
    assert.equal(judged(23 * hour, {}), true);
    assert.equal(judged(23 * hour, { keyId: 'key-x' }), true);
    assert.equal(judged(23 * hour, { principal: 'production/x' }), true);
    assert.equal(judged(23 * hour, elsewhere), false);
    assert.equal(judged(25 * hour, {}), false);
  });

  it('counts what leaked, when it was found, and when the grant should have gone', () => {
    const measure = new Measure(1);
    measure.note(usage({ at: later - 2 * day }), null, alertAt(later - 2 * day));
    for (let at = 0; at < 10; at += 1) {
      const response = at === 7 ? 'suspend-grant' : 'notify';
      const isAlert = at === 3 || at === 7;
      const refusal = at === 1 ? ('denied' as const) : null;
      const time = later + at * 1_000;
      measure.note(usage({ at: time, refusal }), label, isAlert ? alertAt(time, response) : null);
    }
    measure.note(usage({ at: later + 2 * day }), { ...label, isTwin: true }, alertAt(later + 2 * day));
    assert.deepEqual(measure.incidents(), [
      {
        scenario: 'C1',
        incident: 'C1-1',
        alerts: 2,
        secondsToAlert: 3,
        leakedBeforeAlert: 2,
        leakedBeforeSuspension: 6,
        events: 10,
      },
    ]);
    const { scenarios, precision, recall, falseAlerts, daysMeasured, falseAlertsPerDayPer1000Keys } =
      measure.result(500);
    assert.deepEqual([precision, recall, falseAlerts, daysMeasured], [0.5, 1, 1, 3]);
    assert.ok(Math.abs((falseAlertsPerDayPer1000Keys ?? 0) - 2 / 3) < 1e-9);
    assert.deepEqual([scenarios[0]?.foundAtFirstEvent, scenarios[0]?.falseAlertsOnTwins], [0, 1]);
  });

  it('tells an incident that nobody found', () => {
    const measure = new Measure(0);
    measure.note(usage({ at: later }), label, null);
    const { scenarios, recall, precision } = measure.result(1);
    assert.deepEqual([recall, precision, scenarios[0]?.secondsToAlertMax], [0, null, null]);
    assert.equal(measure.incidents()[0]?.leakedBeforeAlert, 1);
  });
});

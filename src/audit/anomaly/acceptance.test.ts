import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createDetector } from './detector.ts';
import { usageOfAuditEvent } from './normal/from-audit-event.ts';
import { Measure, type Measured } from './replay/measure.ts';
import { defaultSettings } from './settings.ts';
import { canaryKeys, generateTraffic } from './traffic/generate.ts';
import { scenarios } from './traffic/scenarios.ts';

// The full size, with several seeds, is in docs/anomaly-detection.md; this is what a commit can wait for.
const wish = { seed: 31, keys: 150, days: 46, quietDays: 28, incidents: 3 };

describe('the detector, on labelled traffic', () => {
  let measured: Measured;
  before(() => {
    const detector = createDetector({ canaryKeys: new Set(canaryKeys) });
    const measure = new Measure(defaultSettings.learningDays);
    for (const item of generateTraffic(wish)) {
      if (item.kind === 'expected') {
        detector.expect(item.change);
        continue;
      }
      const { event: logged, index, label } = item;
      const usage = usageOfAuditEvent(logged, { log: logged.node, index }, true);
      measure.note(usage, label, detector.observe(usage));
    }
    measured = measure.result(detector.counts().keys);
  });
  const resultOf = (name: string) => measured.scenarios.find(({ scenario }) => scenario === name);

  for (const { name, about, found } of scenarios.filter(({ found: when }) => when === 'at-first-event')) {
    it(`finds ${name} at its first event: ${about}`, () => {
      const result = resultOf(name);
      assert.equal(found, 'at-first-event');
      assert.equal(result?.recall, 1);
      assert.equal(result.foundAtFirstEvent, wish.incidents);
      assert.equal(result.leakedBeforeAlertMax, 0);
    });
  }

  it('advises to suspend the grant within ten contexts of a sweep', () => {
    assert.ok((resultOf('C1')?.leakedBeforeSuspensionMax ?? Infinity) <= 10);
    assert.ok((resultOf('U2')?.leakedBeforeSuspensionMax ?? Infinity) <= 10);
  });

  it('finds the sweep of which nothing is new but the number, and the probing', () => {
    assert.equal(resultOf('C3')?.recall, 1);
    assert.equal(resultOf('N1')?.recall, 1);
  });

  it('says nothing of the harmless twins', () => {
    for (const { scenario, twins, falseAlertsOnTwins } of measured.scenarios) {
      assert.equal(twins, wish.incidents, scenario);
      assert.equal(falseAlertsOnTwins, 0, scenario);
    }
  });

  it('has a precision of 0.9 and at most two false alerts a day per 1,000 keys', () => {
    assert.ok((measured.precision ?? 0) >= 0.9, `precision ${measured.precision}`);
    assert.ok((measured.falseAlertsPerDayPer1000Keys ?? Infinity) <= 2);
  });
});

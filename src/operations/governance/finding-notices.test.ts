import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Finding } from '#governance';
import { openWorld, type TestWorld } from '../house.fixture.ts';
import { noticeOfFindings } from './finding-notices.ts';

function finding(number: number, severity: Finding['severity']): Finding {
  return {
    id: String(number).padStart(64, '0'),
    detector: 'overdue-rotation',
    mistake: 'no-rotation',
    severity,
    subject: `key:${number}`,
    environment: 'alpha',
    what: `Key ${number} was not rotated.`,
    remedy: 'claviger key rotate',
    since: null,
  };
}

describe('the notice of new findings', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  it('is one for a run, as grave as the gravest, and names a bounded number; none where nothing is new', async () => {
    const told = (findings: readonly Finding[]) =>
      noticeOfFindings(world.house, { environment: 'alpha', at: 5, findings });
    assert.deepEqual(await told([]), []);
    const many = Array.from({ length: 30 }, (_, at) => finding(at, at === 7 ? 'critical' : 'low'));
    const changes = await told(many);
    assert.equal(changes.length, 1);
    await world.store.commit({ changes, events: [] });
    // the same run again is the same notice
    assert.deepEqual(await told(many), []);
    const [change] = changes;
    assert.ok(change?.kind === 'document-put');
    const { notice } = change.document.content as {
      notice: { severity: string; title: string; text: string };
    };
    assert.equal(notice.severity, 'critical');
    assert.match(notice.title, /^30 new findings, the gravest: Key 7 /);
    assert.match(notice.text, /and 10 more\nAll of them: claviger findings list$/);
  });
});

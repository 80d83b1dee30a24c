import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { samples } from '#ports/contract';
import { temporaryFolder } from './fixtures.ts';
import { testFill } from './inventory-fill.fixture.ts';
import { inventoryPlace, never } from './inventory-place.ts';
import { openSqlite } from './sqlite.ts';

describe('the place of a key in the inventory', () => {
  const folder = temporaryFolder();
  after(folder.remove);

  it('is given to keys that an older program put into a SQLite file', async () => {
    await testFill(() => openSqlite(join(folder.path, 'old.db')));
  });

  it('is the same for keys that are alike, and another one for others', () => {
    const place = (change: Parameters<typeof samples.sampleKey>[1]) =>
      inventoryPlace(samples.sampleKey('production', change));
    assert.equal(place({ owner: 'a' }).classId, place({ owner: 'b', description: 'other' }).classId);
    const others = [
      place({}),
      place({ tier: 'hsm' }),
      place({ spec: 'AES_128' }),
      place({ usage: 'wrap' }),
      place({ region: 'eu' }),
      place({ origin: 'imported' }),
      place({ dataClassification: 'pan' }),
      place({ rotation: { periodDays: 1, since: 0, nextAt: 1 } }),
      place({ destruction: { requestedAt: 0, dueAt: 1, waitingDays: 7 } }),
      place({ versions: [samples.sampleVersion({ state: 'compromised' })] }),
      inventoryPlace(samples.sampleKey('staging')),
    ];
    assert.equal(new Set(others.map(({ classId }) => classId)).size, others.length);
  });

  it('ends with the originator period of the newest version, or never', () => {
    const version = samples.sampleVersion();
    const ended = inventoryPlace(samples.sampleKey('production', { versions: [version] }));
    assert.equal(ended.endsAt, samples.someDay + 3_600_000);
    const waiting = [samples.sampleVersion({ activatedAt: null })];
    assert.equal(inventoryPlace(samples.sampleKey('production', { versions: waiting })).endsAt, never);
  });
});

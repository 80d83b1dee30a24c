import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { newLogKeys, openAuditLog, openLogKeys, type OpenedLog } from '#audit';
import { markdownOf } from '#governance';
import { dayMillis, openWorld, someDay, type TestWorld } from '../house.fixture.ts';
import type { Door } from '../operation.ts';
import { createDoor } from '../run.ts';
import { operations } from '../table.ts';

describe('what is written of everything there is', () => {
  let world: TestWorld;
  let door: Door;
  let log: OpenedLog;

  beforeEach(async () => {
    world = await openWorld();
    const keys = openLogKeys(newLogKeys());
    log = openAuditLog({ folder: path.join(world.folder, 'log'), node: 'node-a', keys, publishMillis: 5 });
    door = createDoor({ ...world.house, log });
  });
  afterEach(async () => {
    await log.close();
    world.dispose();
  });

  const due = (withinDays: number, caller = world.caller()) =>
    door.run(operations.readDue, caller, { withinDays, limit: 100, environment: null });
  const document = (kind: 'practice-statement' | 'crypto-architecture') =>
    door.run(operations.writeDocument, world.caller(), { kind, environment: null });
  const attest = () =>
    door.run(operations.attest, world.caller(), {
      subject: 'system-boundary',
      statement: 'Rack 4.',
      reference: null,
      sha256: null,
      until: someDay + 10 * dayMillis,
    });

  it('has what falls due, with what was stated', async () => {
    const { id } = await attest();
    const { deadlines, total, until } = await due(20);
    assert.deepEqual(
      deadlines.map(({ kind, subject, owner }) => [kind, subject, owner]),
      [['attestation-ends', `attestation:${id}`, 'ada']],
    );
    assert.equal(total, 1);
    assert.ok(until > someDay + 19 * dayMillis);
    assert.equal((await due(5)).total, 0);
    assert.equal((await due(20, world.caller({ environment: 'beta' }))).total, 0);
  });

  it('has documents, which say what is missing until it is stated', async () => {
    const isMissed = ({ missing }: { readonly missing: readonly string[] }) =>
      missing.some((line) => line.includes('system-boundary'));
    assert.ok(isMissed(await document('crypto-architecture')));
    await attest();
    const written = await document('crypto-architecture');
    assert.ok(!isMissed(written));
    assert.match(markdownOf(written), /Rack 4\. Stated by ada/);
    assert.equal((await document('practice-statement')).title, 'Key-management practice statement');
  });

  it('is for those who may look', async () => {
    const user = world.caller({ roles: ['user'] });
    await assert.rejects(due(5, user), { code: 'access-denied' });
    const elsewhere = { withinDays: 5, limit: 100, environment: 'alpha' };
    const stranger = world.caller({ environment: 'beta' });
    await assert.rejects(door.run(operations.readDue, stranger, elsewhere), { code: 'access-denied' });
    for (const change of [{ withinDays: -1 }, { withinDays: 40_000 }, { limit: 0 }, { limit: 5001 }])
      await assert.rejects(
        door.run(operations.readDue, world.caller(), { ...elsewhere, ...change }),
        { code: 'input-invalid' },
        JSON.stringify(change),
      );
  });
});

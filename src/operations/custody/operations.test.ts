import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { openWorld, type CallerChange, type TestWorld } from '../house.fixture.ts';
import type { Door } from '../operation.ts';
import { createDoor } from '../run.ts';
import { operations } from '../table.ts';
import type { Custody, RekeyProgress } from './custody.ts';

describe('what custodians do for the whole server', () => {
  let world: TestWorld;
  let door: Door;
  const done: string[] = [];

  const progress: RekeyProgress = { rekeyId: 'r', step: 'authorise', setId: 's', given: 0, needed: 2 };
  const noted = async (what: string): Promise<RekeyProgress> => {
    done.push(what);
    return progress;
  };
  const custody: Custody = {
    seal: () => void done.push('seal'),
    beginRekey: () => noted('begin'),
    authoriseRekey: async () => ({ ...(await noted('authorise')), newShares: null }),
    confirmRekey: () => noted('confirm'),
    cancelRekey: () => noted('cancel'),
  };

  before(async () => {
    world = await openWorld();
    door = createDoor({ ...world.house, custody });
  });
  after(() => world.dispose());

  const rekeyId = randomUUID();
  const acts: Readonly<Record<string, (by: CallerChange, at: Door) => Promise<unknown>>> = {
    seal: (by, at) => at.run(operations.sealServer, world.caller(by), {}),
    begin: (by, at) => at.run(operations.beginRekey, world.caller(by), { shares: 3, threshold: 2 }),
    authorise: (by, at) => at.run(operations.authoriseRekey, world.caller(by), { rekeyId, share: 'x' }),
    confirm: (by, at) => at.run(operations.confirmRekey, world.caller(by), { rekeyId, share: null }),
    cancel: (by, at) => at.run(operations.cancelRekey, world.caller(by), { rekeyId }),
  };

  it('is for administrators of the first environment alone', async () => {
    for (const [name, act] of Object.entries(acts)) {
      await assert.rejects(act({ environment: 'beta', name: 'bob' }, door), { code: 'access-denied' }, name);
      await assert.rejects(
        act({ roles: ['operator', 'user', 'auditor'] }, door),
        { code: 'access-denied' },
        name,
      );
    }
    assert.deepEqual(done, []);
    for (const act of Object.values(acts)) await act({}, door);
    assert.deepEqual(done, Object.keys(acts));
  });

  it('is not there for a root without shares', async () => {
    for (const act of Object.values(acts)) {
      await assert.rejects(act({}, world.door), { code: 'operation-unsupported' });
      await assert.rejects(act({ environment: 'beta' }, world.door), { code: 'access-denied' });
    }
  });
});

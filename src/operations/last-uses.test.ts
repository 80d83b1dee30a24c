import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClavigerError, type LastUse } from '#domain';
import type { Store, UsageReport } from '#ports';
import { makeKey, openWorld, someDay, type TestWorld } from './house.fixture.ts';
import { createLastUses } from './last-uses.ts';

describe('the last uses', () => {
  let world: TestWorld;
  let id: string;
  before(async () => {
    world = await openWorld();
    ({ id } = await makeKey(world));
  });
  after(() => world.dispose());

  const use = (minutes: number): LastUse => ({
    operation: 'keys.encrypt',
    at: someDay + minutes * 60_000,
    requestId: `request-${minutes}`,
    principal: 'ada',
  });

  it('are the newest that was heard of, here or by the store', async () => {
    const [here, elsewhere] = [createLastUses(world.store), createLastUses(world.store)];
    assert.equal(await here.of(id), null);
    here.note(id, use(5));
    here.note(id, use(3));
    assert.deepEqual(await here.of(id), use(5));
    assert.equal(await elsewhere.of(id), null);
    await here.flush();
    assert.deepEqual(await elsewhere.of(id), use(5));
    elsewhere.note(id, use(4));
    assert.deepEqual(await elsewhere.of(id), use(5));
    await elsewhere.flush();
    assert.deepEqual(await here.of(id), use(5));
  });

  it('are known also while the store is being told, and after it could not be', async () => {
    const told: PromiseWithResolvers<void>[] = [];
    const reports: (readonly UsageReport[])[] = [];
    const store: Store = {
      ...world.store,
      recordLastUses(list) {
        reports.push(list);
        const telling = Promise.withResolvers<void>();
        told.push(telling);
        return telling.promise;
      },
    };
    const uses = createLastUses(store);
    uses.note(id, use(10));
    const failing = assert.rejects(uses.flush(), { code: 'store-unavailable' });
    assert.deepEqual(await uses.of(id), use(10));
    uses.note(id, use(11));
    told[0]?.reject(new ClavigerError('store-unavailable', 'gone'));
    await failing;
    assert.deepEqual(await uses.of(id), use(11));
    const flushing = uses.flush();
    told[1]?.resolve();
    await flushing;
    assert.deepEqual(reports[1], [{ keyId: id, lastUse: use(11) }]);
    await uses.flush();
    assert.equal(reports.length, 2);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClavigerError } from '#domain';
import type { Store } from '#ports';
import { followChanges } from './freshness.ts';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from './house.fixture.ts';
import { operations } from './table.ts';

describe('the freshness of a node', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  /** A follower of a store whose answer to the change sequence the test decides, and its own time. */
  async function follower(changeSequence: () => Promise<number>) {
    let now = 0;
    const store: Store = { ...world.store, changeSequence: () => changeSequence() };
    const dropped: (readonly string[] | null)[] = [];
    const freshness = await followChanges({
      store,
      drop: (entities) => void dropped.push(entities),
      monotonic: () => now,
    });
    return {
      freshness,
      dropped,
      age(millis: number) {
        now += millis;
      },
    };
  }

  it('sees within a second what another node changed', async () => {
    const key = await makeKey(world);
    const other = await world.node();
    await encryptUnder(other, byId(key));
    await world.door.run(operations.disableKey, world.caller(), { key: byId(key) });
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'key-suspended' });
    other.age(1000);
    await assert.rejects(encryptUnder(other, byId(key)), { code: 'key-suspended' });
    await other.door.run(operations.enableKey, world.caller(), { key: byId(key) });
    world.age(1000);
    await encryptUnder(world, byId(key));
  });

  it('asks in the background while the last answer is younger than a second', async () => {
    let asked = 0;
    const { freshness, age } = await follower(async () => {
      asked += 1;
      return 0;
    });
    age(199);
    assert.equal(freshness.require(), undefined);
    assert.equal(asked, 1);
    age(1);
    assert.equal(freshness.require(), undefined);
    assert.equal(freshness.require(), undefined);
    assert.equal(asked, 2);
  });

  it('drops exactly the entities that changed', async () => {
    const { freshness, dropped, age } = await follower(world.store.changeSequence);
    const key = await makeKey(world);
    age(1000);
    await freshness.require();
    assert.deepEqual(dropped, [[`key:${key.id}`]]);
  });

  it('refuses once the store has failed for a second, and serves again when it answers', async () => {
    let broken = false;
    const { freshness, age } = await follower(async () => {
      if (broken) throw new ClavigerError('store-unavailable', 'gone');
      return world.store.changeSequence();
    });
    broken = true;
    age(999);
    assert.equal(freshness.require(), undefined);
    age(1);
    await assert.rejects(async () => freshness.require(), { code: 'store-unavailable' });
    broken = false;
    await freshness.require();
    assert.equal(freshness.require(), undefined);
  });

  it('makes no other error of a failure of the store than store-unavailable', async () => {
    let broken = false;
    const { freshness, age } = await follower(async () => {
      if (broken) throw new TypeError('a bug of a driver');
      return 0;
    });
    broken = true;
    age(1000);
    await assert.rejects(async () => freshness.require(), { code: 'store-unavailable' });
  });

  it('does not wait for ever for a store that hangs', async (t) => {
    let hang = false;
    const never = Promise.withResolvers<number>();
    const { freshness, age } = await follower(() => (hang ? never.promise : Promise.resolve(0)));
    hang = true;
    age(1000);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const waiting = assert.rejects(async () => freshness.require(), { code: 'store-unavailable' });
    t.mock.timers.tick(1000);
    await waiting;
  });

  it('does not take an answer to an old question for one of now', async () => {
    const questions: PromiseWithResolvers<number>[] = [];
    let holding = false;
    const { freshness, age } = await follower(() => {
      if (!holding) return Promise.resolve(0);
      const question = Promise.withResolvers<number>();
      questions.push(question);
      return question.promise;
    });
    holding = true;
    age(200);
    assert.equal(freshness.require(), undefined);
    age(5000);
    let served = false;
    const waiting = Promise.resolve(freshness.require()).then(() => {
      served = true;
    });
    questions[0]?.resolve(0);
    while (questions.length < 2) await new Promise((next) => setImmediate(next));
    assert.equal(served, false);
    questions[1]?.resolve(0);
    await waiting;
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Key } from '#domain';
import {
  byId,
  destroyDue,
  dayMillis,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';

type Listed = { readonly keys: readonly Key[]; readonly next: string | null };

describe('the list of keys', () => {
  let world: TestWorld;
  let living: string[];
  let dead: string[];

  async function destroy(key: Key): Promise<void> {
    const schedule = { key: byId(key), waitingDays: 7 };
    await world.door.run(operations.scheduleDestruction, world.caller(), schedule);
  }

  before(async () => {
    world = await openWorld();
    const keys = await Promise.all(Array.from({ length: 9 }, () => makeKey(world)));
    const doomed = keys.filter((_key, index) => index % 3 !== 0);
    for (const key of doomed) await destroy(key);
    world.clock.advance(7 * dayMillis);
    for (const key of doomed) await destroyDue(world, key);
    world.clock.set(someDay);
    dead = doomed.map(({ id }) => id).sort();
    living = keys
      .filter((key) => !doomed.includes(key))
      .map(({ id }) => id)
      .sort();
  });
  after(() => world.dispose());

  async function listed(limit: number, withDestroyed: boolean, caller: Caller): Promise<string[]> {
    const found: string[] = [];
    let after: string | null = null;
    for (;;) {
      const { keys, next }: Listed = await world.door.run(operations.listKeys, caller, {
        page: { after, limit },
        withDestroyed,
      });
      assert.ok(keys.length <= limit);
      assert.ok(keys.length === limit || next === null);
      found.push(...keys.map(({ id }) => id));
      if (next === null) return found;
      after = next;
    }
  }

  it('shows every key that can still be asked for, once, in full pages', async () => {
    for (const limit of [1, 2, 3, 100]) {
      assert.deepEqual(await listed(limit, false, world.caller()), living);
      assert.deepEqual(await listed(limit, true, world.caller()), [...living, ...dead].sort());
    }
  });

  it('shows no key of another environment or region', async () => {
    const bob = world.caller({ environment: 'beta', name: 'bob' });
    const elsewhere = world.caller({ region: 'us-east-1' });
    for (const caller of [bob, elsewhere]) {
      assert.deepEqual(await listed(10, true, caller), []);
      const own = await makeKey(world, {}, caller);
      assert.deepEqual(await listed(10, true, caller), [own.id]);
    }
  });

  it('says what last used a key, told to the store or not yet', async () => {
    const key = await makeKey(world);
    const ask = async () =>
      (await world.door.run(operations.lastUse, world.caller(), { key: byId(key) })).lastUse;
    assert.equal(await ask(), null);
    await encryptUnder(world, byId(key));
    assert.equal((await ask())?.operation, 'keys.encrypt');
    await world.house.lastUses.flush();
    assert.equal((await ask())?.operation, 'keys.encrypt');
  });

  it('gives the public half of pairs only', async () => {
    const key = await makeKey(world);
    await assert.rejects(world.door.run(operations.getPublicKey, world.caller(), { key: byId(key) }), {
      code: 'operation-unsupported',
    });
  });
});

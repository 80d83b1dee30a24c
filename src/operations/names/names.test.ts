import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Store } from '#ports';
import {
  byId,
  byName,
  dayMillis,
  destroyDue,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import type { KeyReference } from '../operation.ts';
import { operations } from '../table.ts';

describe('names of keys', () => {
  let world: TestWorld;
  /** Runs once, before the store is next asked for a name. */
  let meanwhile: (() => Promise<void>) | null = null;

  function interrupted(store: Store): Store {
    return {
      ...store,
      async name(environment, region, name) {
        const work = meanwhile;
        meanwhile = null;
        await work?.();
        return store.name(environment, region, name);
      },
    };
  }

  before(async () => {
    world = await openWorld(interrupted);
  });
  beforeEach(() => {
    meanwhile = null;
    world.clock.set(someDay);
  });
  after(() => world.dispose());

  const create = (name: string, key: KeyReference) =>
    world.door.run(operations.createName, world.caller(), { name, key });
  const move = (name: string, key: KeyReference) =>
    world.door.run(operations.moveName, world.caller(), { name, key });
  const remove = (name: string) => world.door.run(operations.deleteName, world.caller(), { name });
  const keyOf = async (name: string): Promise<string | undefined> =>
    (await world.store.name('alpha', 'eu-north-1', name))?.keyId;

  it('stand for a key until they are moved or deleted', async () => {
    const [first, second] = [await makeKey(world), await makeKey(world)];
    await create('plain', byId(first));
    await assert.rejects(create('plain', byId(second)), { code: 'name-taken' });
    const sealed = await encryptUnder(world, byName('plain'));
    await move('plain', byId(second));
    await assert.rejects(
      world.door.run(operations.decrypt, world.caller(), {
        key: byName('plain'),
        ciphertext: sealed,
        context: null,
        algorithm: null,
        dryRun: false,
      }),
      { code: 'key-mismatch' },
    );
    await remove('plain');
    await assert.rejects(encryptUnder(world, byName('plain')), { code: 'name-not-found' });
    await assert.rejects(remove('plain'), { code: 'name-not-found' });
  });

  it('belong to one environment and region', async () => {
    const key = await makeKey(world);
    await create('walled', byId(key));
    const elsewhere = [
      world.caller({ region: 'us-east-1' }),
      world.caller({ environment: 'beta', name: 'bob' }),
    ];
    for (const caller of elsewhere) {
      await assert.rejects(encryptUnder(world, byName('walled'), {}, caller), { code: 'name-not-found' });
      const own = await makeKey(world, { name: 'walled' }, caller);
      await encryptUnder(world, byName('walled'), {}, caller);
      await assert.rejects(encryptUnder(world, byId(own)), { code: 'key-not-found' });
    }
    assert.equal(await keyOf('walled'), key.id);
  });

  it('are not found when somebody else was quicker to delete them', async () => {
    const [key, other] = [await makeKey(world), await makeKey(world)];
    for (const work of [() => remove('quick'), () => move('quick', byId(other))]) {
      await create('quick', byId(key));
      await encryptUnder(world, byName('quick'));
      meanwhile = async () => {
        await world.store.commit({
          changes: [
            {
              kind: 'name-deleted',
              environment: 'alpha',
              region: 'eu-north-1',
              name: 'quick',
              expectedKeyId: key.id,
            },
          ],
          events: [],
        });
      };
      await assert.rejects(work(), { code: 'name-not-found' });
    }
  });

  it('are never deleted under the policy of a key that they have left', async () => {
    const deny = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' },
        { Effect: 'Deny', Principal: '*', Action: 'kms:DeleteAlias', Resource: '*' },
      ],
    });
    const [open, guarded] = [await makeKey(world), await makeKey(world, { policy: deny })];
    await create('moving', byId(open));
    await encryptUnder(world, byName('moving'));
    const other = await world.node();
    meanwhile = async () => {
      await other.door.run(operations.moveName, world.caller(), { name: 'moving', key: byId(guarded) });
    };
    await assert.rejects(remove('moving'), { code: 'access-denied' });
    assert.equal(await keyOf('moving'), guarded.id);
  });

  it('go with a key that is destroyed, however many there are', async () => {
    const key = await makeKey(world);
    const many = Array.from({ length: 1005 }, (_, index) => `many/${index}`);
    await world.store.commit({
      changes: many.map((name) => ({
        kind: 'name-created',
        name: {
          environment: 'alpha',
          region: 'eu-north-1',
          name,
          keyId: key.id,
          createdAt: someDay,
          updatedAt: someDay,
        },
      })),
      events: [],
    });
    await world.door.run(operations.scheduleDestruction, world.caller(), {
      key: byId(key),
      waitingDays: 7,
    });
    world.clock.advance(7 * dayMillis);
    await destroyDue(world, key);
    assert.deepEqual(await world.store.names('alpha', 'eu-north-1', key.id, { after: null, limit: 10 }), []);
    await makeKey(world, { name: 'many/1004' });
  });

  it('cost no key material when they are taken', async () => {
    const key = await makeKey(world);
    await create('taken', byId(key));
    const before = await world.shreds.ids({ after: null, limit: 1000 });
    await assert.rejects(makeKey(world, { name: 'taken' }), { code: 'name-taken' });
    assert.deepEqual(await world.shreds.ids({ after: null, limit: 1000 }), before);
  });
});

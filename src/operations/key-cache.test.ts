import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Store } from '#ports';
import { byId, encryptUnder, makeKey, openWorld, someDay, type TestWorld } from './house.fixture.ts';
import { createKeyCache, keyArn, type KeyCache } from './key-cache.ts';
import { operations } from './table.ts';

const fiveMinutes = 5 * 60_000;

describe('the cache of opened keys', () => {
  let world: TestWorld;
  let now = 0;
  before(async () => {
    world = await openWorld();
  });
  beforeEach(() => world.clock.set(someDay));
  after(() => world.dispose());

  function cacheOver(change: Partial<Store> = {}): KeyCache {
    const store = { ...world.store, ...change };
    const { hierarchy, accountOf } = world.house;
    return createKeyCache({ store, hierarchy, accountOf, monotonic: () => now });
  }

  it('keeps a key for five minutes and not a moment longer', async () => {
    const cache = cacheOver();
    const { id, region } = await makeKey(world);
    const opened = await cache.load(id);
    assert.equal(opened?.arn, keyArn('111122223333', { id, region }));
    now += fiveMinutes - 1;
    assert.equal(cache.peek(id), opened);
    now += 1;
    assert.equal(cache.peek(id), undefined);
    assert.equal(cache.size, 0);
  });

  it('lets go of keys that nobody asks for any more', async () => {
    const cache = cacheOver();
    const [old, young] = [await makeKey(world), await makeKey(world)];
    await cache.load(old.id);
    now += fiveMinutes - 1;
    await cache.load(young.id);
    cache.expire();
    assert.equal(cache.size, 2);
    now += 1;
    cache.expire();
    assert.equal(cache.size, 1);
    assert.equal(cache.peek(young.id)?.key.id, young.id);
  });

  it('opens material once, when it is needed', async () => {
    const cache = cacheOver();
    const { id } = await makeKey(world);
    const opened = await cache.load(id);
    assert.ok(opened);
    assert.equal(opened.peek(1), undefined);
    const material = await opened.open(1);
    assert.equal(opened.peek(1), material);
    assert.equal(await opened.open(1), material);
    await assert.rejects(opened.open(2), { code: 'key-destroyed' });
    assert.equal(opened.peek(2), undefined);
  });

  it('remembers no absence', async () => {
    const cache = cacheOver();
    assert.equal(await cache.load('00000000-0000-4000-8000-000000000000'), null);
    assert.equal(await cache.loadName('alpha', 'eu-north-1', 'later'), null);
    assert.equal(cache.size, 0);
    const { id } = await makeKey(world, { name: 'later' });
    assert.equal(await cache.loadName('alpha', 'eu-north-1', 'later'), id);
    assert.equal(cache.peekName('alpha', 'eu-north-1', 'later'), id);
    assert.equal(cache.peekName('alpha', 'us-east-1', 'later'), undefined);
    assert.equal(cache.peekName('beta', 'eu-north-1', 'later'), undefined);
  });

  it('keeps nothing that was read before it changed', async () => {
    const { id } = await makeKey(world, { name: 'racing' });
    const gate = Promise.withResolvers<void>();
    const cache = cacheOver({
      async key(wanted) {
        const stored = await world.store.key(wanted);
        await gate.promise;
        return stored;
      },
      async name(...words) {
        const found = await world.store.name(...words);
        await gate.promise;
        return found;
      },
    });
    const loading = [cache.load(id), cache.loadName('alpha', 'eu-north-1', 'racing')];
    while (!(await world.store.key(id))) continue;
    cache.drop(['key:another']);
    gate.resolve();
    await Promise.all(loading);
    assert.equal(cache.peek(id), undefined);
    assert.equal(cache.peekName('alpha', 'eu-north-1', 'racing'), undefined);
  });

  it('drops what changed, or everything', async () => {
    const cache = cacheOver();
    const [one, two] = [await makeKey(world, { name: 'dropped' }), await makeKey(world)];
    const load = async (): Promise<void> => {
      await cache.load(one.id);
      await cache.load(two.id);
      await cache.loadName('alpha', 'eu-north-1', 'dropped');
    };
    await load();
    cache.drop([`key:${one.id}`, 'name:alpha/eu-north-1/dropped', 'principal:x']);
    assert.equal(cache.peek(one.id), undefined);
    assert.equal(cache.peekName('alpha', 'eu-north-1', 'dropped'), undefined);
    assert.ok(cache.peek(two.id));
    await load();
    cache.drop(null);
    assert.equal(cache.peek(two.id), undefined);
    assert.equal(cache.peekName('alpha', 'eu-north-1', 'dropped'), undefined);
  });

  it('does not serve a key of before on the node that changed it', async () => {
    const key = await makeKey(world);
    await encryptUnder(world, byId(key));
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    assert.equal((await encryptUnder(world, byId(key))).at(21), 2);
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ClavigerError, type Key } from '#domain';
import type { Store } from '#ports';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from './house.fixture.ts';
import { operations } from './table.ts';

describe('two changes of one thing at once', () => {
  let world: TestWorld;
  let onCommit: (() => void) | null = null;

  function watched(store: Store): Store {
    return {
      ...store,
      async commit(commit) {
        onCommit?.();
        return store.commit(commit);
      },
    };
  }

  before(async () => {
    world = await openWorld(watched);
  });
  beforeEach(() => {
    onCommit = null;
  });
  after(() => world.dispose());

  const tag = (node: Pick<TestWorld, 'door'>, key: Key, name: string): Promise<Key> =>
    node.door.run(operations.tagKey, world.caller(), {
      key: byId(key),
      tags: [{ key: name, value: 'x' }],
    });
  const tagsOf = async (key: Key): Promise<string[]> =>
    (await world.store.key(key.id))?.key.tags.map((each) => each.key).sort() ?? [];

  it('are both made', async () => {
    const key = await makeKey(world);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(names.map((name) => tag(world, key, name)));
    assert.deepEqual(await tagsOf(key), names);
    const records = world.log.events.filter(({ keyId, operation }) => {
      return keyId === key.id && operation === 'keys.tag';
    });
    assert.deepEqual(new Set(records.map(({ outcome }) => outcome)), new Set(['success']));
    assert.equal(records.length, names.length);
  });

  it('are both made from a node whose cache is not of now', async () => {
    const key = await makeKey(world);
    const other = await world.node();
    await encryptUnder(other, byId(key));
    await tag(world, key, 'a');
    await tag(other, key, 'b');
    assert.deepEqual(await tagsOf(key), ['a', 'b']);
  });

  it('are decided anew: what the other forbids is not done', async () => {
    const key = await makeKey(world);
    const other = await world.node();
    await encryptUnder(other, byId(key));
    await world.door.run(operations.scheduleDestruction, world.caller(), {
      key: byId(key),
      waitingDays: 7,
    });
    await assert.rejects(tag(other, key, 'late'), { code: 'key-destruction-scheduled' });
    assert.deepEqual(await tagsOf(key), []);
  });

  it('end in a conflict after a while, with one record', async () => {
    const key = await makeKey(world);
    let commits = 0;
    onCommit = () => {
      commits += 1;
      throw new ClavigerError('conflict', 'again');
    };
    const events = world.log.events.length;
    await assert.rejects(tag(world, key, 'never'), { code: 'conflict' });
    assert.equal(commits, 10);
    assert.equal(world.log.events.length, events + 1);
    assert.deepEqual([world.log.last().outcome, world.log.last().reason], ['refused', 'conflict']);
  });

  it('are both made of a principal, too: a role does not undo a disabling', async () => {
    const wish = { name: 'leaver', kind: 'service', roles: ['user'] } as const;
    await world.door.run(operations.createPrincipal, world.caller(), { ...wish, roles: [...wish.roles] });
    const set = (change: { roles?: 'auditor'[]; disabled?: boolean }) =>
      world.door.run(operations.setPrincipal, world.caller(), {
        name: 'leaver',
        roles: change.roles ?? null,
        disabled: change.disabled ?? null,
      });
    await Promise.all([set({ disabled: true }), set({ roles: ['auditor'] })]);
    const principal = await world.store.principalByName('alpha', 'leaver');
    assert.deepEqual([principal?.disabled, principal?.roles], [true, ['auditor']]);
  });
});

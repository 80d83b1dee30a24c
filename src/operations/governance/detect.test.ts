import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKey, openWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';

it('those outside are told of a new finding whoever looked, and once', async (test) => {
  const world = await openWorld();
  test.after(() => world.dispose());
  await makeKey(world, { spec: 'AES_256' });
  const waiting = async () => {
    const page = { after: null, limit: 10 };
    const { notices } = await world.door.run(operations.listNotices, world.caller(), {
      state: 'waiting',
      page,
    });
    return notices;
  };
  const look = () => world.door.run(operations.findFlaws, world.caller({ roles: ['auditor'] }), {});
  const { opened } = await look();
  assert.ok(opened > 0);
  const [notice, ...others] = await waiting();
  assert.deepEqual(others, []);
  assert.match(notice?.title ?? '', new RegExp(`^${opened} new finding`));
  assert.equal((await look()).opened, 0);
  assert.equal((await waiting()).length, 1);
});

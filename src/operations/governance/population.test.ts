import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KeyFacts } from '#governance';
import { byId, makeKey, openWorld, someDay, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { gatherPopulation } from './population.ts';

describe('a population', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  async function factsById(): Promise<Map<string, KeyFacts>> {
    const scope = { environments: ['alpha'], isWholeHouse: false };
    const { population } = await gatherPopulation(world.house, scope, someDay);
    const found = new Map<string, KeyFacts>();
    for await (const page of population.keys()) for (const facts of page) found.set(facts.key.id, facts);
    return found;
  }

  it('has every key, and knows under which others it was handed out', async () => {
    const wrapper = await makeKey(world, { spec: 'AES_256', usage: 'wrap' });
    const key = await makeKey(world, { spec: 'AES_256', exportable: true });
    await world.door.run(
      operations.exportUnderKey,
      world.caller({ name: 'eve', roles: ['exporter', 'user'] }),
      { key: byId(key), version: null, place: 'a', holder: 'b', wrappingKey: byId(wrapper), form: 'AES_KWP' },
    );
    const found = await factsById();
    assert.deepEqual([...found.keys()].sort(), [wrapper.id, key.id].sort());
    assert.deepEqual(found.get(key.id)?.wrappedBy, [wrapper.id]);
    assert.deepEqual(found.get(wrapper.id)?.wrappedBy, []);
    const page = { after: null, limit: 10 };
    const listed = await world.door.run(operations.listInventory, world.caller({ roles: ['auditor'] }), {
      filter: {},
      sort: null,
      page,
    });
    const row = listed.rows.find(({ id }) => id === key.id);
    assert.deepEqual(row?.kind === 'key' && row.wrappedBy, [wrapper.id]);
  });
});

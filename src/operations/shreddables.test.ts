import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { sealGeneration, SecretBytes } from '#crypto';
import { openWorld, type TestWorld } from './house.fixture.ts';
import { operations } from './table.ts';

async function worldOf(test: TestContext): Promise<TestWorld> {
  const world = await openWorld();
  test.after(() => world.dispose());
  return world;
}

const seal = ({ house }: Pick<TestWorld, 'house'>, text: string, environment = 'alpha') => {
  using secret = SecretBytes.copyOf(Buffer.from(text));
  return house.hierarchy.sealShreddable(environment, secret.copy());
};

async function open(
  { house }: Pick<TestWorld, 'house'>,
  { shredId, sealed }: Awaited<ReturnType<typeof seal>>,
  environment = 'alpha',
): Promise<string> {
  using opened = await house.hierarchy.openShreddable({ environment, shredId }, sealed);
  return opened.use((bytes) => Buffer.from(bytes).toString());
}

async function shredIds(world: TestWorld): Promise<readonly string[]> {
  return world.shreds.ids({ after: null, limit: 100_000 });
}

describe('what is sealed under a shred secret of its own', () => {
  it('opens, each by its own secret alone', async (test) => {
    const world = await worldOf(test);
    const all = await Promise.all(Array.from({ length: 200 }, (_, n) => seal(world, `secret ${n}`)));
    assert.equal(new Set(all.map(({ shredId }) => shredId)).size, 200);
    for (const [n, each] of all.entries()) assert.equal(await open(world, each), `secret ${n}`);
    const [one, two] = all;
    assert.ok(one && two);
    const broken = { code: 'integrity-failed' };
    await assert.rejects(open(world, { shredId: one.shredId, sealed: two.sealed }), broken);
    await assert.rejects(open(world, one, 'beta'));
  });

  it('is noise once its secret is shredded, and the others are not', async (test) => {
    const world = await worldOf(test);
    const [one, two, three] = [await seal(world, '1'), await seal(world, '2'), await seal(world, '3')];
    await world.house.hierarchy.shredMany([one.shredId, two.shredId]);
    await assert.rejects(open(world, one), { code: 'key-destroyed' });
    await assert.rejects(open(world, two), { code: 'key-destroyed' });
    assert.equal(await open(world, three), '3');
  });

  it('takes its secrets from blocks, so that few writes make many', async (test) => {
    const world = await worldOf(test);
    assert.equal((await shredIds(world)).length, 0);
    await seal(world, 'first');
    assert.equal((await shredIds(world)).length, 64);
    for (let n = 0; n < 20; n += 1) await seal(world, String(n));
    assert.equal((await shredIds(world)).length, 64);
  });

  it('takes none twice, whatever node asks and however often it starts', async (test) => {
    const world = await worldOf(test);
    const nodes = [world, await world.node(), await world.node()];
    const all = await Promise.all(nodes.flatMap((node) => Array.from({ length: 40 }, () => seal(node, 'x'))));
    assert.equal(new Set(all.map(({ shredId }) => shredId)).size, 120);
  });

  it('uses none that was made before a rekey, which would never seal it anew', async (test) => {
    const world = await worldOf(test);
    const before = await seal(world, 'before');
    assert.equal(sealGeneration(before.sealed), 1);
    await world.door.run(operations.rekeyEnvironment, world.caller(), { name: 'alpha' });
    const after = await seal(world, 'after');
    assert.equal(sealGeneration(after.sealed), 2);
    assert.equal(sealGeneration((await world.shreds.get(after.shredId)) ?? new Uint8Array(1)), 2);
    assert.deepEqual([await open(world, before), await open(world, after)], ['before', 'after']);
  });

  it('tells who asks that the shred store does not answer, and works again when it does', async (test) => {
    const world = await worldOf(test);
    const node = await world.node();
    await node.shreds.close();
    await assert.rejects(seal(node, 'x'), { code: 'store-unavailable' });
    assert.equal(await open(world, await seal(world, 'y')), 'y');
  });
});

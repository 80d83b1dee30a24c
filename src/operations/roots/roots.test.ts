import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { StopError } from '#domain';
import { openFileRoot } from '#roots';
import { byId, decryptText, encryptUnder, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { currentRootSetting, isCurrentRoot, parseCurrentRoot, requireCurrentRoot } from './current-root.ts';
import { wrappingsOf } from './rewrap.ts';

const make = (world: TestWorld, name: string, caller = world.caller()) =>
  world.door.run(operations.createEnvironment, caller, { name, accountId: null });

describe('another root of trust', () => {
  let world: TestWorld;
  let files = 0;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());
  const newUri = () => `file:${path.join(world.folder, `next-${(files += 1)}`, 'root.key')}`;
  const migrate = (to: string, node = world as Pick<TestWorld, 'door'>) =>
    node.door.run(operations.migrateRoot, world.caller(), { to });
  const said = async () => parseCurrentRoot((await world.store.setting(currentRootSetting)) ?? '');

  it('opens everything, and the one before opens nothing any more', async () => {
    const key = await makeKey(world);
    const ciphertext = await encryptUnder(world, byId(key));
    const before = await said();
    const to = newUri();
    const prepared = await world.door.run(operations.prepareRoot, world.caller(), { to });
    assert.deepEqual([prepared.isCurrent, prepared.wrappings], [false, 3]);
    assert.deepEqual(await said(), before);
    const done = await migrate(to);
    assert.deepEqual([done.switched, done.wrappings], [true, 3]);
    assert.notEqual((await said()).id, before.id);
    assert.equal(world.house.root.describe().where, to.slice('file:'.length));
    assert.equal(await decryptText(world, ciphertext), 'the plaintext');
    await world.door.run(operations.verifyRoot, world.caller(), {});
    const fresh = await openFileRoot(to.slice('file:'.length));
    const stale = await openFileRoot(path.join(world.folder, 'root', 'root.key'));
    for (const { wrapped, context } of await wrappingsOf(world.store)) {
      assert.equal((await fresh.unwrap(wrapped, context)).length, 32);
      await assert.rejects(stale.unwrap(wrapped, context), StopError);
    }
    await fresh.close();
    await stale.close();
    const operationsSeen = world.log.events.map(({ operation }) => operation);
    for (const name of ['roots.prepare', 'roots.migrate', 'roots.verify'])
      assert.ok(operationsSeen.includes(name), name);
  });

  it('is asked for twice without harm', async () => {
    const to = newUri();
    assert.equal((await migrate(to)).switched, true);
    const { id } = await said();
    assert.equal((await migrate(to)).switched, false);
    assert.equal((await said()).id, id);
  });

  it('is no business of other environments, nor of those who do not administrate', async () => {
    const [bob, olga] = [
      world.caller({ environment: 'beta', name: 'bob' }),
      world.caller({ name: 'olga', roles: ['operator'] }),
    ];
    const to = newUri();
    for (const caller of [bob, olga])
      for (const run of [
        () => world.door.run(operations.migrateRoot, caller, { to }),
        () => world.door.run(operations.prepareRoot, caller, { to }),
        () => world.door.run(operations.verifyRoot, caller, {}),
        () => world.door.run(operations.makeSuccessorRoot, caller, { passphraseFile: null }),
      ])
        await assert.rejects(run, { code: 'access-denied' });
  });

  it('has the environments that are made meanwhile', async () => {
    const [to, { store }] = [newUri(), world];
    const { environments } = store;
    let isFirst = true;
    const raced = {
      ...store,
      async commit(commit: Parameters<typeof store.commit>[0]) {
        const switches = commit.changes.some(({ kind }) => kind === 'root-switched');
        if (switches && isFirst) {
          isFirst = false;
          await make(world, 'meanwhile');
        }
        return store.commit(commit);
      },
      environments: () => environments(),
    };
    const node = await world.node(() => raced);
    const done = await migrate(to, node);
    assert.equal(done.wrappings, 4);
    await node.door.run(operations.verifyRoot, world.caller(), {});
    await node.door.run(operations.createEnvironment, world.caller(), {
      name: 'afterwards',
      accountId: null,
    });
  });

  it('stops nodes that have the one before from what it would wrap, and not from what is open', async () => {
    // the node of the test before took over: this one still has the root before
    const wrongs = { code: 'root-unavailable' };
    await assert.rejects(world.door.run(operations.verifyRoot, world.caller(), {}), wrongs);
    await assert.rejects(migrate(newUri()), wrongs);
    await assert.rejects(make(world, 'late'), { code: 'conflict' });
    assert.equal(await world.store.environment('late'), null);
    const key = await makeKey(world);
    assert.equal(await decryptText(world, await encryptUnder(world, byId(key))), 'the plaintext');
    await assert.rejects(world.house.hierarchy.newShredSecret('afterwards', 'k'), /new CLAVIGER_ROOT/);
    const status = await world.door.run(operations.rootStatus, world.caller(), {});
    assert.equal(status.isCurrent, false);
  });
});

describe('what a store says of its root', () => {
  it('tells the wrong root which one it is under', async (test) => {
    const world = await openWorld();
    test.after(() => world.dispose());
    const first = await openFileRoot(path.join(world.folder, 'root', 'root.key'));
    test.after(() => first.close());
    const uri = `file:${path.join(world.folder, 'other', 'root.key')}`;
    await world.door.run(operations.migrateRoot, world.caller(), { to: uri });
    const parts = { root: first, store: world.store, parameters: null };
    await assert.rejects(
      requireCurrentRoot(parts, 0, async () => undefined),
      (error) => {
        assert.ok(error instanceof StopError);
        assert.match(error.message, /does not open this store: since .*other\/root\.key.*Set CLAVIGER_ROOT/);
        return true;
      },
    );
  });

  it('is refused where it was changed', async (test) => {
    const world = await openWorld();
    test.after(() => world.dispose());
    const text = (await world.store.setting(currentRootSetting)) ?? '';
    const current = parseCurrentRoot(text);
    assert.equal(await isCurrentRoot(world.root, current), true);
    assert.equal(await isCurrentRoot(world.root, { ...current, id: crypto.randomUUID() }), false);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (wrong) => {
        assert.throws(() => parseCurrentRoot(wrong), StopError);
      }),
    );
  });
});

type Model = { readonly environments: Set<string>; root: string };

describe('any order of new environments, new keys for them, new roots and new nodes', () => {
  it('leaves one root that opens everything', async () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('environment' as const), name: fc.constantFrom('e1', 'e2', 'e3') }),
      fc.record({ kind: fc.constant('rekey' as const), name: fc.constantFrom('alpha', 'beta', 'e1') }),
      fc.record({ kind: fc.constant('migrate' as const), to: fc.constantFrom('a', 'b', 'c') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 8 }), async (acts) => {
        const world = await openWorld();
        const model: Model = { environments: new Set(['alpha', 'beta']), root: 'first' };
        const key = await makeKey(world);
        const ciphertext = await encryptUnder(world, byId(key));
        for (const step of acts) {
          if (step.kind === 'environment' && !model.environments.has(step.name)) {
            await make(world, step.name);
            model.environments.add(step.name);
          }
          if (step.kind === 'rekey' && model.environments.has(step.name))
            await world.door.run(operations.rekeyEnvironment, world.caller(), { name: step.name });
          if (step.kind === 'migrate') {
            const to = `file:${path.join(world.folder, step.to, 'root.key')}`;
            const { switched } = await world.door.run(operations.migrateRoot, world.caller(), { to });
            assert.equal(switched, model.root !== step.to);
            model.root = step.to;
          }
          const all = await wrappingsOf(world.store);
          assert.ok(all.length > model.environments.size);
          for (const { wrapped, context } of all) await world.house.root.unwrap(wrapped, context);
        }
        assert.equal(await decryptText(world, ciphertext), 'the plaintext');
        await world.dispose();
      }),
      { numRuns: 15 },
    );
  });
});

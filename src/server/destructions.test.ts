import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ClavigerError, type Destruction } from '#domain';
import { operations, type Operation } from '#operations';
import { contentsOf } from '../../test/contents.ts';
import { auditEvents } from './audit-reader.ts';
import type { Composition } from './compose.ts';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

const dayMillis = 86_400_000;

/** A whole round: the first may be one that the timer began before. */
async function tick({ maintenance }: Composition): Promise<void> {
  await maintenance.tick();
  await maintenance.tick();
}

/** Nodes of one home with one clock. */
async function houseOf(test: TestContext) {
  const home = temporaryFolder(test);
  let now = Date.parse('2026-06-01T00:00:00Z');
  const { logger, lines } = recordingLogger();
  const start = (name: string) => startNode(test, home, { name, clock: { now: () => now }, logger });
  const node = await start('one');
  const admin = await administrator(node, home);
  const run = <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
    node.door.run(operation, { ...admin, requestId: node.newRequestId() }, input);
  const reference = (id: string) => ({ key: { kind: 'id', id } as const });
  return {
    home,
    node,
    start,
    lines,
    run,
    reference,
    pass(millis: number) {
      now += millis;
    },
    async newKey(): Promise<string> {
      const { id } = await run(operations.createKey, {
        spec: 'AES_256',
        usage: 'encrypt',
        description: '',
        tags: [],
        owner: null,
        policy: null,
        bypassLockoutCheck: false,
        name: null,
        dataClassification: null,
      });
      return id;
    },
    schedule: (id: string) =>
      run(operations.scheduleDestruction, { ...reference(id), waitingDays: 7, reason: 'a test' }),
    async record(id: string): Promise<Destruction> {
      const [newest] = await node.house.store.destructions.ofKey(id);
      assert.ok(newest);
      return newest;
    },
    events: (operation: string) => auditEvents(node.config.auditFolder, { operation }, 1000),
  };
}

const encryption = {
  plaintext: Buffer.from('x'),
  context: null,
  algorithm: null,
  version: null,
  dryRun: false,
};

describe('the destruction of keys, day by day', () => {
  it('goes to its last step by itself, on one node in one round', async (test) => {
    const house = await houseOf(test);
    const id = await house.newKey();
    await house.run(operations.encrypt, { ...house.reference(id), ...encryption });
    await house.schedule(id);
    house.pass(7 * dayMillis);
    await tick(house.node);
    const { step, checks, execution } = await house.record(id);
    assert.equal(step, 'verified');
    assert.deepEqual(execution?.nodes, ['one']);
    assert.deepEqual(
      checks.map(({ node, method, opens }) => [node, method, opens]),
      [['one', 'known-ciphertext', false]],
    );
    for (const name of ['keys.begin-destruction', 'keys.destroy', 'keys.check-destruction']) {
      const events = house.events(name);
      assert.deepEqual(
        events.map(({ event }) => [event.principal, event.outcome, event.keyId]),
        [['system', 'success', id]],
      );
    }
    assert.equal(house.events('keys.destroy')[0]?.event.id, execution?.eventId);
    // nothing is left to say
    for (let count = 0; count < 3; count += 1) await tick(house.node);
    assert.equal(house.events('keys.check-destruction').length, 1);
  });

  it('leaves neither the secret nor the material in any file of the home', async (test) => {
    const house = await houseOf(test);
    const id = await house.newKey();
    const before = await house.node.house.store.key(id);
    const secrets = [await house.node.shreds.get(id), before?.materials[0]?.material ?? null];
    const found = (): boolean[] => {
      const all = contentsOf(house.home);
      return secrets.map((secret) => all.some(({ bytes }) => bytes.includes(secret ?? '')));
    };
    assert.deepEqual(found(), [true, true]);
    await house.schedule(id);
    house.pass(7 * dayMillis);
    await tick(house.node);
    assert.equal((await house.record(id)).step, 'verified');
    assert.deepEqual(found(), [false, false]);
  });

  it('is seen by both of two nodes, each of which lets go of the key', async (test) => {
    const house = await houseOf(test);
    const other = await house.start('two');
    const id = await house.newKey();
    await house.schedule(id);
    house.pass(7 * dayMillis - 1000);
    for (const node of [house.node, other]) await tick(node);
    house.pass(1000);
    await tick(other);
    // what it holds by then is what it must let go of
    await house.node.house.keys.load(id);
    await tick(house.node);
    const done = await house.record(id);
    assert.deepEqual(done.execution?.nodes, ['one', 'two']);
    const first = done.execution?.node === 'one' ? house.node : other;
    const second = first === other ? house.node : other;
    await tick(first);
    await tick(second);
    const { step, checks } = await house.record(id);
    assert.equal(step, 'verified');
    assert.deepEqual(checks.map(({ node }) => node).sort(), ['one', 'two']);
    assert.equal(house.node.house.keys.peek(id)?.peek(1), undefined);
  });

  it('does not wait for a node that was stopped, nor for one that is not heard of any more', async (test) => {
    const house = await houseOf(test);
    const others = [await house.start('two'), await house.start('three')] as const;
    const id = await house.newKey();
    await house.schedule(id);
    house.pass(7 * dayMillis - 1000);
    for (const node of [house.node, ...others]) await tick(node);
    // three is gone before, two and one run
    await others[1].maintenance.stop();
    const [two] = others;
    // two looks at nothing from now on, as if it hung
    const hangs = test.mock.method(two.house.store.destructions, 'inStep', async () => []);
    house.pass(1000);
    await tick(house.node);
    await tick(two);
    await tick(house.node);
    const waiting = await house.record(id);
    assert.deepEqual(waiting.execution?.nodes, ['one', 'two']);
    assert.deepEqual([waiting.step, waiting.checks.map(({ node }) => node)], ['executed', ['one']]);
    // and at last it is not heard of at all
    await two.maintenance.stop();
    await tick(house.node);
    assert.equal((await house.record(id)).step, 'verified');
    hangs.mock.restore();
  });

  it('is looked at by whoever comes, where nobody of then is left', async (test) => {
    const house = await houseOf(test);
    const id = await house.newKey();
    await house.schedule(id);
    house.pass(7 * dayMillis);
    const { door } = house.node;
    await door.runAsSystem(operations.beginDestruction, 'default', house.reference(id));
    await door.runAsSystem(operations.destroyDueKey, 'default', house.reference(id));
    await house.node.maintenance.stop();
    const late = await house.start('late');
    await tick(late);
    const { step, checks } = await house.record(id);
    assert.deepEqual([step, checks.map(({ node }) => node)], ['verified', ['late']]);
  });

  it('never comes to its last step where the secret is still there, and says so loudly', async (test) => {
    const house = await houseOf(test);
    test.mock.method(house.node.shreds, 'shred', async () => undefined);
    const id = await house.newKey();
    await house.schedule(id);
    house.pass(7 * dayMillis);
    for (let hour = 0; hour < 3; hour += 1) {
      await tick(house.node);
      await tick(house.node);
      house.pass(3_600_000);
    }
    const { step, checks } = await house.record(id);
    assert.deepEqual([step, checks.map(({ opens }) => opens)], ['executed', [true]]);
    const loud = house.lines().filter(({ level }) => level === 'error');
    assert.equal(loud.length, 3);
    assert.match(JSON.stringify(loud[0]), new RegExp(`a destroyed key can still be opened.*${id}`));
    const facts = house.events('keys.check-destruction').map(({ event }) => event.facts?.['opens']);
    assert.deepEqual(facts, [1, 1, 1]);
    // the secret is shredded by hand: the next look finds nothing
    test.mock.restoreAll();
    await house.node.shreds.shred(id);
    await tick(house.node);
    assert.equal((await house.record(id)).step, 'verified');
  });

  it('tries what can not be told now again, a minute later, and attends the others', async (test) => {
    const house = await houseOf(test);
    const ids = [await house.newKey(), await house.newKey()];
    const [bad = ''] = ids;
    for (const id of ids) await house.schedule(id);
    const { hierarchy } = house.node.house;
    const has = hierarchy.hasShredSecret.bind(hierarchy);
    const mock = test.mock.method(hierarchy, 'hasShredSecret', async (id: string) => {
      if (id === bad) throw new ClavigerError('store-unavailable', 'no');
      return has(id);
    });
    house.pass(7 * dayMillis);
    for (let count = 0; count < 4; count += 1) await tick(house.node);
    assert.deepEqual(await Promise.all(ids.map(async (id) => (await house.record(id)).step)), [
      'executed',
      'verified',
    ]);
    assert.equal(mock.mock.calls.filter(({ arguments: [id] }) => id === bad).length, 1);
    mock.mock.restore();
    house.pass(60_000);
    await tick(house.node);
    assert.equal((await house.record(bad)).step, 'verified');
  });

  it('tells the store who asked, once a second', async (test) => {
    const house = await houseOf(test);
    const id = await house.newKey();
    await house.schedule(id);
    const refused = house.run(operations.encrypt, { ...house.reference(id), ...encryption });
    await assert.rejects(refused, { code: 'key-destruction-scheduled' });
    await tick(house.node);
    const [demand] = await house.node.house.store.destructions.demands(id);
    assert.deepEqual([demand?.principal, demand?.operation, demand?.count], ['admin', 'keys.encrypt', 1]);
  });
});

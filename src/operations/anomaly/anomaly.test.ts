import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { byId, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { dueNotices } from '../notices/notices.ts';
import { operations } from '../table.ts';
import { toldAlert } from './alert.fixture.ts';

const firstPage = { after: null, limit: 1000 };
const settings = (suspends: boolean, asksApproval = false) => ({ suspends, asksApproval, canaryKeys: [] });

describe('alerts of the watch', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const record = (index: number, change = {}) =>
    world.door.runAsSystem(operations.recordAlert, 'alpha', toldAlert(index, change));
  const listed = async (state: 'open' | 'acknowledged' | null = null) =>
    (await world.door.run(operations.listAlerts, world.caller(), { state, page: firstPage })).alerts;

  it('are kept once, newest first, with what they were measured against, and only for their environment', async () => {
    assert.deepEqual(await record(1), { recorded: true, suspended: false });
    assert.deepEqual(await record(1), { recorded: false, suspended: false });
    await record(2);
    const ids = (await listed()).map(({ id }) => id);
    assert.deepEqual(ids, [toldAlert(2).id, toldAlert(1).id]);
    const one = await world.door.run(operations.readAlert, world.caller(), { id: toldAlert(1).id });
    assert.deepEqual(one.signals[0]?.baseline, { peak: 3 });
    const others = world.caller({ environment: 'beta' });
    const page = { state: null, page: firstPage };
    assert.deepEqual((await world.door.run(operations.listAlerts, others, page)).alerts, []);
    await assert.rejects(world.door.run(operations.readAlert, others, { id: toldAlert(1).id }), {
      code: 'input-invalid',
    });
  });

  it('are paged', async () => {
    const page = { state: null, page: { after: null, limit: 1 } };
    const first = await world.door.run(operations.listAlerts, world.caller(), page);
    assert.equal(first.next, toldAlert(2).id);
    const second = await world.door.run(operations.listAlerts, world.caller(), {
      state: null,
      page: { after: first.next, limit: 1 },
    });
    assert.deepEqual([second.alerts.map(({ id }) => id), second.next], [[toldAlert(1).id], null]);
  });

  it('are acknowledged by who may, with a note, and never by whom they concern', async () => {
    const wish = { id: toldAlert(1).id, note: 'a migration' };
    const may = (name: string, roles: readonly ('operator' | 'user' | 'auditor')[]) =>
      world.door.run(operations.acknowledgeAlert, world.caller({ name, roles }), wish);
    await assert.rejects(may('ada', ['user']), { code: 'access-denied' });
    await assert.rejects(may('ada', ['auditor']), { code: 'access-denied' });
    await assert.rejects(may('billing', ['operator']), { code: 'access-denied' });
    const done = await may('grace', ['operator']);
    assert.deepEqual([done.acknowledged?.by, done.acknowledged?.note], ['grace', 'a migration']);
    // the first one stays
    assert.deepEqual((await may('ada', ['operator'])).acknowledged, done.acknowledged);
    assert.deepEqual(
      (await listed('acknowledged')).map(({ id }) => id),
      [toldAlert(1).id],
    );
    assert.deepEqual(
      (await listed('open')).map(({ id }) => id),
      [toldAlert(2).id],
    );
  });

  it('are taken down by the house alone', async () => {
    await assert.rejects(world.door.run(operations.recordAlert, world.caller(), toldAlert(9)), {
      code: 'access-denied',
    });
    const settle = { id: 'x', outcome: 'delivered', problem: null, nextAt: null } as const;
    await assert.rejects(world.door.run(operations.settleNotice, world.caller(), settle), {
      code: 'access-denied',
    });
  });

  it('are queued for delivery in the same commit, and the queue is settled', async () => {
    const due = await dueNotices(world.house, 'alpha');
    assert.deepEqual(due.map(({ notice }) => notice.id).toSorted(), [
      `alert-${toldAlert(1).id}`,
      `alert-${toldAlert(2).id}`,
    ]);
    const [first, second] = due;
    assert.ok(first && second);
    assert.equal(first.notice.severity, 'critical');
    const settle = (id: string, outcome: 'delivered' | 'again' | 'dead', nextAt: number | null = null) =>
      world.door.runAsSystem(operations.settleNotice, 'alpha', { id, outcome, problem: 'no answer', nextAt });
    await settle(first.id, 'again', world.clock.now() + 5000);
    assert.deepEqual(
      (await dueNotices(world.house, 'alpha')).map(({ id }) => id),
      [second.id],
    );
    world.clock.advance(5000);
    const tries = (await dueNotices(world.house, 'alpha')).map(({ attempts }) => attempts);
    assert.deepEqual(tries, [1, 0]);
    await settle(first.id, 'delivered');
    await settle(second.id, 'dead');
    await assert.rejects(settle(first.id, 'delivered'), { code: 'conflict' });
    assert.deepEqual(await dueNotices(world.house, 'alpha'), []);
    const ended = await world.door.run(operations.listNotices, world.caller(), {
      state: 'ended',
      page: firstPage,
    });
    assert.deepEqual(
      ended.notices.map(({ state, attempts }) => [state, attempts]),
      [
        ['delivered', 2],
        ['dead', 1],
      ],
    );
  });

  it('are bounded: the oldest acknowledged goes first, and so is the queue', async () => {
    for (let index = 100; index < 1098; index += 1) await record(index);
    assert.equal((await listed()).length, 1000);
    await record(2000);
    const ids = (await listed()).map(({ id }) => id);
    assert.equal(ids.length, 1000);
    assert.ok(!ids.includes(toldAlert(1).id) && ids.includes(toldAlert(2).id));
    await record(2001);
    const later = (await listed()).map(({ id }) => id);
    assert.ok(!later.includes(toldAlert(2).id) && later.includes(toldAlert(2001).id));
    for (let index = 2002; index < 2010; index += 1) await record(index);
    const page = { state: 'waiting', page: firstPage } as const;
    const { notices } = await world.door.run(operations.listNotices, world.caller(), page);
    assert.equal(notices.length, 1000);
    assert.match(world.log.events.at(-2)?.facts?.['noticesDropped']?.toString() ?? '', /^[1-9]/);
  });
});

describe('a suspended grant', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const caller = (name = 'billing') => world.caller({ name, roles: ['user'] });
  const describing = (id: string, name?: string) =>
    world.door.run(operations.describeKey, caller(name), { key: byId({ id }) });

  it('is made only where the environment wants that, and where the alert recommends it', async () => {
    const { id: keyId } = await makeKey(world);
    const record = (index: number, change = {}) =>
      world.door.runAsSystem(operations.recordAlert, 'alpha', toldAlert(index, { keyId, ...change }));
    assert.equal((await record(1)).suspended, false);
    await describing(keyId);
    await world.door.run(operations.writeAnomalySettings, world.caller(), settings(true));
    assert.equal((await record(2, { response: 'require-approval' })).suspended, false);
    assert.equal((await record(3, { keyId: null })).suspended, false);
    for (const [index, principal] of ['-', 'system', 'anonymous'].entries())
      assert.equal((await record(10 + index, { principal })).suspended, false);
    await describing(keyId);
    assert.equal(world.house.suspended?.mayBeAny, false);
  });

  it('waits for the approval of somebody else where the environment wants that, and the alert is grave enough', async () => {
    const { id: keyId } = await makeKey(world);
    const record = (index: number, response: 'notify' | 'require-approval') =>
      world.door.runAsSystem(operations.recordAlert, 'alpha', toldAlert(index, { keyId, response }));
    await world.door.run(operations.writeAnomalySettings, world.caller(), settings(false, true));
    assert.equal((await record(40, 'notify')).suspended, false);
    await describing(keyId);
    assert.equal((await record(41, 'require-approval')).suspended, true);
    await assert.rejects(describing(keyId), { code: 'access-denied' });
    const approve = (name: string) =>
      world.door.run(operations.liftSuspendedGrant, world.caller({ name, roles: ['administrator'] }), {
        keyId,
        principal: 'billing',
      });
    await assert.rejects(approve('billing'), { code: 'access-denied' });
    await approve('grace');
    await describing(keyId);
    await world.door.run(operations.writeAnomalySettings, world.caller(), settings(true));
  });

  it('refuses that principal that key, on every node, until an administrator lifts it', async () => {
    const [one, other] = [await makeKey(world), await makeKey(world)];
    const second = await world.node();
    await second.door.run(operations.describeKey, caller(), { key: byId(one) });
    const alert = toldAlert(20, { keyId: one.id });
    assert.equal((await world.door.runAsSystem(operations.recordAlert, 'alpha', alert)).suspended, true);
    await assert.rejects(describing(one.id), { code: 'access-denied' });
    const encrypting = {
      key: byId(one),
      plaintext: Buffer.from('x'),
      context: null,
      algorithm: null,
      version: null,
      dryRun: false,
    };
    await assert.rejects(world.door.run(operations.encrypt, caller(), encrypting), { code: 'access-denied' });
    const refused = world.log.events.at(-1);
    assert.deepEqual([refused?.reason, refused?.keyId], ['access-denied', one.id]);
    await describing(other.id);
    await describing(one.id, 'payroll');
    second.age(60_000);
    const there = second.door.run(operations.describeKey, caller(), { key: byId(one) });
    await assert.rejects(there, { code: 'access-denied' });

    const named = { keyId: one.id, principal: 'billing' };
    const lift = (name: string, roles: readonly ('administrator' | 'operator')[]) =>
      world.door.run(operations.liftSuspendedGrant, world.caller({ name, roles }), named);
    await assert.rejects(lift('grace', ['operator']), { code: 'access-denied' });
    await assert.rejects(lift('billing', ['administrator']), { code: 'access-denied' });
    const { grants } = await world.door.run(operations.listSuspendedGrants, world.caller(), {});
    assert.deepEqual(
      grants.map(({ keyId, principal, alert: why }) => [keyId, principal, why]),
      [[one.id, 'billing', alert.id]],
    );
    await lift('grace', ['administrator']);
    await describing(one.id);
    assert.equal(world.house.suspended?.mayBeAny, false);
    await assert.rejects(lift('grace', ['administrator']), { code: 'input-invalid' });
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClavigerError, hasCode, type Key } from '#domain';
import { byId, byName, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';
import {
  approveAs,
  asCaller,
  enrol,
  hourMillis,
  newKey,
  newPerson,
  policyOf,
  signatureOf,
  terms,
  type Person,
} from './quorum.fixture.ts';

type People = Record<'ada' | 'bo' | 'cy' | 'dee', Person>;

/** The id of the request that an operation waits for. */
async function pendingId(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (hasCode(error, 'approval-pending')) return String(error.details['approval']);
    throw error;
  }
  throw new Error('nobody was asked');
}

const refused = (code: string, reason?: string) => (error: unknown) =>
  error instanceof ClavigerError &&
  error.code === code &&
  (reason === undefined || error.details['reason'] === reason);

describe('a quorum', () => {
  let world: TestWorld;
  let people: People;
  const as = (person: Person): Promise<Caller> => asCaller(world, person);
  const destroy = async (key: Key, wish: { waitingDays?: number; by?: Person } = {}) => {
    const { waitingDays = 7, by = people.ada } = wish;
    const caller = await as(by);
    return world.door.run(operations.scheduleDestruction, caller, { key: byId(key), waitingDays });
  };
  const approveBy = async (id: string, person: Person) => approveAs(world, await as(person), id, person);

  before(async () => {
    world = await openWorld();
    people = {
      ada: await newPerson(world, 'ada'),
      bo: await newPerson(world, 'bo', ['auditor']),
      cy: await newPerson(world, 'cy', ['auditor']),
      dee: await newPerson(world, 'dee', ['auditor']),
    };
    for (const person of [people.ada, people.bo, people.cy, people.dee]) await enrol(world, person);
    const policy = policyOf(['destroy', 'policy', 'import-replace'], terms(2, ['ada', 'bo', 'cy']));
    await world.door.run(operations.writeQuorumPolicy, await as(people.ada), { policy });
  });
  after(() => world.dispose());

  it('lets 2 of 3 have a key destroyed, once, and records who', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    assert.equal(await pendingId(destroy(key)), id, 'the same request, however often it is asked');
    await approveBy(id, people.bo);
    assert.equal(await pendingId(destroy(key)), id);
    const whole = await approveBy(id, people.cy);
    assert.deepEqual(whole.progress, [{ rule: 'destroy', approvals: 2, needed: 2 }]);
    const gone = await destroy(key);
    assert.ok(gone.destruction);
    const event = world.log.events.findLast(({ operation }) => operation === 'keys.schedule-destruction');
    assert.equal(event?.facts?.['approval'], id);
    assert.match(String(event?.facts?.['approvedBy']), /^bo=[0-9a-f]{64} cy=[0-9a-f]{64}$/);
    await world.door.run(operations.cancelDestruction, await as(people.ada), { key: byId(key) });
    assert.notEqual(await pendingId(destroy(key)), id, 'an approval is used once');
  });

  it('asks for what is done to the key, whatever name it is called by', async () => {
    const key = await makeKey(world, { name: 'ledger' });
    const caller = await as(people.ada);
    const named = { key: byName('ledger'), waitingDays: 7 };
    const id = await pendingId(world.door.run(operations.scheduleDestruction, caller, named));
    assert.equal(await pendingId(destroy(key)), id);
    assert.notEqual(await pendingId(destroy(key, { waitingDays: 8 })), id);
  });

  it('takes no approval of who asks, of nobody named, and none twice', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    await assert.rejects(approveBy(id, people.ada), refused('access-denied', 'self-approval'));
    await assert.rejects(approveBy(id, people.dee), refused('access-denied', 'no-approver'));
    await approveBy(id, people.bo);
    const again = await approveBy(id, people.bo);
    assert.equal(again.approvals.length, 1);
    assert.equal(await pendingId(destroy(key)), id);
  });

  it('takes no approval by a credential without the key, nor by a key without the credential', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    const bo = await as(people.bo);
    const thief = { ...people.bo, ...newKey() };
    await assert.rejects(approveAs(world, bo, id, thief), refused('signature-invalid'));
    await assert.rejects(approveAs(world, await as(people.cy), id, people.bo), refused('signature-invalid'));
    const pending = await pendingId(enrol(world, people.bo, thief));
    assert.match(pending, /^[0-9a-f]{20}-\d+$/, 'nor can the thief put another key in its place alone');
  });

  it('holds what was approved to the byte and to the requester', async () => {
    const key = await makeKey(world);
    const other = await makeKey(world);
    const id = await pendingId(destroy(key));
    for (const person of [people.bo, people.cy]) await approveBy(id, person);
    for (const work of [
      destroy(key, { waitingDays: 30 }),
      destroy(other),
      destroy(key, { by: await newPerson(world, 'eve') }),
    ])
      assert.notEqual(await pendingId(work), id);
    const request = await world.door.run(operations.readApproval, await as(people.ada), { id });
    const otherId = await pendingId(destroy(other));
    const replayed = signatureOf(request, people.bo);
    await assert.rejects(
      world.door.run(operations.approve, await as(people.bo), { id: otherId, signature: replayed }),
      refused('signature-invalid'),
    );
    await destroy(key);
  });

  it('ends at its time, by a denial, and by who asked', async () => {
    const key = await makeKey(world);
    const late = await pendingId(destroy(key));
    for (const person of [people.bo, people.cy]) await approveBy(late, person);
    world.clock.advance(hourMillis);
    await assert.rejects(approveBy(late, people.bo), refused('approval-closed'));
    const denied = await pendingId(destroy(key));
    assert.notEqual(denied, late);
    await approveBy(denied, people.bo);
    const no = { id: denied, reason: 'still needed' };
    await world.door.run(operations.denyApproval, await as(people.cy), no);
    await assert.rejects(approveBy(denied, people.cy), refused('approval-closed'));
    const cancelled = await pendingId(destroy(key));
    await assert.rejects(
      world.door.run(operations.cancelApproval, await as(people.bo), { id: cancelled }),
      refused('access-denied'),
    );
    await world.door.run(operations.cancelApproval, await as(people.ada), { id: cancelled });
    assert.equal(new Set([late, denied, cancelled, await pendingId(destroy(key))]).size, 4);
  });

  it('counts nobody who was disabled since', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    for (const person of [people.bo, people.cy]) await approveBy(id, person);
    const ada = await as(people.ada);
    await world.door.run(operations.setPrincipal, ada, { name: 'cy', roles: null, disabled: true });
    assert.equal(await pendingId(destroy(key)), id);
    const back = { name: 'cy', roles: null, disabled: false };
    const enable = await pendingId(world.door.run(operations.setPrincipal, ada, back));
    assert.notEqual(enable, id, 'nobody lets an approver back in alone');
    await assert.rejects(
      world.door.run(operations.setPrincipal, ada, { name: 'bo', roles: null, disabled: true }),
      refused('policy-lockout'),
      'nor are there ever fewer than can approve',
    );
    await world.store.commit({
      changes: [{ kind: 'principal-put', principal: people.cy.principal }],
      events: [],
    });
    await destroy(key);
  });

  it('is weakened by nobody alone', async () => {
    const caller = await as(people.ada);
    for (const policy of [
      { rules: {} },
      policyOf(['destroy', 'policy'], terms(1, ['ada', 'bo', 'cy'])),
      policyOf(['destroy', 'policy'], terms(2, ['ada', 'bo', 'cy', 'dee'])),
      policyOf(['policy'], terms(2, ['ada', 'bo', 'cy'])),
    ]) {
      const id = await pendingId(world.door.run(operations.writeQuorumPolicy, caller, { policy }));
      await approveBy(id, people.bo);
      assert.equal(await pendingId(world.door.run(operations.writeQuorumPolicy, caller, { policy })), id);
    }
  });

  it('believes no signature that the store was given by hand', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    await approveBy(id, people.bo);
    const place = { environment: 'alpha', collection: 'approval-request', id };
    const stored = await world.store.documents.get(place);
    assert.ok(stored);
    const content = stored.content as { approvals: readonly { approverId: string }[] };
    const [own] = content.approvals;
    for (const forged of [
      { ...own, approverId: people.cy.principal.id, approver: 'cy' },
      { ...own, approverId: people.ada.principal.id, approver: 'ada' },
      { ...own },
    ]) {
      const before = await world.store.documents.get(place);
      const document = {
        ...stored,
        revision: (before?.revision ?? 0) + 1,
        content: { ...content, approvals: [own, forged] },
      };
      await world.store.commit({
        changes: [{ kind: 'document-put', document, expectedRevision: before?.revision ?? 0 }],
        events: [],
      });
      assert.equal(await pendingId(destroy(key)), id);
    }
  });

  it('notices a key of an approver that was put into the store by hand', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    for (const person of [people.bo, people.cy]) await approveBy(id, person);
    const place = { environment: 'alpha', collection: 'approval-key', id: people.bo.principal.id };
    const stored = await world.store.documents.get(place);
    assert.ok(stored);
    const put = async (content: object) => {
      const before = await world.store.documents.get(place);
      const revision = before?.revision ?? 0;
      const document = { ...stored, content, revision: revision + 1 };
      await world.store.commit({
        changes: [{ kind: 'document-put', document, expectedRevision: revision }],
        events: [],
      });
    };
    await put({ ...stored.content, publicKey: Buffer.from(newKey().publicKey).toString('base64') });
    await assert.rejects(destroy(key), refused('integrity-failed'));
    await put(stored.content);
    await destroy(key);
  });

  it('spends an approval on one of two who use it at once', async () => {
    const key = await makeKey(world);
    const id = await pendingId(destroy(key));
    for (const person of [people.bo, people.cy]) await approveBy(id, person);
    const other = await world.node();
    const wish = { key: byId(key), waitingDays: 7 };
    const caller = await as(people.ada);
    const both = await Promise.allSettled([
      world.door.run(operations.scheduleDestruction, caller, wish),
      other.door.run(operations.scheduleDestruction, { ...caller, requestId: crypto.randomUUID() }, wish),
    ]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('says nothing of secrets in what approvers read', async () => {
    const policy = policyOf(['principal', 'destroy'], terms(1, ['bo', 'cy']));
    const caller = await as(people.ada);
    const write = () => world.door.run(operations.writeQuorumPolicy, caller, { policy });
    const id = await pendingId(write());
    for (const person of [people.bo, people.cy]) await approveBy(id, person);
    await write();
    const wish = {
      mount: 'userpass',
      name: 'sam',
      password: 'correct horse battery',
      change: {},
      mustExist: false,
    };
    const user = await pendingId(world.door.run(operations.writePasswordUser, caller, wish));
    const { statement } = await world.door.run(operations.readApproval, caller, { id: user });
    assert.doesNotMatch(statement, /correct horse/);
    assert.match(statement, /"password":\{"\$secret":"[0-9a-f]{64}"\}/);
  });
});

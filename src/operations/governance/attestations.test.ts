import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { dayMillis, openWorld, someDay, type CallerChange, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { attestationsOf, monthsLater } from './attestations.ts';

describe('what persons state', () => {
  let world: TestWorld;

  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.dispose());

  const wish = {
    subject: 'custodian-acknowledgement',
    statement: 'I have read it, and accept it.',
    reference: 'procedures, version 7',
    sha256: 'ab'.repeat(32),
    until: null,
  } as const;

  const attest = (by: CallerChange = {}, change: object = {}) =>
    world.door.run(operations.attest, world.caller(by), { ...wish, ...change });
  const list = async (all = false, by: CallerChange = {}) =>
    (
      await world.door.run(operations.listAttestations, world.caller(by), {
        all,
        page: { after: null, limit: 100 },
      })
    ).attestations;

  it('is in the name of the caller, on the record, until the end that its subject allows', async () => {
    const made = await attest({ name: 'carl', roles: ['user'] });
    assert.equal(made.by, 'carl');
    assert.equal(made.at, someDay);
    assert.equal(made.until, monthsLater(someDay, 12));
    assert.deepEqual(await list(), [made]);
    const event = world.log.events.find(({ operation }) => operation === 'governance.attest');
    assert.equal(event?.principal, 'carl');
    assert.deepEqual(event?.facts, {
      attestation: made.id,
      subject: wish.subject,
      statement: wish.statement,
      reference: wish.reference,
      sha256: wish.sha256,
      until: new Date(made.until).toISOString(),
    });
  });

  it('holds no longer than its subject allows, and not in the past', async () => {
    const latest = monthsLater(someDay, 12);
    assert.equal((await attest({}, { until: latest })).until, latest);
    for (const until of [latest + 1, someDay, 0])
      await assert.rejects(attest({}, { until }), { code: 'input-invalid' }, String(until));
  });

  it('names its document where its subject asks for one', async () => {
    for (const change of [{ reference: null, sha256: null }, { sha256: null }, { reference: null }])
      await assert.rejects(attest({}, change), { code: 'input-invalid' });
    const free = { subject: 'system-boundary', reference: null, sha256: null } as const;
    assert.equal((await attest({}, free)).sha256, null);
    await assert.rejects(attest({}, { ...free, sha256: wish.sha256 }), { code: 'input-invalid' });
  });

  it('is of a subject that something asks for, in one line', async () => {
    for (const change of [
      { subject: 'weather' },
      { subject: 'constructor' },
      { statement: '' },
      { statement: 'a\nb' },
      { statement: 'x'.repeat(2001) },
      { reference: 'a\u0000' },
      { sha256: 'AB'.repeat(32) },
    ])
      await assert.rejects(
        attest({}, change),
        { code: 'input-invalid' },
        JSON.stringify(change).slice(0, 60),
      );
    assert.equal((await attest({}, { statement: 'é'.repeat(2000) })).statement.length, 2000);
  });

  it('is stated by a person, never by a program', async () => {
    for (const kind of ['service', 'workload'] as const) {
      const caller = world.caller();
      const program = { ...caller, principal: { ...caller.principal, kind } };
      await assert.rejects(world.door.run(operations.attest, program, wish), { code: 'access-denied' });
    }
  });

  it('is seen in its own environment alone', async () => {
    await attest();
    assert.deepEqual(await list(true, { environment: 'beta', name: 'bob' }), []);
    assert.deepEqual(await attestationsOf(world.house, 'beta', someDay), []);
  });

  const takeBack = (
    operation: 'revokeAttestation' | 'withdrawAttestation',
    attestation: string,
    by: CallerChange = {},
  ) =>
    world.door.run(operations[operation], world.caller(by), { attestation, reason: 'it is not so any more' });

  it('is taken back by whoever stated it, or by an administrator, and stays to be read', async () => {
    const carl = { name: 'carl', roles: ['user'] as const };
    const [own, other] = [await attest(carl), await attest(carl)];
    await assert.rejects(takeBack('revokeAttestation', own.id, carl), { code: 'access-denied' });
    await assert.rejects(takeBack('withdrawAttestation', own.id, { name: 'dora' }), {
      code: 'input-invalid',
    });
    assert.equal((await takeBack('withdrawAttestation', own.id, carl)).withdrawn?.by, 'carl');
    assert.equal((await takeBack('revokeAttestation', other.id)).withdrawn?.by, 'ada');
    assert.deepEqual(await list(), []);
    assert.equal((await list(true)).length, 2);
    assert.deepEqual(await attestationsOf(world.house, 'alpha', someDay), []);
    // it stays as it was taken back the first time
    world.clock.advance(5);
    assert.equal((await takeBack('revokeAttestation', own.id)).withdrawn?.at, someDay);
    await assert.rejects(takeBack('revokeAttestation', randomUUID()), { code: 'input-invalid' });
  });

  it('is gathered while it holds, and for a year after its end, however many there are', async () => {
    const count = 501;
    for (let at = 0; at < count; at += 1) await attest();
    const found = await attestationsOf(world.house, 'alpha', someDay);
    assert.equal(found.length, count);
    assert.equal(new Set(found.map(({ id }) => id)).size, count);
    assert.deepEqual(Object.keys(found[0] ?? {}).toSorted(), [
      'at',
      'by',
      'environment',
      'id',
      'reference',
      'sha256',
      'statement',
      'subject',
      'until',
    ]);
    assert.equal((await attestationsOf(world.house, 'alpha', someDay + 700 * dayMillis)).length, count);
    assert.equal((await attestationsOf(world.house, 'alpha', someDay + 800 * dayMillis)).length, 0);
    world.clock.advance(400 * dayMillis);
    assert.deepEqual(await list(), []);
  });

  it('ends on the same day of another month, or on its last one', () => {
    const day = (text: string) => Date.parse(`${text}T10:00:00Z`);
    assert.equal(monthsLater(day('2026-05-28'), 12), day('2027-05-28'));
    assert.equal(monthsLater(day('2024-02-29'), 12), day('2025-02-28'));
    assert.equal(monthsLater(day('2026-01-31'), 1), day('2026-02-28'));
    assert.equal(monthsLater(day('2026-12-15'), 1), day('2027-01-15'));
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { newLogKeys, openAuditLog, openLogKeys, type OpenedLog, type TrustedKeys } from '#audit';
import { transcriptFindings, type CeremonyRecord, type SignedTranscript } from '#governance';
import { dayMillis, openWorld, someDay, type TestWorld } from '../house.fixture.ts';
import type { Door } from '../operation.ts';
import { createDoor } from '../run.ts';
import { operations } from '../table.ts';

const people = ['lea', 'otto', 'cleo', 'cora', 'wim'] as const;
const hour = 3_600_000;

describe('a ceremony', () => {
  let world: TestWorld;
  let door: Door;
  let log: OpenedLog;
  let trusted: TrustedKeys;

  beforeEach(async () => {
    world = await openWorld();
    const keys = openLogKeys(newLogKeys());
    log = openAuditLog({ folder: path.join(world.folder, 'log'), node: 'node-a', keys, publishMillis: 5 });
    trusted = trustedOf(keys);
    door = createDoor({ ...world.house, log });
    for (const name of people) await person(name);
    await person('robot', { kind: 'service' });
    await person('gone', { disabled: true });
  });
  afterEach(async () => {
    await log.close();
    world.dispose();
  });

  function trustedOf({ ed25519, mlDsa44 }: ReturnType<typeof openLogKeys>): TrustedKeys {
    return { ed25519: ed25519.publicKey, mlDsa44: mlDsa44.publicKey };
  }

  async function person(
    name: string,
    { kind = 'user', disabled = false }: { kind?: 'user' | 'service'; disabled?: boolean } = {},
  ): Promise<void> {
    const { principal } = world.caller({ name });
    await world.store.commit({
      changes: [{ kind: 'principal-put', principal: { ...principal, kind, disabled, roles: ['user'] } }],
      events: [],
    });
  }

  const wish = {
    kind: 'root-in-shares',
    script: 'ab'.repeat(32),
    place: 'room 7, Stockholm',
    began: someDay - 2 * hour,
    ended: someDay - hour,
    attendees: [
      { role: 'leader', principal: 'lea' },
      { role: 'operator', principal: 'otto' },
      { role: 'custodian', principal: 'cleo' },
      { role: 'custodian', principal: 'cora' },
      { role: 'witness', principal: 'wim' },
    ],
    steps: [
      { step: 1, role: 'leader', at: someDay - 2 * hour, note: null },
      { step: 2, role: 'custodian', at: someDay - hour, note: 'envelope 12' },
    ],
    artefacts: [{ name: 'envelope 12', sha256: 'cd'.repeat(32) }],
    deviations: [{ step: 2, what: 'the lamp failed' }],
  } as const;

  const record = (change: object = {}) =>
    door.run(operations.recordCeremony, world.caller(), { ...wish, ...change } as never);
  const join = (name: string, { record: { id }, digest }: { record: CeremonyRecord; digest: string }) =>
    door.run(operations.joinCeremony, world.caller({ name, roles: ['user'] }), { ceremony: id, digest });
  const show = (ceremony: string) => door.run(operations.showCeremony, world.caller(), { ceremony });

  /** The transcript, once the log has published every event that it speaks of. */
  async function published(ceremony: string, count: number): Promise<SignedTranscript> {
    for (let left = 400; ; left -= 1) {
      const signed = await show(ceremony);
      const { attendances } = signed.transcript;
      if (attendances.length === count && attendances.every((each) => each.log !== null)) return signed;
      assert.ok(left > 0, 'the log does not publish');
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  it('is complete when everybody who was there has said so, and that is proved without the server', async () => {
    const made = await record();
    assert.equal(made.status, 'pending');
    assert.deepEqual(made.absent, [...people]);
    assert.deepEqual(transcriptFindings(await show(made.record.id), [trusted]), []);
    for (const name of people) await join(name, made);
    const signed = await published(made.record.id, people.length);
    assert.equal(signed.transcript.status, 'complete');
    assert.deepEqual(transcriptFindings(signed, [trusted], wish.script), []);
    const read = JSON.parse(JSON.stringify(signed)) as SignedTranscript;
    assert.deepEqual(transcriptFindings(read, [trusted], wish.script), []);
  });

  it('is joined by an own call, once, for the record that one has seen', async () => {
    const made = await record();
    await assert.rejects(join('wim', { ...made, digest: '0'.repeat(64) }), { code: 'input-invalid' });
    await assert.rejects(join('nobody', made), { code: 'access-denied' });
    await assert.rejects(join('wim', { ...made, record: { ...made.record, id: randomUUID() } }), {
      code: 'input-invalid',
    });
    assert.deepEqual((await join('wim', made)).absent, ['lea', 'otto', 'cleo', 'cora']);
    assert.deepEqual((await join('wim', made)).absent, ['lea', 'otto', 'cleo', 'cora']);
    assert.equal((await show(made.record.id)).transcript.attendances.length, 1);
  });

  it('is not joined by somebody new of an old name, nor after a month', async () => {
    const made = await record();
    const caller = world.caller({ name: 'wim' });
    const namesake = { ...caller, principal: { ...caller.principal, id: randomUUID() } };
    const input = { ceremony: made.record.id, digest: made.digest };
    await assert.rejects(door.run(operations.joinCeremony, namesake, input), { code: 'access-denied' });
    world.clock.advance(30 * dayMillis + 1);
    await assert.rejects(join('wim', made), { code: 'input-invalid' });
  });

  it('is refused where dual control was not kept, or it can not have been so', async () => {
    const [leader, operator, cleo, cora, witness] = wish.attendees;
    const refused: Readonly<Record<string, object>> = {
      'one custodian twice': { attendees: [leader, operator, cleo, cleo, witness] },
      'a custodian who types': {
        attendees: [leader, { role: 'operator', principal: 'cleo' }, cleo, cora, witness],
      },
      'a custodian who watches': {
        attendees: [leader, operator, cleo, cora, { role: 'witness', principal: 'cora' }],
      },
      'no witness': { attendees: [leader, operator, cleo, cora] },
      'one custodian': { attendees: [leader, operator, cleo, witness] },
      'a program': { attendees: [leader, operator, cleo, cora, { role: 'witness', principal: 'robot' }] },
      'somebody who is out': {
        attendees: [leader, operator, cleo, cora, { role: 'witness', principal: 'gone' }],
      },
      'nobody known': { attendees: [leader, operator, cleo, cora, { role: 'witness', principal: 'zoe' }] },
      'an end before the begin': { ended: wish.began - 1 },
      'an end that is to come': { ended: someDay + 1 },
      'no steps': { steps: [] },
      'steps out of order': { steps: [...wish.steps].toReversed() },
      'a step twice': { steps: [wish.steps[0], wish.steps[0]] },
      'a step after the end': { steps: [{ ...wish.steps[0], at: wish.ended + 1 }] },
      'a step of nobody': { steps: [{ ...wish.steps[0], role: 'auditor' }] },
      'a deviation of no step': { deviations: [{ step: 9, what: 'x' }] },
      'no hash': { script: 'x' },
    };
    for (const [name, change] of Object.entries(refused))
      await assert.rejects(record(change), { code: 'input-invalid' }, name);
    const both = [leader, { role: 'operator', principal: 'lea' }, cleo, cora, witness];
    assert.equal((await record({ attendees: both })).record.attendees.length, 5);
  });

  it('is recorded by an administrator, and listed in its environment alone', async () => {
    const by = world.caller({ name: 'wim', roles: ['operator', 'user', 'auditor'] });
    await assert.rejects(door.run(operations.recordCeremony, by, wish as never), { code: 'access-denied' });
    const made = await record();
    const page = { after: null, limit: 10 };
    const list = (environment: string) =>
      door.run(operations.listCeremonies, world.caller({ environment }), { page });
    assert.deepEqual((await list('alpha')).ceremonies, [made]);
    assert.deepEqual((await list('beta')).ceremonies, []);
    await assert.rejects(
      door.run(operations.showCeremony, world.caller({ environment: 'beta' }), { ceremony: made.record.id }),
      { code: 'input-invalid' },
    );
  });

  it('does not hold when anything of its transcript is changed', async () => {
    const made = await record();
    for (const name of people) await join(name, made);
    const signed = await published(made.record.id, people.length);
    const other = openLogKeys(newLogKeys());
    assert.ok(transcriptFindings(signed, [trustedOf(other)]).length > 0);
    assert.ok(transcriptFindings(signed, [trusted], '0'.repeat(64)).length > 0);
    const { transcript } = signed;
    const changes: readonly object[] = [
      { status: 'pending' },
      { record: { ...transcript.record, place: 'elsewhere' } },
      { record: { ...transcript.record, deviations: [] } },
      { attendances: transcript.attendances.slice(1) },
      { attendances: [...transcript.attendances, transcript.attendances[0]] },
      { digest: '0'.repeat(64) },
      { issuedAt: '2020-01-01T00:00:00Z' },
    ];
    for (const change of changes) {
      const forged = { ...signed, transcript: { ...transcript, ...change } } as SignedTranscript;
      assert.ok(transcriptFindings(forged, [trusted]).length > 0, JSON.stringify(change).slice(0, 60));
    }
  });

  it('is not proved by the events of others, though the house signs it', async () => {
    const made = await record();
    await join('wim', made);
    await join('cleo', made);
    const { transcript } = await published(made.record.id, 2);
    const [wim, cleo] = transcript.attendances;
    assert.ok(wim && cleo);
    const swapped = { ...transcript, attendances: [{ ...wim, log: cleo.log, eventId: cleo.eventId }, cleo] };
    const { transcriptText } = await import('#governance');
    const signatures = await log.attest(transcriptText(swapped));
    const findings = transcriptFindings({ transcript: swapped, signatures }, [trusted]);
    assert.deepEqual(findings, ['wim: the event of the log is not their word about this record']);
  });
});

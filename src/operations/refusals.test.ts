import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import type { AuditEvent } from '#domain';
import { createRefusals, ownRecordsMax, type Refusals, windowMillis } from './refusals.ts';

describe('what strangers are refused', () => {
  let now: number;
  let events: AuditEvent[];
  let isFull: boolean;
  let refusals: Refusals;

  beforeEach(() => {
    now = 1_780_000_000_000;
    events = [];
    isFull = false;
    const append = async (event: AuditEvent): Promise<void> => {
      if (isFull) throw new Error('no room');
      events.push(event);
    };
    refusals = createRefusals({ log: { append }, clock: { now: () => now } });
  });

  function refused(change: Partial<AuditEvent> = {}): boolean {
    return refusals.note({
      id: randomUUID(),
      at: now,
      node: 'one',
      environment: 'alpha',
      principal: 'anonymous',
      operation: 'auth.log-in-by-password',
      outcome: 'refused',
      reason: 'login-refused',
      keyId: null,
      keyVersion: null,
      otherKeyId: null,
      protocol: 'vault',
      protocolOperation: 'update auth/userpass/login/{user}',
      region: 'eu-north-1',
      sourceAddress: '192.0.2.1',
      userAgent: 'tests/1',
      contextDigest: null,
      facts: { mount: 'userpass/', user: null },
      ...change,
    });
  }

  const told = () =>
    events.map(({ sourceAddress, facts }) => [sourceAddress, facts?.['user'], facts?.['refusedBesides']]);

  it('has records of its own at first, and is counted then', async () => {
    for (let at = 0; at < 100; at += 1) assert.equal(refused(), at < ownRecordsMax);
    await refusals.flush();
    assert.equal(events.length, 0);
    const since = now;
    now += windowMillis - 1;
    refused();
    await refusals.flush();
    assert.equal(events.length, 0);
    now += 1;
    await refusals.flush();
    assert.deepEqual(told(), [['192.0.2.1', null, 100 - ownRecordsMax + 1]]);
    assert.deepEqual([events[0]?.facts?.['since'], events[0]?.facts?.['until']], [since, now - 1]);
    assert.equal(events[0]?.reason, 'login-refused');
    assert.ok(refused());
    now += windowMillis;
    await refusals.flush();
    assert.equal(events.length, 1);
  });

  it('is told apart by address, by name, and by reason', async () => {
    for (let at = 0; at < 20; at += 1) {
      refused();
      refused({ sourceAddress: '192.0.2.2' });
      refused({ facts: { mount: 'userpass/', user: 'eve' } });
      refused({ reason: 'credential-unknown' });
      refused({ environment: 'beta' });
    }
    await refusals.flush(true);
    assert.deepEqual(
      told().sort(),
      [
        ['192.0.2.1', 'eve', 10],
        ['192.0.2.1', null, 10],
        ['192.0.2.1', null, 10],
        ['192.0.2.1', null, 10],
        ['192.0.2.2', null, 10],
      ].sort(),
    );
  });

  it('is counted to the last one, also from more addresses than are told apart', async () => {
    let own = 0;
    for (let at = 0; at < 6000; at += 1)
      for (let again = 0; again < 11; again += 1)
        if (refused({ sourceAddress: `198.51.${at >> 8}.${at & 255}` })) own += 1;
    await refusals.flush(true);
    const counted = events.reduce((sum, { facts }) => sum + Number(facts?.['refusedBesides']), 0);
    assert.equal(own + counted, 66_000);
    assert.equal(events.length, 4001);
    assert.ok(own <= 4001 * ownRecordsMax);
    assert.equal(events.filter(({ sourceAddress }) => sourceAddress === '-').length, 1);
  });

  it('is one kind from all addresses of a network of IPv6, which whoever has one has', async () => {
    let own = 0;
    for (let at = 0; at < 300; at += 1) {
      if (refused({ sourceAddress: `2001:db8:0:7:${at.toString(16)}::1` })) own += 1;
      if (refused({ sourceAddress: `2001:db8::7:0:${at.toString(16)}:0:2` })) own += 1;
    }
    assert.equal(own, ownRecordsMax);
    for (const other of ['2001:db8:0:8::1', '::ffff:192.0.2.1', '::1', '192.0.2.1', '-'])
      assert.ok(refused({ sourceAddress: other }), other);
    await refusals.flush(true);
    assert.deepEqual(told(), [['2001:db8::7:0:12b:0:2', null, 590]]);
  });

  it('is counted by what was found besides, also where too many kinds are told apart', async () => {
    const found = (openedAt: number, sourceAddress: string) =>
      refused({ sourceAddress, facts: { finding: 'opened-twice', openedAt, creationPath: 'a' } });
    for (let at = 0; at < 25; at += 1) assert.equal(found(1, '192.0.2.1'), at < ownRecordsMax);
    for (let at = 0; at < 4000; at += 1) refused({ sourceAddress: `198.51.${at >> 8}.${at & 255}` });
    for (let at = 0; at < 25; at += 1) assert.equal(found(2, `192.0.2.${at}`), at < ownRecordsMax);
    await refusals.flush(true);
    assert.deepEqual(
      events.map(({ sourceAddress, facts }) => [
        sourceAddress,
        facts?.['finding'],
        facts?.['openedAt'],
        facts?.['creationPath'],
        facts?.['refusedBesides'],
      ]),
      [
        ['192.0.2.1', 'opened-twice', 1, 'a', 15],
        ['-', 'opened-twice', 2, 'a', 15],
      ],
    );
  });

  it('is counted on where the log could not take it', async () => {
    for (let at = 0; at < 15; at += 1) refused();
    isFull = true;
    await assert.rejects(refusals.flush(true));
    refused();
    isFull = false;
    await refusals.flush(true);
    assert.deepEqual(told(), [['192.0.2.1', null, 6]]);
  });
});

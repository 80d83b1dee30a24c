import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { z } from 'zod';
import {
  currentVersion,
  endWaitingDays,
  originatorEnd,
  rotationDue,
  type Key,
  type PeriodPolicy,
} from '#domain';
import { operations, type KeyReference, type Operation } from '#operations';
import { auditEvents } from './audit-reader.ts';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

const dayMillis = 86_400_000;
const year = 365;
type Wish = z.infer<typeof operations.createKey.input>;
const wish: Wish = {
  spec: 'AES_256',
  usage: 'encrypt',
  description: '',
  tags: [],
  owner: null,
  policy: null,
  bypassLockoutCheck: false,
  name: null,
  dataClassification: null,
};

/** One year to protect, four to process, as NIST's table has it, and what was said otherwise. */
const yearly = (change: Partial<PeriodPolicy> = {}): PeriodPolicy => ({
  profile: 'nist-r5',
  classes: {},
  rotates: true,
  destroysAtEnd: false,
  ...change,
});

/** A server with a clock that is set, and what an administrator does there. */
async function lifetime(test: TestContext) {
  const home = temporaryFolder(test);
  const born = Date.parse('2026-06-01T00:00:00Z');
  let now = born;
  const { logger } = recordingLogger();
  const start = (name: string) => startNode(test, home, { name, clock: { now: () => now }, logger });
  const node = await start('one');
  const admin = await administrator(node, home);
  const as = (name: string) => ({
    ...admin,
    principal: { ...admin.principal, id: `id-of-${name}`, name },
    requestId: node.newRequestId(),
  });
  const run = <I, O>(operation: Operation<I, O>, input: I, name = admin.principal.name): Promise<O> =>
    node.door.run(
      operation,
      name === admin.principal.name ? { ...admin, requestId: node.newRequestId() } : as(name),
      input,
    );
  const byId = (key: Key): { key: KeyReference } => ({ key: { kind: 'id', id: key.id } });
  const stored = async ({ id }: Key): Promise<Key> => {
    const found = await node.house.store.key(id);
    assert.ok(found);
    return found.key;
  };
  /** A round that begins now, after what runs already. */
  const tick = () => node.maintenance.tick();
  return {
    node,
    born,
    run,
    tick,
    byId,
    stored,
    now: () => now,
    /** Days since the beginning. */
    async at(days: number): Promise<void> {
      now = born + days * dayMillis;
      await tick();
      // what one round made due, the next one does
      await tick();
    },
    async say(policy: PeriodPolicy, stopsKeys = false): Promise<void> {
      await run(operations.writePeriodPolicy, { policy, stopsKeys });
      await tick();
      now += 10_000;
      await tick();
    },
    make: (change: Partial<Wish> = {}) => run(operations.createKey, { ...wish, ...change }),
    async encrypt(key: Key): Promise<Uint8Array> {
      const plaintext = Buffer.from('the plaintext');
      const asked = { ...byId(key), plaintext, context: null, algorithm: null, version: null, dryRun: false };
      return (await run(operations.encrypt, asked)).ciphertext;
    },
    async decrypt(ciphertext: Uint8Array): Promise<string> {
      const asked = { key: null, ciphertext, context: null, algorithm: null, dryRun: false };
      return Buffer.from((await run(operations.decrypt, asked)).plaintext).toString();
    },
    /** Oldest first. */
    events: (operation: string) =>
      auditEvents(node.config.auditFolder, { operation }, 10_000)
        .map(({ event }) => event)
        .reverse(),
  };
}

describe('five years under a policy of one year', () => {
  it('rotate on time, encrypt on every day, and open until the end of each recipient period', async (test) => {
    const life = await lifetime(test);
    await life.say(yearly());
    const key = await life.make();
    const opens = new Map<number, { ciphertext: Uint8Array; madeAt: number }>();
    for (let day = 1; day <= 5 * year; day += 14) {
      const due = rotationDue(await life.stored(key));
      await life.at(day);
      const current = currentVersion(await life.stored(key));
      if (due !== null && life.now() >= due) {
        assert.equal(current.activatedAt, life.now(), 'rotated in the round in which it was due');
      }
      assert.ok((originatorEnd(current) ?? 0) > life.now());
      const ciphertext = await life.encrypt(key);
      if (!opens.has(current.number))
        opens.set(current.number, { ciphertext, madeAt: current.activatedAt ?? 0 });
    }
    const { versions } = await life.stored(key);
    assert.ok(versions.length >= 5 && versions.length <= 6, String(versions.length));
    assert.ok(versions.slice(0, -1).every(({ state }) => state === 'deactivated'));
    assert.deepEqual(new Set(versions.slice(1).map(({ rotation }) => rotation)), new Set(['automatic']));
    for (const { ciphertext, madeAt } of opens.values()) {
      if (life.now() < madeAt + 4 * year * dayMillis)
        assert.equal(await life.decrypt(ciphertext), 'the plaintext');
      else await assert.rejects(life.decrypt(ciphertext), { code: 'crypto-period-over' });
    }
  });

  it('end encryption after the first, decryption after the fourth, and the key after that, where nothing rotates', async (test) => {
    const life = await lifetime(test);
    await life.say(yearly({ rotates: false, destroysAtEnd: true }));
    const key = await life.make({ name: 'invoices' });
    const made = (life.now() - life.born) / dayMillis;
    const ciphertext = await life.encrypt(key);
    await life.at(made + 0.8 * year - 0.1);
    assert.equal(life.events('governance.period-notice').length, 0);
    await life.at(made + 0.8 * year);
    await life.at(made + 0.9 * year);
    const [notice, ...more] = life.events('governance.period-notice');
    assert.deepEqual([notice?.keyId, notice?.facts?.['version'], more.length], [key.id, 1, 0]);
    await life.at(made + year - 0.01);
    await life.encrypt(key);
    await life.at(made + year);
    await assert.rejects(life.encrypt(key), { code: 'key-state-forbids' });
    const over = currentVersion(await life.stored(key));
    assert.deepEqual([over.state, over.history.at(-1)?.cause], ['deactivated', 'originator-period-over']);
    await life.at(made + 4 * year - 0.01);
    assert.equal(await life.decrypt(ciphertext), 'the plaintext');
    await life.at(made + 4 * year);
    await assert.rejects(life.decrypt(ciphertext), { code: 'key-destruction-scheduled' });
    await life.at(made + 4 * year + endWaitingDays - 0.01);
    assert.equal(currentVersion(await life.stored(key)).state, 'deactivated');
    await life.at(made + 4 * year + endWaitingDays);
    assert.equal(currentVersion(await life.stored(key)).state, 'destroyed');
    assert.equal(await life.node.shreds.get(key.id), null);
    await life.at(made + 4 * year + endWaitingDays + 1);
    const { certificate } = await life.run(operations.certifyDestruction, {
      ...life.byId(key),
      operator: 'Ada, key manager',
      verifier: 'Bob, security',
    });
    assert.match(JSON.stringify(certificate), /the recipient period of its newest version is over/);
    assert.ok(JSON.stringify(certificate).includes(key.id));
  });

  it('destroy old versions of a key that is rotated, a waiting period after they stopped', async (test) => {
    const life = await lifetime(test);
    await life.say(yearly({ destroysAtEnd: true }));
    const key = await life.make();
    const made = (life.now() - life.born) / dayMillis;
    const ciphertext = await life.encrypt(key);
    for (let day = 10; day <= made + 4 * year; day += 10) await life.at(day);
    await life.at(made + 4 * year + endWaitingDays - 0.01);
    assert.equal((await life.stored(key)).versions[0]?.state, 'deactivated');
    await assert.rejects(life.decrypt(ciphertext), { code: 'crypto-period-over' });
    await life.at(made + 4 * year + endWaitingDays);
    const { versions } = await life.stored(key);
    assert.deepEqual([versions[0]?.state, versions[1]?.state], ['destroyed', 'deactivated']);
    await assert.rejects(life.decrypt(ciphertext), { code: 'key-destroyed' });
    await life.encrypt(key);
    assert.deepEqual(
      life.events('governance.destroy-ended-versions').map(({ facts }) => facts?.['versions']),
      ['1'],
    );
  });
});

describe('a server that was down for three months', () => {
  it('catches up oldest first, a bounded number a round, and misses none', async (test) => {
    const life = await lifetime(test);
    const keys: Key[] = [];
    for (let count = 0; count < 130; count += 1) keys.push(await life.make());
    const dues = new Map(keys.map((key) => [key.id, rotationDue(key) ?? 0]));
    const days = [...dues.values()].map((due) => Math.floor((due - life.born) / dayMillis));
    assert.ok(new Set(days).size > 25, 'they do not come together');
    await life.at(0.85 * year);
    assert.equal(life.events('keys.rotate-due').length, 0);
    await life.at(0.85 * year + 91);
    const done = life.events('keys.rotate-due').map(({ keyId }) => keyId ?? '');
    assert.equal(done.length, 130);
    const order = done.map((id) => dues.get(id) ?? 0);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    for (const key of keys) assert.equal((await life.stored(key)).versions.length, 2);
    for (const key of keys.slice(0, 5)) await life.encrypt(key);
  });
});

describe('a policy that is written', () => {
  it('narrows older versions with a record, rotates what would stop, and lengthens nothing when it is loosened', async (test) => {
    const life = await lifetime(test);
    const key = await life.make();
    const pair = await life.make({ spec: 'EC_P256', usage: 'sign' });
    const ciphertext = await life.encrypt(key);
    await life.at(100);
    const month = { originatorSeconds: 30 * 86_400, recipientSeconds: 200 * 86_400 };
    await life.say(yearly({ classes: { data: month, signature: { originatorSeconds: 120 * 86_400 } } }));
    // it protects on, with a version that is younger than the month
    await life.encrypt(key);
    const held = await life.stored(key);
    assert.deepEqual(
      held.versions.map(({ state }) => state),
      ['deactivated', 'active'],
    );
    assert.deepEqual(
      held.versions.map(({ cryptoPeriod }) => [
        cryptoPeriod.originatorSeconds,
        cryptoPeriod.recipientSeconds,
      ]),
      Array.from({ length: 2 }, () => [month.originatorSeconds, month.recipientSeconds]),
    );
    assert.equal(life.events('governance.hold-to-period-policy').length, 2);
    const [finished] = life.events('governance.finish-period-pass');
    assert.deepEqual([finished?.facts?.['changed'], finished?.facts?.['revision']], [2, 1]);
    await life.say(yearly({ classes: {} }));
    assert.equal((await life.stored(pair)).versions[0]?.cryptoPeriod.originatorSeconds, 120 * 86_400);
    assert.equal(life.events('governance.hold-to-period-policy').length, 2);
    await life.at(121);
    assert.equal(currentVersion(await life.stored(pair)).state, 'deactivated');
    assert.equal(await life.decrypt(ciphertext), 'the plaintext');
    await life.at(200);
    await assert.rejects(life.decrypt(ciphertext), { code: 'crypto-period-over' });
  });

  it('stops keys of specs that its profile does not name, where that is meant, until a policy allows them again', async (test) => {
    const life = await lifetime(test);
    const weak = await life.make({ spec: 'AES_128' });
    const strong = await life.make();
    const sealed = await life.encrypt(weak);
    const policy = yearly({ profile: 'cnsa-2.0' });
    await assert.rejects(life.run(operations.writePeriodPolicy, { policy }), {
      code: 'period-policy-stops',
      message: /AES_128: 1/,
    });
    await life.encrypt(weak);
    await life.say(policy, true);
    assert.equal(life.events('governance.write-period-policy').at(-1)?.facts?.['stopsKeys'], true);
    await assert.rejects(life.encrypt(weak), { code: 'period-policy-stops' });
    assert.equal(await life.decrypt(sealed), 'the plaintext');
    await life.encrypt(strong);
    // what is stopped already is stopped by nobody anew
    await life.say(yearly({ profile: 'cnsa-2.0', rotates: false }));
    await assert.rejects(life.encrypt(weak), { code: 'period-policy-stops' });
    await life.say(yearly());
    assert.equal((await life.stored(weak)).periodTerms, undefined);
    await life.encrypt(weak);
  });

  it('refuses the specs that its profile does not name, and holds after a restart in the middle', async (test) => {
    const life = await lifetime(test);
    await life.say(yearly({ profile: 'cnsa-2.0', rotates: false }));
    await assert.rejects(life.make({ spec: 'RSA_2048', usage: 'sign' }), { code: 'period-policy-forbids' });
    const key = await life.make();
    assert.deepEqual(key.periodTerms, { rotates: false, destroysAtEnd: false });
    await life.run(operations.writePeriodPolicy, { policy: yearly() });
    await life.tick();
    // the walk has begun, nothing is held: another node takes over what this one forgets
    await life.node.maintenance.stop();
    assert.equal((await life.stored(key)).periodTerms?.rotates, false);
    await life.at(1);
    await life.at(2);
    assert.equal((await life.stored(key)).periodTerms, undefined);
  });
});

describe('an exception from the policy', () => {
  const day = dayMillis;
  async function asked(test: TestContext) {
    const life = await lifetime(test);
    await life.say(yearly({ rotates: false, classes: { signature: { originatorSeconds: 100 * 86_400 } } }));
    const key = await life.make({ spec: 'EC_P256', usage: 'sign' });
    const end = originatorEnd(currentVersion(key)) ?? 0;
    const request = (change: object = {}) =>
      life.run(
        operations.requestPeriodException,
        {
          ...life.byId(key),
          version: null,
          act: 'protect',
          newEnd: end + 50 * day,
          expiresAt: end + 20 * day,
          rationale: 'the new certificate comes late',
          ...change,
        },
        'ada',
      );
    const decide = (operation: typeof operations.approvePeriodException, id: string, who: string) =>
      life.run(operation, { ...life.byId(key), id }, who);
    const sign = () =>
      life.run(operations.sign, {
        ...life.byId(key),
        message: Buffer.from('m'),
        form: 'raw',
        algorithm: null,
        dryRun: false,
      });
    return { life, key, end, request, decide, sign };
  }

  it('lets a version go on when another person approves it, until its own end', async (test) => {
    const { life, key, end, request, decide, sign } = await asked(test);
    const { id } = await request();
    assert.equal(originatorEnd(currentVersion(await life.stored(key))), end);
    await assert.rejects(decide(operations.approvePeriodException, id, 'ada'), { code: 'access-denied' });
    await decide(operations.approvePeriodException, id, 'bob');
    await assert.rejects(decide(operations.approvePeriodException, id, 'carl'), {
      code: 'key-state-forbids',
    });
    assert.equal(originatorEnd(currentVersion(await life.stored(key))), end + 50 * day);
    await life.at((end - life.born) / day + 19);
    await sign();
    await life.at((end - life.born) / day + 20);
    await assert.rejects(sign(), { code: 'key-state-forbids' });
    const page = { after: null, limit: 10 };
    const { exceptions } = await life.run(operations.listPeriodExceptions, { page });
    assert.deepEqual(
      exceptions.map(({ status, requestedBy, approvedBy }) => [status, requestedBy.name, approvedBy?.name]),
      [['ended', 'ada', 'bob']],
    );
  });

  it('is taken back at once, and is refused where it can not be', async (test) => {
    const { life, key, end, request, decide, sign } = await asked(test);
    const bound = 3 * year * day;
    for (const change of [
      { newEnd: end },
      { newEnd: life.now() + bound + day },
      { expiresAt: life.now() },
      { expiresAt: life.now() + 400 * day },
    ])
      await assert.rejects(request(change), { code: 'input-invalid' }, JSON.stringify(change));
    await assert.rejects(request({ act: 'process' }), { code: 'key-state-forbids' });
    const { id } = await request();
    const second = await request();
    await decide(operations.approvePeriodException, id, 'bob');
    await assert.rejects(
      decide(operations.approvePeriodException, second.id, 'bob'),
      (error: { code: string }) => ['key-state-forbids', 'input-invalid'].includes(error.code),
    );
    await life.at((end - life.born) / day + 1);
    await sign();
    await decide(operations.revokePeriodException, id, 'carl');
    await assert.rejects(sign(), { code: 'crypto-period-over' });
    await life.tick();
    assert.equal(currentVersion(await life.stored(key)).state, 'deactivated');
    await assert.rejects(decide(operations.revokePeriodException, id, 'carl'), { code: 'key-state-forbids' });
    await assert.rejects(decide(operations.approvePeriodException, 'nothing', 'bob'), {
      code: 'input-invalid',
    });
  });
});

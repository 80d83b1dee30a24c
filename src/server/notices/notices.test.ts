import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { operations, type ToldAlert } from '#operations';
import type { Clock } from '#ports';
import { compose, type Composition } from '../compose.ts';
import { configOf, recordingLogger, temporaryFolder } from '../home.fixture.ts';
import { administrator } from '../node.fixture.ts';
import { type HttpReceiver, httpReceiver } from './receivers.fixture.ts';
import { attemptsMax } from './send-notices.ts';

const firstPage = { after: null, limit: 1000 };

function settable(): Clock & { advance: (millis: number) => void } {
  let past = 0;
  return { now: () => Date.now() + past, advance: (millis) => void (past += millis) };
}

type Wish = { readonly clock?: Clock; readonly name?: string };

async function start(home: string, { clock, name = 'one' }: Wish = {}): Promise<Composition> {
  const config = configOf(home, {
    CLAVIGER_NODE: name,
    CLAVIGER_ANOMALY: '0',
    CLAVIGER_NOTICES: path.join(home, 'notices.json'),
  });
  return compose({ config, logger: recordingLogger().logger, worker: 0, ...(clock ? { clock } : {}) });
}

function homeWith(test: TestContext, destinations: readonly object[]): string {
  const home = temporaryFolder(test);
  write(home, destinations);
  return home;
}

function write(home: string, destinations: readonly object[]): void {
  fs.writeFileSync(path.join(home, 'notices.json'), JSON.stringify(destinations), { mode: 0o600 });
}

function alert(index: number): ToldAlert {
  const at = 1_780_000_000_000 + index;
  return {
    id: `00${at}-one-${index}`,
    at,
    principal: 'billing',
    keyId: null,
    score: 0.9,
    response: 'require-approval',
    signals: [],
    references: [],
    escalates: null,
    suppressed: 0,
  };
}

const raise = (node: Composition, index: number) =>
  node.door.runAsSystem(operations.recordAlert, 'default', alert(index));

async function notices(node: Composition, home: string, state: 'waiting' | 'ended') {
  const wish = { state, page: firstPage };
  return (await node.door.run(operations.listNotices, await administrator(node, home), wish)).notices;
}

const idsAt = ({ received }: HttpReceiver): string[] =>
  received.map(({ headers }) => String(headers['webhook-id']));

describe('notices of a node', () => {
  const hook = (url: string, name = 'hook') => ({ name, kind: 'webhook', what: 'alerts', url });

  it('reach their destination, and are then listed as delivered', async (test) => {
    const receiver = await httpReceiver(test);
    const home = homeWith(test, [hook(receiver.url)]);
    const node = await start(home);
    test.after(() => node.close());
    await raise(node, 1);
    await node.notices?.round();
    assert.deepEqual(idsAt(receiver), [`alert-${alert(1).id}`]);
    assert.deepEqual(await notices(node, home, 'waiting'), []);
    assert.deepEqual(
      (await notices(node, home, 'ended')).map(({ state }) => state),
      ['delivered'],
    );
    assert.match(node.metrics.render(), /claviger_notices_total\{destination="hook",outcome="delivered"\} 1/);
  });

  it('that were on their way when the node went are sent again by the next one', async (test) => {
    const receiver = await httpReceiver(test, 'hang');
    const home = homeWith(test, [hook(receiver.url)]);
    const first = await start(home);
    for (let index = 0; index < 5; index += 1) await raise(first, index);
    const round = first.notices?.round();
    await receiver.until(1);
    await first.close();
    receiver.manner = 204;
    const second = await start(home);
    test.after(() => second.close());
    await second.notices?.round();
    await round;
    const wanted = [0, 1, 2, 3, 4].map((index) => `alert-${alert(index).id}`);
    assert.deepEqual([...new Set(idsAt(receiver))].toSorted(), wanted);
    assert.deepEqual(await notices(second, home, 'waiting'), []);
  });

  it('are tried again later and later, and given up after the last try, while others are told', async (test) => {
    const [broken, sound] = [await httpReceiver(test, 500), await httpReceiver(test)];
    const home = homeWith(test, [hook(broken.url), hook(sound.url, 'other')]);
    const clock = settable();
    const node = await start(home, { clock });
    test.after(() => node.close());
    await raise(node, 1);
    await node.notices?.round();
    await node.notices?.round();
    // not before its time
    assert.equal(broken.received.length, 1);
    assert.equal(sound.received.length, 1);
    const [waiting] = await notices(node, home, 'waiting');
    assert.deepEqual(
      [waiting?.destination, waiting?.attempts, waiting?.problem],
      ['hook', 1, 'it answered 500'],
    );
    for (let tries = 1; tries < attemptsMax; tries += 1) {
      clock.advance(2 * 3_600_000);
      await node.notices?.round();
    }
    assert.equal(broken.received.length, attemptsMax);
    assert.deepEqual(await notices(node, home, 'waiting'), []);
    const ended = await notices(node, home, 'ended');
    assert.deepEqual(ended.map(({ destination, state }) => [destination, state]).toSorted(), [
      ['hook', 'dead'],
      ['other', 'delivered'],
    ]);
  });

  it('are sent by one node at a time, and by another when that is gone', async (test) => {
    const receiver = await httpReceiver(test);
    const home = homeWith(test, [hook(receiver.url)]);
    const clock = settable();
    const [one, two] = [await start(home, { clock }), await start(home, { clock, name: 'two' })];
    test.after(() => two.close());
    await one.notices?.round();
    await raise(two, 1);
    await two.notices?.round();
    assert.equal(receiver.received.length, 0);
    await one.close();
    clock.advance(61_000);
    await two.notices?.round();
    assert.equal(receiver.received.length, 1);
  });

  it('to a destination that is gone are given up', async (test) => {
    const receiver = await httpReceiver(test, 500);
    const home = homeWith(test, [hook(receiver.url)]);
    const clock = settable();
    const before = await start(home, { clock });
    await raise(before, 1);
    await before.close();
    write(home, [hook(receiver.url, 'renamed')]);
    const after = await start(home, { clock });
    test.after(() => after.close());
    await after.notices?.round();
    assert.match((await notices(after, home, 'ended'))[0]?.problem ?? '', /no such destination/);
  });

  it('stop the start where the file is not as it must be', async (test) => {
    const home = homeWith(test, [{ ...hook('http://siem.example/'), what: 'alerts' }]);
    await assert.rejects(start(home), { code: 'configuration-invalid', message: /hook: url must be https/ });
  });
});

describe('the audit log of a node, told to a destination', () => {
  const stream = (url: string) => ({ name: 'siem', kind: 'webhook', what: 'audit', url });
  type Batch = readonly { readonly data: { readonly index: number } }[];
  const indicesAt = ({ received }: HttpReceiver): number[] =>
    received.flatMap(({ body }) => (JSON.parse(body) as Batch).map(({ data }) => data.index));

  async function work(node: Composition, home: string, count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1)
      await node.door.run(operations.generateRandom, await administrator(node, home), { length: 8 });
  }

  async function told(receiver: HttpReceiver, index: number): Promise<void> {
    for (let count = 1; !indicesAt(receiver).includes(index); count = receiver.received.length + 1)
      await receiver.until(count);
  }

  it('comes whole and in order from the first start on, also over a node that went in the middle', async (test) => {
    const receiver = await httpReceiver(test);
    const home = homeWith(test, [stream(receiver.url)]);
    const first = await start(home);
    const begin = first.house.log.health().size;
    // its place is kept before anything is done
    while (!fs.existsSync(path.join(home, 'audit', 'positions', 'stream-one-siem.json')))
      await new Promise((done) => setTimeout(done, 5));
    await work(first, home, 3);
    await told(receiver, begin + 2);
    receiver.manner = 'hang';
    const seen = receiver.received.length;
    await work(first, home, 3);
    await receiver.until(seen + 1);
    await first.close();
    receiver.manner = 503;
    const second = await start(home);
    test.after(() => second.close());
    await receiver.until(seen + 2);
    receiver.manner = 200;
    await work(second, home, 2);
    const last = second.house.log.health().size - 1;
    await told(receiver, last);
    const indices = indicesAt(receiver);
    const wanted = Array.from({ length: last + 1 - begin }, (_, at) => begin + at);
    assert.deepEqual([...new Set(indices)], wanted);
    assert.match(second.metrics.render(), /claviger_audit_stream_waiting\{destination="siem"\} [0-9]+/);
  });
});

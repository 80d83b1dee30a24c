import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { newLogKeys, openAuditLog, openLogKeys } from '#audit';
import type { AuditEvent } from '#domain';
import { type Door, type House, operations, type ToldAlert } from '#operations';
import { compose, type Composition } from '../compose.ts';
import { configOf, recordingLogger, temporaryFolder } from '../home.fixture.ts';
import { houseEvent } from '../house-event.ts';
import { createMetrics } from '../metrics.ts';
import { administrator } from '../node.fixture.ts';
import { startAnomalyWatch } from './anomaly-watch.ts';

const firstPage = { after: null, limit: 1000 };

async function start(home: string, env: Readonly<Record<string, string>> = {}): Promise<Composition> {
  const config = configOf(home, { CLAVIGER_NODE: 'one', ...env });
  return compose({ config, logger: recordingLogger().logger, worker: 0 });
}

async function makeKey(node: Composition, home: string): Promise<string> {
  const wish = {
    spec: 'AES_256' as const,
    usage: 'encrypt' as const,
    description: '',
    tags: [],
    owner: 'team-a',
    policy: null,
    bypassLockoutCheck: false,
    name: null,
    dataClassification: null,
  };
  return (await node.door.run(operations.createKey, await administrator(node, home), wish)).id;
}

const describing = async (node: Composition, home: string, id: string) =>
  node.door.run(operations.describeKey, await administrator(node, home), { key: { kind: 'id', id } });

async function alertsOf(node: Composition, home: string) {
  await node.watch?.caughtUp();
  const caller = await administrator(node, home);
  return (await node.door.run(operations.listAlerts, caller, { state: null, page: firstPage })).alerts;
}

describe('the anomaly watch of a node', () => {
  /** A home with a canary key, and nothing running. */
  async function withCanary(test: TestContext, suspends: boolean): Promise<{ home: string; keyId: string }> {
    const home = temporaryFolder(test);
    const node = await start(home);
    const keyId = await makeKey(node, home);
    await node.watch?.caughtUp();
    const caller = await administrator(node, home);
    await node.door.run(operations.writeAnomalySettings, caller, { suspends, canaryKeys: [keyId] });
    await node.close();
    return { home, keyId };
  }

  it('takes down an alert with its numbers and its place in the log, and once over restarts', async (test) => {
    const { home, keyId } = await withCanary(test, false);
    const node = await start(home);
    assert.deepEqual(await alertsOf(node, home), []);
    await describing(node, home, keyId);
    const [alert, ...more] = await alertsOf(node, home);
    assert.ok(alert);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [alert.keyId, alert.principal, alert.response, alert.suspended, alert.signals[0]?.name],
      [keyId, 'admin', 'suspend-grant', false, 'canary'],
    );
    assert.deepEqual(
      [alert.references.at(-1)?.log, alert.id.endsWith(`-one-${alert.references.at(-1)?.index}`)],
      ['one', true],
    );
    assert.match(node.metrics.render(), /claviger_anomaly_alerts_total\{response="suspend-grant"\} 1/);
    await node.close();
    const again = await start(home);
    test.after(() => again.close());
    assert.equal((await alertsOf(again, home)).length, 1);
  });

  it('judges after a start what a node that was killed had not, and takes nothing down twice', async (test) => {
    const { home, keyId } = await withCanary(test, false);
    const blind = await start(home, { CLAVIGER_ANOMALY: '0' });
    assert.equal(blind.watch, null);
    await describing(blind, home, keyId);
    assert.deepEqual(await alertsOf(blind, home), []);
    await blind.close();
    const position = path.join(home, 'audit', 'positions', 'watch-one.json');
    const before = fs.readFileSync(position, 'utf8');
    for (let round = 0; round < 2; round += 1) {
      const node = await start(home);
      assert.equal((await alertsOf(node, home)).length, 1);
      await node.close();
      // as a kill before the position was kept leaves it
      fs.writeFileSync(position, before);
    }
    fs.writeFileSync(position, '{');
    const node = await start(home);
    test.after(() => node.close());
    // the key's making and its settings are of the canary, too, and now judged
    assert.ok((await alertsOf(node, home)).length >= 1);
  });

  it('suspends the grant where the environment wants that', async (test) => {
    const { home, keyId } = await withCanary(test, true);
    const node = await start(home);
    test.after(() => node.close());
    await describing(node, home, keyId);
    assert.equal((await alertsOf(node, home))[0]?.suspended, true);
    await assert.rejects(describing(node, home, keyId), { code: 'access-denied' });
  });
});

describe('the anomaly watch by itself', () => {
  const at = Date.parse('2026-06-01T00:00:00Z');
  const logKeys = openLogKeys(newLogKeys());

  function event(index: number): AuditEvent {
    const told = houseEvent({
      at: at + index,
      node: 'one',
      environment: 'default',
      operation: 'keys.export',
    });
    const refused = { outcome: 'refused', reason: 'access-denied' } as const;
    return { ...told, ...refused, principal: `user${index}`, protocol: 'native', keyId: 'key-1' };
  }

  function parts(test: TestContext, fail: () => boolean) {
    const folder = temporaryFolder(test);
    const options = { folder: path.join(folder, 'log'), node: 'one', keys: logKeys, segmentBytes: 4000 };
    const log = openAuditLog({ ...options, publishMillis: 1 });
    const told: ToldAlert[] = [];
    const house = {
      clock: { now: () => at },
      documents: { peek: () => null },
      store: { environments: async () => [], environment: async () => ({}) },
    } as unknown as House;
    const door = {
      runAsSystem: async (_operation: unknown, _environment: string, alert: ToldAlert) => {
        if (fail()) throw new Error('the store is away');
        told.push(alert);
      },
    } as unknown as Door;
    const metrics = createMetrics();
    const { logger, lines } = recordingLogger();
    return { house, door, log, positions: folder, metrics, logger, told, lines };
  }

  it('tries again where an alert could not be taken down', async (test) => {
    let failures = 1;
    const all = parts(test, () => failures-- > 0);
    const watch = startAnomalyWatch(all);
    await watch.caughtUp();
    await all.log.append(event(0));
    await watch.caughtUp();
    assert.deepEqual(
      all.told.map(({ principal }) => principal),
      ['user0'],
    );
    assert.ok(all.lines().some(({ message }) => message === 'an alert was not taken down'));
    await watch.stop();
    await all.log.close();
  });

  it('leaves events out, and counts them, where too many wait', async (test) => {
    const all = parts(test, () => false);
    for (let index = 0; index < 100; index += 1) {
      await all.log.append(event(index));
      if (index % 10 === 9) await new Promise((done) => setTimeout(done, 5));
    }
    fs.mkdirSync(all.positions, { recursive: true });
    fs.writeFileSync(
      path.join(all.positions, 'watch-one.json'),
      '{"format":1,"segment":1,"offset":0,"index":0}',
    );
    const bounds = { learnEventsMax: 1000, waitingMax: 20 };
    const watch = startAnomalyWatch({ ...all, bounds });
    await watch.caughtUp();
    const skipped = Number(/claviger_anomaly_events_skipped (\d+)/.exec(all.metrics.render())?.[1]);
    const looked = Number(/claviger_anomaly_events (\d+)/.exec(all.metrics.render())?.[1]);
    assert.ok(skipped > 0, `skipped ${skipped}, looked at ${looked}`);
    assert.equal(skipped + looked, 100);
    assert.ok(all.lines().some(({ message }) => String(message).includes('leaves events out')));
    await watch.stop();
    await all.log.close();
  });
});

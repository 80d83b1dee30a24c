import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { followLog, newLogKeys, openAuditLog, openLogKeys } from '#audit';
import {
  canaryKeys,
  createDetector,
  generateTraffic,
  usageOfAuditEvent,
  type UsageEvent,
} from '#audit/anomaly';
import { tell } from './report.ts';

function* usages(keys: number, days: number): Generator<UsageEvent> {
  for (const item of generateTraffic({ seed: 1, keys, days, quietDays: 15, incidents: 1 }))
    if (item.kind === 'event')
      yield usageOfAuditEvent(item.event, { log: item.event.node, index: item.index }, true);
}

/** What an event costs the detector: the best of some rounds over the same traffic, which is in memory. */
function benchEvents(days: number): void {
  const events = [...usages(300, days)];
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const detector = createDetector({ canaryKeys: new Set(canaryKeys) });
    const begin = performance.now();
    for (const event of events) detector.observe(event);
    best = Math.min(best, ((performance.now() - begin) * 1000) / events.length);
  }
  tell({
    name: `anomaly detection, of ${events.length} events`,
    value: `${best.toFixed(2)} us an event`,
    number: best,
    bar: '20 us',
    holds: best < 20,
  });
}

/** What an event costs a node that watches its own log: reading it from the log's files, and the detector. */
async function benchLive(days: number): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-bench-'));
  const log = openAuditLog({ folder, node: 'one', keys: openLogKeys(newLogKeys()) });
  try {
    let waiting: Promise<void>[] = [];
    for (const item of generateTraffic({ seed: 1, keys: 300, days, quietDays: 15, incidents: 1 })) {
      if (item.kind !== 'event') continue;
      waiting.push(log.append({ ...item.event, node: 'one' }));
      if (waiting.length < 1000) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    const detector = createDetector({ canaryKeys: new Set(canaryKeys) });
    const follower = followLog(folder, { segment: 1, offset: 0, index: 0 }, log.end);
    let count = 0;
    const begin = performance.now();
    for (let part = await follower.next(); part; part = await follower.next()) {
      for (const { index, event } of part.entries) {
        detector.observe(usageOfAuditEvent(event(), { log: 'one', index }, false));
        count += 1;
      }
    }
    const cost = ((performance.now() - begin) * 1000) / count;
    await follower.close();
    tell({
      name: `anomaly watch of a log, of ${count} events, reading included`,
      value: `${cost.toFixed(2)} us an event`,
      number: cost,
    });
  } finally {
    await log.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What a key costs that ten services used once each, over a month. */
function benchMemory(keys: number): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const [first] = usages(10, 1);
  if (!first) return;
  const before = used();
  const detector = createDetector();
  for (let at = 0; at < keys * 10; at += 1) {
    const family = `production/service${at % 997}-api`;
    const keyId = `00000001-0000-4000-8000-${(at % keys).toString(16).padStart(12, '0')}`;
    const time = first.at + Math.floor(at / keys) * 3 * 86_400_000;
    detector.observe({ ...first, at: time, principal: family, family, keyId });
  }
  const bytes = (used() - before) / keys;
  tell({
    name: `memory of the detector, ${keys} keys`,
    value: `${bytes.toFixed(0)} bytes a key (${detector.counts().keys} are known)`,
    number: bytes,
  });
}

export async function benchAnomaly(quick: boolean): Promise<void> {
  benchEvents(quick ? 20 : 46);
  benchMemory(quick ? 5_000 : 100_000);
  await benchLive(quick ? 20 : 46);
}

import { randomInt } from 'node:crypto';
import { followLog, type LogFollower, type LogPlace, type OpenedLog, placeInLog } from '#audit';
import type { Detector, usageOfAuditEvent } from '#audit/anomaly';
import { ClavigerError, type AuditEvent, type ErrorCode } from '#domain';
import { anomalySettingsOf, operations, type Door, type House, type ToldAlert } from '#operations';
import { logPosition } from '../log-position.ts';
import { describeError, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { toldAlert } from './told-alert.ts';
import { createTurns } from './turns.ts';

const dayMillis = 86_400_000;
/** What is learnt again from the log after a start, at most. */
const learnDays = 30;
const learnEventsMax = 20_000_000;
/** Events that may wait to be looked at; then those at the front are left out, and counted. */
const waitingMax = 1_000_000;
/** The detector's tables in a server, which has more to do than to watch. */
const keysMax = 200_000;
const principalsMax = 50_000;

const lookMillis = 250;
const keepMillis = 5000;
const settingsMillis = 60_000;
const retryMillisMax = 30_000;
const failedMillisMax = 300_000;

/** Alerts that no further try would bring in. */
const hopeless: readonly ErrorCode[] = ['input-invalid', 'input-too-large', 'integrity-failed'];

export type WatchBounds = { readonly learnEventsMax: number; readonly waitingMax: number };
const usualBounds: WatchBounds = { learnEventsMax, waitingMax };

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly log: Pick<OpenedLog, 'folder' | 'end' | 'node' | 'health'>;
  readonly home: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly bounds?: WatchBounds;
};

/** Looks at what the log of this node durably holds, behind the answers; it reads the log's files, so no request waits for it. */
export interface AnomalyWatch {
  /** Resolves when what is in the log now was looked at, and its alerts are taken down. */
  readonly caughtUp: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function startAnomalyWatch(parts: Parts): AnomalyWatch {
  const { house, door, log, metrics, logger, bounds = usualBounds } = parts;
  const position = logPosition(parts.home, `watch-${log.node}`);
  const canaryKeys = new Set<string>();
  /** null: it is not loaded yet, so that a server serves first. */
  let engine: { readonly detector: Detector; readonly usageOf: typeof usageOfAuditEvent } | null = null;
  const turns = createTurns();
  const ids = new Map<number, string>();
  const ending = Promise.withResolvers<void>();
  let isEnding = false;
  let hasBegun = false;
  let place: LogPlace = { segment: 1, offset: 0, index: 0 };
  /** Alerts of events before it were taken down, or were never to be. */
  let judgedFrom = 0;
  let skipped = 0;
  let kept = -1;
  let nextKeep = 0;
  let nextSettings = 0;
  const countAlert = metrics.count('claviger_anomaly_alerts_total', 'Alerts of the watch.', ['response']);

  /** False: the watch ends meanwhile. */
  async function pause(millis: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, millis);
    timer.unref();
    await Promise.race([promise, ending.promise]);
    clearTimeout(timer);
    return !isEnding;
  }

  async function load(): Promise<NonNullable<typeof engine>> {
    const { createDetector, usageOfAuditEvent: usageOf } = await import('#audit/anomaly');
    return {
      detector: createDetector({ canaryKeys, keysMax, principalsMax, salt: randomInt(2 ** 32) }),
      usageOf,
    };
  }

  async function firstUnjudged(size: number): Promise<number> {
    const found = await position.read();
    if (found === 'damaged') {
      logger.warn('the position of the anomaly watch is not readable; it looks at the whole log again');
      return 0;
    }
    if (found) return Math.min(found.index, size);
    await position.keep({ segment: 1, offset: 0, index: size });
    return size;
  }

  async function begin(): Promise<LogFollower> {
    engine = await load();
    const { size } = log.health();
    judgedFrom = await firstUnjudged(size);
    const since = house.clock.now() - learnDays * dayMillis;
    const learnFrom = Math.max(0, size - bounds.learnEventsMax);
    const learnt = await placeInLog(log.folder, { since, indexMin: learnFrom });
    const unjudged = await placeInLog(log.folder, { since: 0, indexMin: judgedFrom });
    place = learnt.segment < unjudged.segment ? learnt : unjudged;
    hasBegun = true;
    return followLog(log.folder, place, log.end);
  }

  async function readSettings(): Promise<void> {
    const wanted = new Set<string>();
    for (const { environment } of await house.store.environments())
      for (const id of (await anomalySettingsOf(house, environment.name)).canaryKeys) wanted.add(id);
    for (const id of canaryKeys) if (!wanted.has(id)) canaryKeys.delete(id);
    for (const id of wanted) canaryKeys.add(id);
  }

  async function takeDown(environment: string, told: ToldAlert): Promise<void> {
    for (let wait = 1000; ; wait = Math.min(wait * 2, retryMillisMax)) {
      try {
        const known = (await house.store.environment(environment)) !== null;
        const where = known ? environment : await house.firstEnvironment();
        await door.runAsSystem(operations.recordAlert, where, told);
        return;
      } catch (error) {
        logger.warn('an alert was not taken down', { alert: told.id, error: describeError(error) });
        if (error instanceof ClavigerError && hopeless.includes(error.code)) return;
      }
      if (!(await pause(wait))) return;
    }
  }

  async function look(event: AuditEvent, index: number): Promise<void> {
    // the log's own writer leaves nothing out; whether somebody else did is for audit verify
    const alert = engine?.detector.observe(engine.usageOf(event, { log: event.node, index }, false));
    if (!alert || index < judgedFrom) return;
    const told = toldAlert(alert, { event, index }, (number) => ids.get(number) ?? null);
    ids.set(alert.number, told.id);
    const oldest = ids.keys().next();
    if (ids.size > 1000 && !oldest.done) ids.delete(oldest.value);
    countAlert(alert.response);
    await takeDown(event.environment, told);
  }

  async function keep(): Promise<void> {
    if (place.index === kept || place.index < judgedFrom) return;
    await position.keep(place);
    kept = place.index;
  }

  /** Leaves out what is too much: a place further on, or null. */
  async function ahead(): Promise<LogPlace | null> {
    const { size } = log.health();
    if (size - Math.max(place.index, judgedFrom) <= bounds.waitingMax) return null;
    const next = await placeInLog(log.folder, {
      since: 0,
      indexMin: size - Math.floor(bounds.waitingMax / 2),
    });
    if (next.index <= place.index) return null;
    const count = next.index - place.index;
    skipped += count;
    logger.warn('the anomaly watch is behind and leaves events out', { events: count, from: place.index });
    return next;
  }

  /** Ends with the place to go on from where it must leave something out, or with null at the end. */
  async function work(follower: LogFollower): Promise<LogPlace | null> {
    while (!isEnding) {
      const now = performance.now();
      if (now >= nextSettings) {
        await readSettings();
        nextSettings = now + settingsMillis;
      }
      const part = await follower.next();
      for (const { index, event } of part?.entries ?? []) {
        await look(event(), index);
        if (isEnding) return null;
        if (turns.isOver()) await turns.rest();
      }
      if (part) ({ place } = part);
      if (now >= nextKeep) {
        await keep();
        nextKeep = now + keepMillis;
      }
      if (!part) await pause(lookMillis);
      const next = part && (await ahead());
      if (next) return next;
    }
    return null;
  }

  async function run(): Promise<void> {
    let follower: LogFollower | null = null;
    let failures = 0;
    while (!isEnding) {
      try {
        follower = hasBegun ? followLog(log.folder, place, log.end) : await begin();
        place = (await work(follower)) ?? place;
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn('the anomaly watch failed and goes on', { error: describeError(error) });
      }
      // what was begun and not looked at whole is read again
      await follower?.close();
      follower = null;
      if (failures > 0) await pause(Math.min(1000 * 2 ** failures, failedMillisMax));
    }
    await keep().catch((error: unknown) =>
      logger.warn('the position of the anomaly watch was not kept', { error: describeError(error) }),
    );
  }

  metrics.gauge(
    'claviger_anomaly_events',
    'Events that the watch of this node looked at.',
    () => engine?.detector.counts().events ?? 0,
  );
  metrics.gauge('claviger_anomaly_events_skipped', 'Events that it left out, being behind.', () => skipped);
  metrics.gauge('claviger_anomaly_events_waiting', 'Events in the log that it has not looked at.', () =>
    Math.max(0, log.health().size - place.index),
  );
  metrics.gauge(
    'claviger_anomaly_seconds',
    'Time that it took, reading the log included.',
    () => turns.spent() / 1000,
  );
  metrics.gauge('claviger_anomaly_keys', 'Keys that it knows.', () => engine?.detector.counts().keys ?? 0);

  const running = run();
  return {
    async caughtUp() {
      const { size } = log.health();
      while ((!hasBegun || place.index < size) && !isEnding)
        await new Promise((resume) => setTimeout(resume, 5));
    },
    async stop() {
      isEnding = true;
      ending.resolve();
      await running;
    },
  };
}

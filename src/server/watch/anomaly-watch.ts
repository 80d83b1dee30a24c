import { randomInt } from 'node:crypto';
import { followLog, type LogFollower, type LogPlace, type OpenedLog, placeInLog } from '#audit';
import type { Detector, usageOfAuditEvent } from '#audit/anomaly';
import type { AuditEvent } from '#domain';
import { anomalySettingsOf, type Door, type House } from '#operations';
import { createEnding } from '../ending.ts';
import { logPosition } from '../log-position.ts';
import { describeError, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { takeDown } from './take-down.ts';
import { toldAlert } from './told-alert.ts';
import { createTurns } from './turns.ts';
import { watchStart } from './watch-start.ts';

const learnEventsMax = 20_000_000;
/** Events that may wait to be looked at; then those at the front are left out, and counted. */
const waitingMax = 1_000_000;
/** The detector's tables in a server, which has more to do than to watch. */
const keysMax = 200_000;
const principalsMax = 50_000;
/** Alerts whose ids are remembered, for those that make them worse. */
const idsMax = 1000;

const lookMillis = 250;
const keepMillis = 5000;
const settingsMillis = 5000;
const failedMillisMax = 300_000;

export type WatchBounds = { readonly learnEventsMax: number; readonly waitingMax: number };
const usualBounds: WatchBounds = { learnEventsMax, waitingMax };

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly log: Pick<OpenedLog, 'folder' | 'end' | 'node' | 'health'>;
  /** Folder of how far readers have come. */
  readonly positions: string;
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

type Engine = { readonly detector: Detector; readonly usageOf: typeof usageOfAuditEvent };

/** Loaded by the watch and not with the server, so that that serves first. */
async function loadEngine(canaryKeys: ReadonlySet<string>): Promise<Engine> {
  const { createDetector, usageOfAuditEvent: usageOf } = await import('#audit/anomaly');
  const detector = createDetector({ canaryKeys, keysMax, principalsMax, salt: randomInt(2 ** 32) });
  return { detector, usageOf };
}

async function readCanaries(house: House, canaryKeys: Set<string>): Promise<void> {
  const wanted = new Set<string>();
  for (const { environment } of await house.store.environments())
    for (const id of (await anomalySettingsOf(house, environment.name)).canaryKeys) wanted.add(id);
  for (const id of canaryKeys) if (!wanted.has(id)) canaryKeys.delete(id);
  for (const id of wanted) canaryKeys.add(id);
}

type State = {
  engine: Engine | null;
  hasBegun: boolean;
  place: LogPlace;
  /** Alerts of events before it were taken down, or were never to be. */
  judgedFrom: number;
  skipped: number;
};

type Told = { readonly state: State; readonly size: () => number; readonly spent: () => number };

function describeWatch(metrics: Metrics, { state, size, spent }: Told): void {
  const counts = () => state.engine?.detector.counts();
  const gauges: readonly (readonly [string, string, () => number])[] = [
    ['events', 'Events that the watch of this node looked at.', () => counts()?.events ?? 0],
    ['events_skipped', 'Events that it left out, being behind.', () => state.skipped],
    [
      'events_waiting',
      'Events in the log that it has not looked at.',
      () => Math.max(0, size() - state.place.index),
    ],
    ['seconds', 'Time that it took, reading the log included.', () => spent() / 1000],
    ['keys', 'Keys that it knows.', () => counts()?.keys ?? 0],
  ];
  for (const [name, help, read] of gauges) metrics.gauge(`claviger_anomaly_${name}`, help, read);
}

export function startAnomalyWatch(parts: Parts): AnomalyWatch {
  const { house, log, metrics, logger, bounds = usualBounds } = parts;
  const position = logPosition(parts.positions, `watch-${log.node}`);
  const canaryKeys = new Set<string>();
  const ending = createEnding();
  const turns = createTurns();
  const ids = new Map<number, string>();
  const start: LogPlace = { segment: 1, offset: 0, index: 0 };
  const state: State = { engine: null, hasBegun: false, place: start, judgedFrom: 0, skipped: 0 };
  let kept = -1;
  let nextKeep = 0;
  let nextSettings = 0;
  const countAlert = metrics.count('claviger_anomaly_alerts_total', 'Alerts of the watch.', ['response']);

  async function begin(): Promise<void> {
    state.engine = await loadEngine(canaryKeys);
    const now = house.clock.now();
    const from = await watchStart({ log, position, learnEventsMax: bounds.learnEventsMax, now, logger });
    Object.assign(state, from, { hasBegun: true });
  }

  async function look({ detector, usageOf }: Engine, event: AuditEvent, index: number): Promise<void> {
    // the log's own writer leaves nothing out; whether somebody else did is for audit verify
    const alert = detector.observe(usageOf(event, { log: event.node, index }, false));
    if (!alert || index < state.judgedFrom) return;
    const told = toldAlert(alert, { event, index }, (number) => ids.get(number) ?? null);
    ids.set(alert.number, told.id);
    const oldest = ids.keys().next();
    if (ids.size > idsMax && !oldest.done) ids.delete(oldest.value);
    countAlert(alert.response);
    await takeDown({ ...parts, ending }, event.environment, told);
  }

  async function keep(): Promise<void> {
    const { place, judgedFrom } = state;
    if (place.index === kept || place.index < judgedFrom) return;
    await position.keep(place);
    kept = place.index;
  }

  /** Leaves out what is too much: a place further on, or null. */
  async function ahead(): Promise<LogPlace | null> {
    const { size } = log.health();
    const { index } = state.place;
    if (size - Math.max(index, state.judgedFrom) <= bounds.waitingMax) return null;
    const indexMin = size - Math.floor(bounds.waitingMax / 2);
    const next = await placeInLog(log.folder, { since: 0, indexMin });
    if (next.index <= index) return null;
    const events = next.index - index;
    state.skipped += events;
    logger.warn('the anomaly watch is behind and leaves events out', { events, from: index });
    return next;
  }

  /** Until the end, or until something must be left out. */
  async function work(engine: Engine, follower: LogFollower): Promise<void> {
    while (!ending.isEnding()) {
      const now = performance.now();
      if (now >= nextSettings) {
        await readCanaries(house, canaryKeys);
        nextSettings = now + settingsMillis;
      }
      const part = await follower.next();
      for (const { index, event } of part?.entries ?? []) {
        await look(engine, event(), index);
        if (ending.isEnding()) return;
        if (turns.isOver()) await turns.rest();
      }
      if (part) state.place = part.place;
      if (now >= nextKeep) {
        await keep();
        nextKeep = now + keepMillis;
      }
      if (!part) await ending.pause(lookMillis);
      const next = part && (await ahead());
      if (!next) continue;
      state.place = next;
      return;
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!ending.isEnding()) {
      let follower: LogFollower | null = null;
      try {
        if (!state.hasBegun) await begin();
        // what was begun and not looked at whole is read again
        follower = followLog(log.folder, state.place, log.end);
        if (state.engine) await work(state.engine, follower);
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn('the anomaly watch failed and goes on', { error: describeError(error) });
        await ending.pause(Math.min(1000 * 2 ** failures, failedMillisMax));
      } finally {
        await follower?.close();
      }
    }
    await keep().catch((error: unknown) =>
      logger.warn('the position of the anomaly watch was not kept', { error: describeError(error) }),
    );
  }

  describeWatch(metrics, { state, size: () => log.health().size, spent: turns.spent });
  const running = run();
  return {
    async caughtUp() {
      const { size } = log.health();
      while ((!state.hasBegun || state.place.index < size) && !ending.isEnding())
        await new Promise((resume) => setTimeout(resume, 5));
    },
    async stop() {
      ending.end();
      await running;
    },
  };
}

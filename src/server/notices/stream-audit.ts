import { followLog, type LogFollower, type LoggedEvent, type LogPlace, type OpenedLog } from '#audit';
import { createEnding } from '../ending.ts';
import { logPosition } from '../log-position.ts';
import { describeError, type Logger } from '../logger.ts';
import { backOff } from './back-off.ts';
import type { Destination } from './destination.ts';

const lookMillis = 500;
const retryMillisMax = 300_000;
/** Events in one request. */
const eventsMax = 500;

type Parts = {
  readonly log: Pick<OpenedLog, 'folder' | 'end' | 'node' | 'health'>;
  readonly positions: string;
  readonly destination: Destination;
  readonly logger: Logger;
  /** Milliseconds until the next try after so many. */
  readonly waitAfter?: (failures: number) => number;
};

/** Tells one destination the log of this node, event by event, in its order, each at least once. */
export interface AuditStream {
  readonly name: string;
  /** Events that it has not been told. */
  readonly waiting: () => number;
  readonly stop: () => Promise<void>;
}

export function streamAudit(parts: Parts): AuditStream {
  const { log, destination, logger, waitAfter = (failures) => backOff(failures, retryMillisMax) } = parts;
  const position = logPosition(parts.positions, `stream-${log.node}-${destination.name}`);
  const ending = createEnding();
  let place: LogPlace | null = null;

  /** A destination that is new is told what comes from now on; audit export has what was before. */
  async function begin(): Promise<LogPlace> {
    const found = await position.read();
    if (found !== null && found !== 'damaged') return found;
    if (found === 'damaged') {
      logger.warn('the position of an audit stream is not readable; it begins again', {
        destination: destination.name,
      });
      return { segment: 1, offset: 0, index: 0 };
    }
    const { segment, length } = log.end();
    const now = { segment, offset: length, index: log.health().size };
    await position.keep(now);
    return now;
  }

  async function tell(events: readonly LoggedEvent[]): Promise<void> {
    for (let at = 0; at < events.length && !ending.isEnding(); at += eventsMax)
      await destination.sendEvents?.(events.slice(at, at + eventsMax));
  }

  async function run(): Promise<void> {
    let follower: LogFollower | null = null;
    let failures = 0;
    while (!ending.isEnding()) {
      try {
        place ??= await begin();
        follower ??= followLog(log.folder, place, log.end);
        const part = await follower.next();
        if (part) {
          await tell(part.entries.map(({ index, event }) => ({ index, event: event() })));
          if (ending.isEnding()) break;
          await position.keep(part.place);
          ({ place } = part);
        }
        failures = 0;
        if (!part) await ending.pause(lookMillis);
      } catch (error) {
        failures += 1;
        const facts = { destination: destination.name, failures, error: describeError(error) };
        logger.warn('the audit log could not be sent and will be tried again', facts);
        // it has read on already: what was not taken over is read again
        await follower?.close().catch(() => undefined);
        follower = null;
        await ending.pause(waitAfter(failures));
      }
    }
    await follower?.close();
  }

  const running = run();
  return {
    name: destination.name,
    waiting: () => (place === null ? 0 : Math.max(0, log.health().size - place.index)),
    async stop() {
      ending.end();
      await running;
    },
  };
}

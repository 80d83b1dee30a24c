import { type LogPlace, type OpenedLog, placeInLog } from '#audit';
import type { LogPosition } from '../log-position.ts';
import type { Logger } from '../logger.ts';

const dayMillis = 86_400_000;
/** What is learnt again from the log after a start, at most. */
const learnDays = 30;

type Parts = {
  readonly log: Pick<OpenedLog, 'folder' | 'health'>;
  readonly position: LogPosition;
  readonly learnEventsMax: number;
  readonly now: number;
  readonly logger: Logger;
};

/** Index of the first event that no start of the watch has judged; at the very first start nothing before it ever is. */
async function firstUnjudged({ position, logger }: Parts, size: number): Promise<number> {
  const found = await position.read();
  if (found === 'damaged') {
    logger.warn('the position of the anomaly watch is not readable; it looks at the whole log again');
    return 0;
  }
  if (found) return Math.min(found.index, size);
  await position.keep({ segment: 1, offset: 0, index: size });
  return size;
}

/** Where the watch begins to read, and from which event on it judges and does not only learn. */
export async function watchStart(
  parts: Parts,
): Promise<{ readonly place: LogPlace; readonly judgedFrom: number }> {
  const { folder } = parts.log;
  const { size } = parts.log.health();
  const judgedFrom = await firstUnjudged(parts, size);
  const since = parts.now - learnDays * dayMillis;
  const learnt = await placeInLog(folder, { since, indexMin: Math.max(0, size - parts.learnEventsMax) });
  const unjudged = await placeInLog(folder, { since: 0, indexMin: judgedFrom });
  return { place: learnt.segment < unjudged.segment ? learnt : unjudged, judgedFrom };
}

import type { OpenedLog } from '#audit';
import type { Door, House, NoticeDestinations } from '#operations';
import { describeError, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Destination } from './destination.ts';
import { createNoticeSender } from './send-notices.ts';
import { type AuditStream, streamAudit } from './stream-audit.ts';

const roundMillis = 2000;
/** What is under way when the server stops gets so long; what it does not tell then is told after the next start. */
const graceMillis = 2000;

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly log: Pick<OpenedLog, 'folder' | 'end' | 'node' | 'health'>;
  readonly positions: string;
  readonly destinations: readonly Destination[];
  readonly metrics: Metrics;
  readonly logger: Logger;
};

/** Who is told of what, by the file of destinations. */
export function destinationsOf(destinations: readonly Destination[]): NoticeDestinations {
  return {
    of: (topic) => destinations.filter((one) => one.topics.has(topic)).map(({ name }) => name),
  };
}

/** Sends notices and the audit log outside, in the background. */
export interface NoticeWork {
  /** What is due now was tried when it resolves. */
  readonly round: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function startNotices(parts: Parts): NoticeWork {
  const { house, door, destinations, metrics, logger } = parts;
  const sender = createNoticeSender({ house, door, destinations, metrics });
  const streams: readonly AuditStream[] = destinations
    .filter((one) => one.topics.has('audit') && one.sendEvents)
    .map((destination) => streamAudit({ ...parts, destination }));
  metrics.labelledGauge(
    'claviger_audit_stream_waiting',
    'Events of the log of this node that a destination was not told.',
    'destination',
    () => streams.map(({ name, waiting }): [string, number] => [name, waiting()]),
  );
  const running = new Set<Promise<void>>();

  function round(): Promise<void> {
    const work = sender
      .round()
      .catch((error: unknown) =>
        logger.warn('notices could not be sent and will be tried again', { error: describeError(error) }),
      )
      .finally(() => running.delete(work));
    running.add(work);
    return work;
  }

  // a round that hangs with one destination does not stop those of the others
  const timer = setInterval(() => void round(), roundMillis);
  timer.unref();
  return {
    round,
    async stop() {
      clearInterval(timer);
      const done = Promise.all([...running, ...streams.map((stream) => stream.stop())]);
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const grace = setTimeout(resolve, graceMillis);
      await Promise.race([done, late]);
      clearTimeout(grace);
    },
  };
}

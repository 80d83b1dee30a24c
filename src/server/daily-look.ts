import { setInterval } from 'node:timers';
import { ClavigerError } from '#domain';
import type { Population } from '#governance';
import { gatherPopulation, runDetectors, type Door, type House } from '#operations';
import { createEnding, type Ending } from './ending.ts';
import { describeError, type Logger } from './logger.ts';

type Parts = { readonly house: House; readonly door: Door; readonly logger: Logger };

/** Looks for flaws in everything once a day; one node does, an hour after it started at the earliest. */
export type DailyLook = {
  /** Looks now, unless some node did within the day; whether it looked. */
  readonly attend: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
};

const hourMillis = 3_600_000;
/** Shorter than a day, so that the look does not come an hour later each day. */
const leaseMillis = 23 * hourMillis;

/** What is walked through ends where the server does: a million keys take a minute. */
async function* untilEnding<T>(pages: AsyncIterable<T>, ending: Ending): AsyncGenerator<T> {
  for await (const page of pages) {
    if (ending.isEnding()) throw new ClavigerError('busy', 'The server stops.');
    yield page;
  }
}

export function startDailyLook({ house, door, logger }: Parts): DailyLook {
  const ending = createEnding();
  let running: Promise<boolean> | null = null;
  let lookedUntil = 0;

  async function look(): Promise<boolean> {
    const now = house.clock.now();
    const lease = { name: 'daily-look', holder: house.log.node, until: now + leaseMillis };
    // the lease is the holder's own to renew: it looked within the day
    if (now < lookedUntil || !(await house.store.takeLease(lease, now))) return false;
    lookedUntil = lease.until;
    const names = (await house.store.environments()).map(({ environment }) => environment.name);
    const scope = { environments: names, isWholeHouse: true };
    const { population } = await gatherPopulation(house, scope, now);
    const walked: Population = {
      head: population.head,
      keys: () => untilEnding(population.keys(), ending),
      events: () => untilEnding(population.events(), ending),
    };
    const summaries = await runDetectors(house, door, walked);
    for (const [environment, { counts, opened, resolved }] of summaries)
      logger.info('looked for flaws', { environment, open: counts.open, opened, resolved });
    return true;
  }

  async function attend(): Promise<boolean> {
    running ??= look()
      .catch((error: unknown) => {
        if (!ending.isEnding())
          logger.warn('the daily look for flaws failed and will be tried again', {
            error: describeError(error),
          });
        lookedUntil = 0;
        return false;
      })
      .finally(() => {
        running = null;
      });
    return running;
  }

  const timer = setInterval(() => void attend(), hourMillis);
  timer.unref();
  return {
    attend,
    async stop() {
      clearInterval(timer);
      ending.end();
      await running;
    },
  };
}

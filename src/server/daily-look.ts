import { setInterval } from 'node:timers';
import { gatherPopulation, runDetectors, type Door, type House } from '#operations';
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

export function startDailyLook({ house, door, logger }: Parts): DailyLook {
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
    const summaries = await runDetectors(house, door, population);
    for (const [environment, { counts, opened, resolved }] of summaries)
      logger.info('looked for flaws', { environment, open: counts.open, opened, resolved });
    return true;
  }

  async function attend(): Promise<boolean> {
    running ??= look()
      .catch((error: unknown) => {
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
      await running;
    },
  };
}

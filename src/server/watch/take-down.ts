import { ClavigerError, type ErrorCode } from '#domain';
import { operations, type Door, type House, type ToldAlert } from '#operations';
import type { Ending } from '../ending.ts';
import { describeError, type Logger } from '../logger.ts';

const retryMillisMax = 30_000;

/** Alerts that no further try would bring in. */
const hopeless: readonly ErrorCode[] = ['input-invalid', 'input-too-large', 'integrity-failed'];

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly ending: Ending;
  readonly logger: Logger;
};

/** Has an alert taken down in its environment, however long that takes; the end comes first. */
export async function takeDown(parts: Parts, environment: string, told: ToldAlert): Promise<void> {
  const { house, door, ending, logger } = parts;
  for (let wait = 1000; !ending.isEnding(); wait = Math.min(wait * 2, retryMillisMax)) {
    try {
      const known = (await house.store.environment(environment)) !== null;
      const where = known ? environment : await house.firstEnvironment();
      await door.runAsSystem(operations.recordAlert, where, told);
      return;
    } catch (error) {
      logger.warn('an alert was not taken down', { alert: told.id, error: describeError(error) });
      if (error instanceof ClavigerError && hopeless.includes(error.code)) return;
    }
    await ending.pause(wait);
  }
}

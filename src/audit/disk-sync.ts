import type { LogFiles } from './files.ts';

/** While a sync takes less than this on the average, waiting for it costs less than cutting batches up. */
const quickMillis = 4;
/** One slow sync says little of the next ones. */
const countedMillisMax = 8;
const measureEveryMillis = 2000;

/**
 * Syncs the journal. Where the disk is quick, the event loop waits for it: what else arrives meanwhile is read in one go and
 * makes a larger batch. Where it is slow, the loop goes on, and now and then it is measured again. With 0 for `quick` milliseconds
 * the loop never waits.
 */
export function createDiskSync(files: LogFiles, quick = quickMillis): (fd: number) => Promise<void> {
  /** How long a sync takes, on the average of the last ones that were measured. */
  let syncMillis = 0;
  let measureAt = 0;
  return async (fd) => {
    const begin = performance.now();
    if (quick === 0 || (syncMillis >= quick && begin < measureAt)) {
      await files.sync(fd);
      return;
    }
    files.syncNow(fd);
    const end = performance.now();
    syncMillis += (Math.min(end - begin, countedMillisMax) - syncMillis) * 0.1;
    measureAt = end + measureEveryMillis;
  };
}

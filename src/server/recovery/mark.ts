import { StopError } from '#domain';
import type { Store } from '#ports';

/** The setting that stands while a restore is not finished: what was loaded may still hold keys that were destroyed. */
export const restoringSetting = 'restoring';

/** Refuses a store over which the ledger of destructions has not been replayed yet. */
export async function requireNotRestoring(store: Store): Promise<void> {
  if ((await store.setting(restoringSetting)) === null) return;
  throw new StopError(
    'integrity-failed',
    'A restore into this store was not finished, so that destroyed keys could come back: run the same claviger backup restore again.',
  );
}

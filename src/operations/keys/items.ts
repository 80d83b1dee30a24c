import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { ClavigerError, type Key } from '#domain';
import { bytes } from '../inputs.ts';
import type { Later } from './uses.ts';

/** How many items one request may have. */
export const itemsMax = 10_000;

/** For which a key is derived, under keys that are derived from; else null. */
export const useContext = bytes(0, 1024).nullable();

/** Of uses that can be tried without effect. */
export const trial = { dryRun: z.boolean().optional() };
export const isDryRun = (wish: { readonly dryRun?: boolean | undefined }): boolean => wish.dryRun ?? false;

export type ItemResult<T> = T | { readonly error: ClavigerError };

/** Why an item failed; what concerns the house fails the whole request. */
function failed(error: unknown): { readonly error: ClavigerError } {
  if (!(error instanceof ClavigerError) || error.code === 'internal' || error.code === 'integrity-failed')
    throw error;
  return { error };
}

/** What an item does, at once where it can be. */
function attempt<I, T extends object>(item: I, work: (item: I) => Later<T>): Later<ItemResult<T>> {
  try {
    const done = work(item);
    return done instanceof Promise ? done.catch(failed) : done;
  } catch (error) {
    return failed(error);
  }
}

/** Milliseconds of one batch after which others are served in between. */
const turnMillis = 10;

/**
 * What each item does, one after the other, or why it failed; a long batch lets others in between. `discard` wipes what was done where the
 * batch as a whole fails.
 */
export async function eachItem<I, T extends object>(
  items: readonly I[],
  work: (item: I) => Later<T>,
  discard?: (results: readonly ItemResult<T>[]) => void,
): Promise<ItemResult<T>[]> {
  const results: ItemResult<T>[] = [];
  let begin = performance.now();
  try {
    for (const item of items) {
      if (performance.now() - begin > turnMillis) {
        await nextTurn();
        begin = performance.now();
      }
      const done = attempt(item, work);
      results.push(done instanceof Promise ? await done : done);
    }
  } catch (error) {
    discard?.(results);
    throw error;
  }
  return results;
}

export function hasFailed<T extends object>(
  result: ItemResult<T>,
): result is { readonly error: ClavigerError } {
  return 'error' in result;
}

export function failures(results: readonly ItemResult<object>[]): number {
  return results.filter(hasFailed).length;
}

/** The context of a use: derived-from keys need one, the others have none; what clients send without need is not heeded. */
export function contextFor(key: Key, context: Uint8Array | null): Uint8Array | null {
  if (!key.derivation) return null;
  if (context && context.length > 0) return context;
  throw new ClavigerError(
    'input-invalid',
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key",
    {
      details: { field: 'context' },
    },
  );
}

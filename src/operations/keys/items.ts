import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import {
  type AlgorithmName,
  ClavigerError,
  type Key,
  type KeyVersion,
  requireApproved,
  requireUsableVersion,
  versionOf,
} from '#domain';
import { bytes, keyReference } from '../inputs.ts';
import type { Work } from '../operation.ts';
import type { Later } from './uses.ts';

/** How many items one request may have. */
const itemsMax = 10_000;

/** For which a key is derived, under keys that are derived from; else null. */
export const useContext = bytes(0, 1024).nullable();

/** Of uses that can be tried without effect. */
export const trial = { dryRun: z.boolean().optional() };
export const isDryRun = (wish: { readonly dryRun?: boolean | undefined }): boolean => wish.dryRun ?? false;

/** What every request of items has. */
export const batchOf = <T extends z.ZodType>(item: T) => ({
  key: keyReference,
  items: z.array(item).min(1).max(itemsMax),
  ...trial,
});

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

/** The versions of the items that were done. */
export function doneVersions(
  items: readonly { readonly version: number }[],
  results: readonly ItemResult<object>[],
): number[] {
  const versions: number[] = [];
  for (const [at, { version }] of items.entries()) {
    const result = results[at];
    if (result && !hasFailed(result)) versions.push(version);
  }
  return versions;
}

/** What the record says of the items. */
export function batchFacts(results: readonly ItemResult<object>[]) {
  return { items: results.length, failed: results.filter(hasFailed).length };
}

/** What items are that name the version which made them, and what is wrong with one that names none of the key's. */
const made = {
  ciphertext: { code: 'ciphertext-invalid', word: 'ciphertext' },
  signature: { code: 'signature-invalid', word: 'signature' },
  code: { code: 'mac-invalid', word: 'HMAC' },
} as const;

type Named = {
  readonly what: keyof typeof made;
  readonly number: number;
  readonly algorithm: AlgorithmName | null;
};

/** The version that made an item, where it may still process. */
export function madeBy({ now, house }: Work, key: Key, { what, number, algorithm }: Named): KeyVersion {
  const version = versionOf(key, number);
  const { code, word } = made[what];
  if (!version)
    throw new ClavigerError(code, `invalid ${word}: version is too new`, { details: { version: number } });
  requireUsableVersion(key, version, 'process', now);
  if (house.fips !== null && algorithm) requireApproved(algorithm, 'process');
  return version;
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

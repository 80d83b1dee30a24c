import type { ClavigerError } from '#domain';
import type { ItemResult } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked } from '../../route.ts';
import { vaultError, VaultError } from '../../vault-error.ts';

const itemsMax = 10_000;

/** One item of a request: what was read of it, or why nothing could be. */
export type Item<T> = { readonly fields: Fields; readonly read: T | VaultError };
export type Items<T> = { readonly isBatch: boolean; readonly items: readonly Item<T>[] };

/** The items of a request: a batch, or the request itself as its only one. */
export function itemsOf<T>(
  { fields }: Pick<Asked, 'fields'>,
  read: (item: Fields, isBatch: boolean) => T,
  require: (batch: readonly Fields[]) => void = () => undefined,
): Items<T> {
  const batch = fields.batch('batch_input');
  if (!batch) return { isBatch: false, items: [{ fields, read: attempt(() => read(fields, false)) }] };
  if (batch.length === 0) throw new VaultError(400, 'missing batch input to process');
  if (batch.length > itemsMax)
    throw new VaultError(400, `too many items in batch_input: at most ${itemsMax}`);
  require(batch);
  return {
    isBatch: true,
    items: batch.map((item) => ({ fields: item, read: attempt(() => read(item, true)) })),
  };
}

export function requireContextsAlike(batch: readonly Fields[]): void {
  const withContext = batch.filter((item) => (item.text('context') ?? '') !== '').length;
  if (withContext !== 0 && withContext !== batch.length)
    throw new VaultError(400, 'context should be set either in all the request blocks or in none');
}

function attempt<T>(work: () => T): T | VaultError {
  try {
    return work();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
}

/** Runs what could be read as one operation, and gives every item its result in its place. */
export async function together<T, R extends object>(
  items: readonly Item<T>[],
  work: (read: readonly T[]) => Promise<readonly ItemResult<R>[]>,
): Promise<readonly (R | VaultError)[]> {
  const readable: T[] = [];
  for (const { read } of items) if (!(read instanceof VaultError)) readable.push(read);
  const results = readable.length === 0 ? [] : await work(readable);
  let next = 0;
  const told: (R | VaultError)[] = [];
  for (const { read } of items) {
    if (read instanceof VaultError) told.push(read);
    else {
      const result = results[next];
      next += 1;
      if (!result) throw new Error('an item has no result');
      told.push(hasFailed(result) ? vaultError(result.error) : result);
    }
  }
  return told;
}

function hasFailed<R extends object>(result: ItemResult<R>): result is { readonly error: ClavigerError } {
  return 'error' in result;
}

/** How a result is told. */
export type Shown<R> = {
  /** What stands beside the error of an item. */
  readonly empty: Readonly<Record<string, unknown>>;
  readonly show: (result: R) => Readonly<Record<string, unknown>>;
};

/** The results of a batch as they are told, each with the reference of its item. */
export function batchResults<T, R extends object>(
  items: readonly Item<T>[],
  results: readonly (R | VaultError)[],
  { empty, show }: Shown<R>,
): readonly Readonly<Record<string, unknown>>[] {
  return results.map((result, at) => ({
    ...(result instanceof VaultError ? { ...empty, error: result.errors.join('; ') } : show(result)),
    reference: items[at]?.fields.text('reference') ?? '',
  }));
}

/** The results of a batch are always answered as 200, whatever became of its items. */
export function plainAnswer<T, R extends object>(
  { isBatch, items }: Items<T>,
  results: readonly (R | VaultError)[],
  shown: Shown<R>,
): Answer {
  if (isBatch) return { data: { batch_results: batchResults(items, results, shown) } };
  const [only] = results;
  if (!only || only instanceof VaultError) throw only ?? new VaultError(500, 'internal error');
  return { data: shown.show(only) };
}

/** The input of an item. A request that is no batch may leave it out: the empty string is signed then. */
export function readInput(item: Fields, isNeeded: boolean, message = 'missing input'): Buffer {
  const text = item.text('input');
  if (text === undefined && isNeeded) throw new VaultError(400, message);
  return item.bytes('input') ?? Buffer.alloc(0);
}

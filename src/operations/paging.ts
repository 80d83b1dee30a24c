import type { Page } from '#ports';

/** One page of a list and the marker of the next; one entry more than asked for tells whether there is a next. */
export async function pageOf<T>(
  page: Page,
  read: (asked: Page) => Promise<readonly T[]>,
  markerOf: (entry: T) => string,
): Promise<{ entries: readonly T[]; next: string | null }> {
  const found = await read({ after: page.after, limit: page.limit + 1 });
  if (found.length <= page.limit) return { entries: found, next: null };
  const entries = found.slice(0, page.limit);
  const last = entries.at(-1);
  return { entries, next: last === undefined ? null : markerOf(last) };
}

/** Keeps the first so many of a stream by an order, in memory for these alone. */
export type Soonest<T> = {
  readonly add: (entry: T) => void;
  /** Those that were kept, the first one first. */
  readonly sorted: () => T[];
};

/** A binary heap of at most `limit` entries with the last one on top, which goes when one comes that is before it. */
export function soonest<T>(limit: number, compare: (a: T, b: T) => number): Soonest<T> {
  const heap: T[] = [];
  const at = (index: number): T => heap[index] as T;

  function swap(a: number, b: number): void {
    const kept = at(a);
    heap[a] = at(b);
    heap[b] = kept;
  }

  function up(from: number): void {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (compare(at(child), at(parent)) <= 0) return;
      swap(child, parent);
      child = parent;
    }
  }

  function down(): void {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      if (left >= heap.length) return;
      const isRight = left + 1 < heap.length && compare(at(left + 1), at(left)) > 0;
      const child = isRight ? left + 1 : left;
      if (compare(at(child), at(parent)) <= 0) return;
      swap(child, parent);
      parent = child;
    }
  }

  return {
    add(entry) {
      if (heap.length < limit) {
        heap.push(entry);
        up(heap.length - 1);
      } else if (limit > 0 && compare(entry, at(0)) < 0) {
        heap[0] = entry;
        down();
      }
    },
    sorted: () => heap.toSorted(compare),
  };
}

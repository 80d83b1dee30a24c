import { ClavigerError } from '#domain';
import type { Store } from '#ports';

/** Milliseconds after which the change sequence is asked again, and after which a cached answer may not be used. */
const askAfterMillis = 200;
const staleAfterMillis = 1000;

/**
 * Keeps a node's caches no older than a second: follows the store's change sequence and hands every changed entity to `drop`.
 * When the store does not answer, nothing is served from a cache: fail closed.
 */
export interface Freshness {
  /** Resolves (or returns) when caches may be used now. Rejects with `store-unavailable`. */
  require(): Promise<void> | undefined;
}

type FreshnessParts = {
  store: Store;
  /** Drops what is cached of these entities; null: everything. */
  drop: (entities: readonly string[] | null) => void;
  /** Milliseconds that never go back; the process's own where absent. */
  monotonic?: () => number;
};

function unavailable(cause?: unknown): ClavigerError {
  return new ClavigerError('store-unavailable', 'The store does not answer in time.', { cause });
}

/** The promise, or `store-unavailable` after the time in which caches may be used. */
async function inTime(answer: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(unavailable()), staleAfterMillis);
  try {
    await Promise.race([answer, late]);
  } catch (cause) {
    throw cause instanceof ClavigerError ? cause : unavailable(cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Follows the change sequence from where it stands now. */
export async function followChanges(parts: FreshnessParts): Promise<Freshness> {
  const monotonic = parts.monotonic ?? (() => performance.now());
  let answeredAt = monotonic();
  let sequence = await parts.store.changeSequence();
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const startedAt = monotonic();
    const now = await parts.store.changeSequence();
    if (now !== sequence) {
      const feed = await parts.store.changesSince(sequence);
      parts.drop(feed.isComplete ? feed.entities : null);
      sequence = feed.sequence;
    }
    answeredAt = startedAt;
  }

  function askOnce(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  const isStale = (): boolean => monotonic() - answeredAt >= staleAfterMillis;

  async function answered(): Promise<void> {
    await inTime(askOnce());
    // a question that was asked long ago says how things were then
    if (isStale()) await inTime(askOnce());
    if (isStale()) throw unavailable();
  }

  return {
    require() {
      if (monotonic() - answeredAt < askAfterMillis) return undefined;
      if (isStale()) return answered();
      askOnce().catch(() => undefined);
      return undefined;
    },
  };
}

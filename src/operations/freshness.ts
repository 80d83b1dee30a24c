import { ClavigerError } from '#domain';
import type { Clock, Store } from '#ports';

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
  clock: Clock;
  /** Drops what is cached of these entities; null: everything. */
  drop: (entities: readonly string[] | null) => void;
};

/** Follows the change sequence from where it stands now. */
export async function followChanges(parts: FreshnessParts): Promise<Freshness> {
  let sequence = await parts.store.changeSequence();
  let answeredAt = performance.now();
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const startedAt = performance.now();
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

  return {
    require() {
      const age = performance.now() - answeredAt;
      if (age < askAfterMillis) return undefined;
      const answer = askOnce();
      if (age < staleAfterMillis) {
        answer.catch(() => undefined);
        return undefined;
      }
      return answer.catch((cause: unknown) => {
        if (cause instanceof ClavigerError) throw cause;
        throw new ClavigerError('store-unavailable', 'The store does not answer.', { cause });
      });
    },
  };
}

import type { LastUse } from '#domain';
import type { Store, UsageReport } from '#ports';

/** Remembers what last used each key; told to the store in the background, asked from memory first. */
export interface LastUses {
  note(keyId: string, use: LastUse): void;
  of(keyId: string): Promise<LastUse | null>;
  /** Tells the store what it has not heard yet. */
  flush(): Promise<void>;
}

const waitingMax = 50_000;

function newer(one: LastUse | null | undefined, other: LastUse | null | undefined): LastUse | null {
  if (!one || !other) return one ?? other ?? null;
  return one.at >= other.at ? one : other;
}

export function createLastUses(store: Store): LastUses {
  let waiting = new Map<string, LastUse>();
  // what the store is being told now: until it has heard it, it is asked here
  let telling: ReadonlyMap<string, LastUse> = new Map();

  function note(keyId: string, use: LastUse): void {
    const known = waiting.get(keyId);
    if (known ? use.at >= known.at : waiting.size < waitingMax) waiting.set(keyId, use);
  }

  return {
    note,

    async of(keyId) {
      const recent = newer(waiting.get(keyId), telling.get(keyId));
      return newer(recent, await store.lastUse(keyId));
    },

    async flush() {
      if (waiting.size === 0) return;
      const batch = waiting;
      telling = batch;
      waiting = new Map();
      const reports: UsageReport[] = [...batch].map(([keyId, lastUse]) => ({ keyId, lastUse }));
      try {
        await store.recordLastUses(reports);
      } catch (error) {
        for (const [keyId, use] of batch) note(keyId, use);
        throw error;
      } finally {
        telling = new Map();
      }
    },
  };
}

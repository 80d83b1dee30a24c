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

export function createLastUses(store: Store): LastUses {
  let waiting = new Map<string, LastUse>();

  return {
    note(keyId, use) {
      if (waiting.size < waitingMax || waiting.has(keyId)) waiting.set(keyId, use);
    },

    async of(keyId) {
      const stored = await store.lastUse(keyId);
      const recent = waiting.get(keyId) ?? null;
      if (!recent || !stored) return recent ?? stored;
      return recent.at >= stored.at ? recent : stored;
    },

    async flush() {
      if (waiting.size === 0) return;
      const telling = waiting;
      waiting = new Map();
      const reports: UsageReport[] = [...telling].map(([keyId, lastUse]) => ({ keyId, lastUse }));
      try {
        await store.recordLastUses(reports);
      } catch (error) {
        for (const [keyId, use] of telling) if (!waiting.has(keyId)) waiting.set(keyId, use);
        throw error;
      }
    },
  };
}

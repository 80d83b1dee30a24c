import type { Instant } from '#domain';
import type { KeyUseReport, Store } from '#ports';

type Use = {
  readonly version: number;
  readonly principal: string;
  readonly act: 'protect' | 'process';
  readonly at: Instant;
  readonly count: number;
};

/** Counts who uses which version of which key how; told to the store in the background. */
export interface KeyUses {
  note(keyId: string, use: Use): void;
  /** Tells the store what it has not heard yet. */
  flush(): Promise<void>;
}

type Counter = { -readonly [P in keyof KeyUseReport]: KeyUseReport[P] };

/** Keys that wait for the store; what comes when there are more is in the audit log alone. */
const keysMax = 20_000;
/** Counters of one key; who comes when there are more is counted together. */
const countersMax = 200;
const several = '*';

export function createKeyUses(store: Pick<Store, 'relations'>): KeyUses {
  let waiting = new Map<string, Counter[]>();

  function add(keyId: string, use: Omit<KeyUseReport, 'keyId'>): void {
    let counters = waiting.get(keyId);
    if (!counters) {
      if (waiting.size >= keysMax) return;
      counters = [];
      waiting.set(keyId, counters);
    }
    // there are few of them, and the one that was there before is mostly the first
    for (const counter of counters) {
      if (counter.version !== use.version || counter.act !== use.act || counter.principal !== use.principal)
        continue;
      counter.count += use.count;
      if (use.firstAt < counter.firstAt) counter.firstAt = use.firstAt;
      if (use.lastAt > counter.lastAt) counter.lastAt = use.lastAt;
      return;
    }
    const isSeveral = use.principal === several;
    if (counters.length < (isSeveral ? 2 * countersMax : countersMax)) counters.push({ keyId, ...use });
    else if (!isSeveral) add(keyId, { ...use, principal: several });
  }

  return {
    note(keyId, { version, principal, act, at, count }) {
      add(keyId, { version, principal, act, count, firstAt: at, lastAt: at });
    },

    async flush() {
      if (waiting.size === 0) return;
      const batch = waiting;
      waiting = new Map();
      const reports = [...batch.values()].flat();
      try {
        await store.relations.recordUses(reports);
      } catch (error) {
        for (const { keyId, ...use } of reports) add(keyId, use);
        throw error;
      }
    },
  };
}

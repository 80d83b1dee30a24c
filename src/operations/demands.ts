import type { Demand, Instant } from '#domain';
import type { DemandReport, Store } from '#ports';

/** Counts who still asks for keys that wait for their destruction; told to the store in the background. */
export interface Demands {
  note(keyId: string, asked: { readonly principal: string; readonly operation: string; at: Instant }): void;
  /** What is known of a key, here and in the store, the most frequent first. */
  of(keyId: string): Promise<readonly Demand[]>;
  /** Tells the store what it has not heard yet. */
  flush(): Promise<void>;
}

/** Entries that wait for the store; who comes when there are more is counted together for each key, as far as there is room. */
const waitingMax = 10_000;
const othersMax = 10_000;
/** Stands for several principals and operations. */
const several = '*';

type Counted = Map<string, DemandReport>;

function add(counted: Counted, report: DemandReport): void {
  const name = JSON.stringify([report.keyId, report.principal, report.operation]);
  const known = counted.get(name);
  if (!known) {
    if (counted.size < waitingMax) {
      counted.set(name, report);
    } else if (report.principal !== several) {
      addOthers(counted, { ...report, principal: several, operation: several });
    }
    return;
  }
  counted.set(name, {
    ...known,
    count: known.count + report.count,
    firstAt: Math.min(known.firstAt, report.firstAt),
    lastAt: Math.max(known.lastAt, report.lastAt),
  });
}

function addOthers(counted: Counted, report: DemandReport): void {
  const name = JSON.stringify([report.keyId, several, several]);
  if (counted.has(name)) add(counted, report);
  // what finds no room is in the audit log alone
  else if (counted.size < waitingMax + othersMax) counted.set(name, report);
}

export function createDemands(store: Store): Demands {
  let waiting: Counted = new Map();
  // what the store is being told now: until it has heard it, it is asked here
  let telling: Counted = new Map();

  return {
    note(keyId, { principal, operation, at }) {
      add(waiting, { keyId, principal, operation, count: 1, firstAt: at, lastAt: at });
    },

    async of(keyId) {
      const all: Counted = new Map();
      const here = [...waiting.values(), ...telling.values()].filter((report) => report.keyId === keyId);
      const stored = await store.destructions.demands(keyId);
      for (const demand of [...stored, ...here]) add(all, { ...demand, keyId });
      return [...all.values()]
        .map(({ principal, operation, count, firstAt, lastAt }) => {
          return { principal, operation, count, firstAt, lastAt };
        })
        .sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
    },

    async flush() {
      if (waiting.size === 0) return;
      const batch = waiting;
      telling = batch;
      waiting = new Map();
      try {
        await store.destructions.recordDemands([...batch.values()]);
      } catch (error) {
        for (const report of batch.values()) add(waiting, report);
        throw error;
      } finally {
        telling = new Map();
      }
    },
  };
}

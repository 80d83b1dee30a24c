import type { Instant } from '#domain';
import { nodeLeasePrefix, type House } from '#operations';

/** Tells the others that this node runs, by a lease of its name. */
export type Presence = {
  /** Renews the lease where it is time. */
  readonly renew: () => Promise<void>;
  /** Ends it: this node holds nothing in memory any more. */
  readonly leave: () => Promise<void>;
};

const leaseMillis = 60_000;
const renewMillis = 10_000;

type Parts = {
  readonly house: Pick<House, 'store' | 'clock' | 'log' | 'keys'>;
  /** Milliseconds that never go back; the process's own where absent. */
  readonly monotonic?: () => number;
};

export function createPresence({ house, monotonic = () => performance.now() }: Parts): Presence {
  const name = `${nodeLeasePrefix}${house.log.node}`;
  let renewed: { readonly at: number; readonly now: Instant } | null = null;

  async function take(now: Instant, until: Instant): Promise<void> {
    await house.store.takeLease({ name, holder: house.log.node, until }, now);
  }

  return {
    async renew() {
      const [at, now] = [monotonic(), house.clock.now()];
      if (renewed) {
        // also where the clock was set: others go by theirs
        const passed = Math.max(at - renewed.at, Math.abs(now - renewed.now));
        if (passed < renewMillis) return;
        // who is not seen to run is asked for nothing: so what it holds in memory must go
        if (passed >= leaseMillis) house.keys.drop(null);
      }
      await take(now, now + leaseMillis);
      renewed = { at, now };
    },
    async leave() {
      renewed = null;
      house.keys.drop(null);
      const now = house.clock.now();
      await take(now, now);
    },
  };
}

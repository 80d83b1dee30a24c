import type { House } from './house.ts';

/** What the leases begin with that nodes renew while they run. */
export const nodeLeasePrefix = 'node:';

/** Names of the nodes that run now, this one with them, in their order. */
export async function liveNodes({ store, clock, log }: Pick<House, 'store' | 'clock' | 'log'>) {
  const leases = await store.leases(nodeLeasePrefix, clock.now());
  const names = leases.map(({ name }) => name.slice(nodeLeasePrefix.length));
  return [...new Set([...names, log.node])].sort();
}

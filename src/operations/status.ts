import { z } from 'zod';
import type { LogHealth, RootDescription } from '#ports';
import { defineOperation } from './define.ts';

const nothing = z.strictObject({});

export type ServerStatus = {
  readonly node: string;
  readonly store: string;
  readonly root: RootDescription;
  readonly log: LogHealth;
  readonly keys: number;
  readonly cachedKeys: number;
  /** What is said of the FIPS provider; null: no FIPS mode. */
  readonly fips: string | null;
};

/** How the house is doing, for its administrators. */
export const serverStatus = defineOperation<z.infer<typeof nothing>, ServerStatus>({
  name: 'server.status',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'server:status',
  run: async ({ house, caller }) => ({
    output: {
      node: house.log.node,
      store: house.store.capabilities.kind,
      root: house.root.describe(),
      log: house.log.health(),
      keys: await house.store.countKeys(caller.principal.environment),
      cachedKeys: house.keys.size,
      fips: house.fips,
    },
  }),
});

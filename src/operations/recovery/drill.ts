import { z } from 'zod';
import type { Key } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import { updateOf } from '../keys/change.ts';

const input = z.strictObject({
  /** The backup that was tried. */
  backup: z.uuid(),
  /** Keys of the environment whose material was opened, version by version. */
  keys: z.array(z.string().max(64)).min(1).max(500),
});
type Input = z.infer<typeof input>;

/** Takes down that keys were recovered in a drill: each of them says since then when it was last proven recoverable. */
export const recordDrill = defineOperation<Input, { readonly recorded: number }>({
  name: 'recovery.record-drill',
  kind: 'manage',
  input,
  targets: [],
  permission: 'recovery:record-drill',
  run: async ({ house, caller, now }, { backup, keys }) => {
    const changes: Change[] = [];
    for (const id of new Set(keys)) {
      const stored = await house.store.key(id);
      if (stored?.key.environment !== caller.principal.environment) continue;
      const after: Key = { ...stored.key, provenRecoverableAt: now };
      changes.push(updateOf(stored.key, after));
    }
    return { output: { recorded: changes.length }, changes, facts: { backup, keys: changes.length } };
  },
});

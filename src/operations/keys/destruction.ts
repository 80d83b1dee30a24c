import { z } from 'zod';
import {
  canBeVerified,
  checked,
  ClavigerError,
  mustLook,
  type Demand,
  type Destruction,
  type Key,
} from '#domain';
import type { Change } from '#ports';
import { anyCondition, defineOperation, onKey, present } from '../define.ts';
import type { House } from '../house.ts';
import { keyReference } from '../inputs.ts';
import { liveNodes } from '../nodes.ts';
import type { KeyCondition } from '../operation.ts';
import { lookFor } from './destruction-probes.ts';
import { openingCopies, type OpeningCopy } from './opening-copies.ts';

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

const destroyedOnly: readonly KeyCondition[] = ['destroyed'];
const alsoDestroyed: readonly KeyCondition[] = [...anyCondition, 'destroyed'];

/** The commit of a destruction that was changed from what was read (null: there was none). */
export function destructionPut(before: Destruction | null, after: Destruction): Change {
  return { kind: 'destruction-put', destruction: after, expectedRevision: before?.revision ?? null };
}

/** The destruction of a key that was not called off; null: there is no record of one. */
export async function standingDestruction(
  { store }: Pick<House, 'store'>,
  keyId: string,
): Promise<Destruction | null> {
  const [newest] = await store.destructions.ofKey(keyId);
  return newest && newest.step !== 'cancelled' ? newest : null;
}

export type DestructionReport = {
  readonly key: Key;
  /** The newest one; null: none was ever asked for. */
  readonly destruction: Destruction | null;
  /** Name of the principal who asked for it; null: there is no such principal (any more). */
  readonly requester: string | null;
  /** Who asked for the key since it stopped. */
  readonly demands: readonly Demand[];
  /** Registered copies that can still open the key. */
  readonly copies: readonly OpeningCopy[];
};

/** How far the destruction of a key has come, who still asks for it, and what could still open it. */
export const describeDestruction = defineOperation<KeyOnly, DestructionReport>({
  name: 'keys.describe-destruction',
  kind: 'read',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({
      permission: 'keys:describe-destruction',
      act: 'inspect',
      conditions: alsoDestroyed,
    }),
  ],
  run: async ({ house, keys }) => {
    const { key } = present(keys[0]);
    const [destruction = null] = await house.store.destructions.ofKey(key.id);
    const copies = await openingCopies(house, key, destruction?.execution?.at ?? null);
    const demands = destruction ? await house.demands.of(key.id) : [];
    const asked = destruction && (await house.store.principal(destruction.requestedBy));
    return { output: { key, destruction, requester: asked?.name ?? null, demands, copies } };
  },
});

/**
 * This node looks whether a destroyed key still opens anything, and writes what it saw; the last of those who must look makes the
 * destruction `verified`, once the store has no old copy of the material left. Only the house asks for it.
 */
export const checkDestruction = defineOperation<KeyOnly, Destruction>({
  name: 'keys.check-destruction',
  kind: 'manage',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({ permission: 'keys:check-destruction', act: 'manage', conditions: destroyedOnly }),
  ],
  run: async ({ house, keys, now }) => {
    const { key } = present(keys[0]);
    const before = await standingDestruction(house, key.id);
    if (!before) {
      throw new ClavigerError('key-state-forbids', `There is no record of the destruction of key ${key.id}.`);
    }
    const nodes = await liveNodes(house);
    const looks = mustLook(before, { node: house.log.node, liveNodes: nodes, now });
    if (!looks && !canBeVerified(before, nodes)) return { output: before };
    const checks = looks ? await lookFor(house, key, before, now) : [];
    const after = checked(before, checks, nodes);
    if (after.step === 'verified') await house.store.finishErasure();
    return {
      output: after,
      changes: [destructionPut(before, after)],
      facts: {
        destruction: after.id,
        step: after.step,
        versions: checks.length,
        opens: checks.filter(({ opens }) => opens).length,
      },
    };
  },
});

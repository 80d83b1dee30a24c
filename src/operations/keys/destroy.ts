import { z } from 'zod';
import {
  changeState,
  ClavigerError,
  isDestroyed,
  type Instant,
  type Key,
  type KeyName,
  type KeyVersion,
} from '#domain';
import type { Change } from '#ports';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import type { House } from '../house.ts';
import type { KeyCondition } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { destroyInDevice } from './device-version.ts';
import { suspended } from './suspend.ts';

const dayMillis = 86_400_000;
const namesAtOnce = 1000;
const scheduledOnly: readonly KeyCondition[] = ['destruction-scheduled'];

const scheduleInput = z.strictObject({
  key: keyReference,
  /** How many days the destruction can still be cancelled. */
  waitingDays: z.number().int().min(7).max(30),
});
type ScheduleInput = z.infer<typeof scheduleInput>;

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

/** Schedules the destruction of a key: it stops working now, and can be brought back until the day comes. */
export const scheduleDestruction = defineOperation<ScheduleInput, Key>({
  name: 'keys.schedule-destruction',
  kind: 'manage',
  input: scheduleInput,
  targets: [
    onKey<ScheduleInput>({
      permission: 'keys:schedule-destruction',
      act: 'manage',
      conditions: notScheduled,
    }),
  ],
  conditions: ({ waitingDays }) => ({ 'kms:ScheduleKeyDeletionPendingWindowInDays': String(waitingDays) }),
  run: ({ keys, now }, { waitingDays }) => {
    const { key } = present(keys[0]);
    const destruction = { requestedAt: now, dueAt: now + waitingDays * dayMillis, waitingDays };
    const after = { ...key, destruction };
    return {
      output: revised(key, after),
      changes: [updateOf(key, after)],
      facts: { waitingDays, dueAt: destruction.dueAt },
    };
  },
});

/** Calls a destruction off; the key comes back suspended. Once the day has come it is too late. */
export const cancelDestruction = defineOperation<KeyOnly, Key>({
  name: 'keys.cancel-destruction',
  kind: 'manage',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({ permission: 'keys:cancel-destruction', act: 'manage', conditions: scheduledOnly }),
  ],
  run: ({ keys, now }) => {
    const { key } = present(keys[0]);
    requireNotDue(key, now);
    const back: Key = { ...key, destruction: null };
    const after = suspended(back, { at: now, cause: 'destruction-cancelled' });
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

function requireNotDue(key: Key, now: Instant): void {
  if (!key.destruction || now < key.destruction.dueAt) return;
  throw new ClavigerError(
    'key-destruction-scheduled',
    `Key ${key.id} is being destroyed: it is too late to cancel.`,
  );
}

function destroyed(version: KeyVersion, now: Instant): KeyVersion {
  if (isDestroyed(version.state)) return version;
  const to = version.state === 'compromised' ? 'destroyed-compromised' : 'destroyed';
  return changeState(version, to, { at: now, cause: 'destruction-due' });
}

/** The key with every version destroyed. */
export function destroyedKey(key: Key, now: Instant): Key {
  return {
    ...key,
    destruction: null,
    rotation: null,
    versions: key.versions.map((version) => destroyed(version, now)),
  };
}

/** All names of a key. */
export async function namesOf(house: Pick<House, 'store'>, key: Key): Promise<KeyName[]> {
  const found: KeyName[] = [];
  for (let after: string | null = null; ; after = found.at(-1)?.name ?? null) {
    const page = await house.store.names(key.environment, key.region, key.id, { after, limit: namesAtOnce });
    found.push(...page);
    if (page.length < namesAtOnce) return found;
  }
}

/**
 * Destroys a key whose day has come: the shred secret first (all copies of the material become noise), then the material in the store,
 * then its names. Only the house asks for it; asked again after a crash, it finishes what it began.
 */
export const destroyDueKey = defineOperation<KeyOnly, Key>({
  name: 'keys.destroy',
  kind: 'manage',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:destroy', act: 'manage', conditions: anyCondition })],
  run: async ({ house, keys, now }) => {
    const { key } = present(keys[0]);
    if (!key.destruction || now < key.destruction.dueAt) {
      throw new ClavigerError('key-state-forbids', `Key ${key.id} is not due for destruction.`);
    }
    await destroyInDevice(house, key.versions);
    await house.hierarchy.shred(key.id);
    const after = destroyedKey(key, now);
    const forgotten = (await namesOf(house, key)).map(
      ({ environment, region, name }): Change => ({
        kind: 'name-deleted',
        environment,
        region,
        name,
        expectedKeyId: key.id,
      }),
    );
    const erased = key.versions.map((version) => version.number);
    return {
      output: revised(key, after),
      changes: [updateOf(key, after, { erased }), ...forgotten],
      facts: { versions: erased.length, names: forgotten.length },
    };
  },
});

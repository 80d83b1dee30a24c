import { z } from 'zod';
import { newId } from '#crypto';
import {
  begun,
  cancelled,
  changeState,
  ClavigerError,
  executed,
  isDestroyed,
  newDestruction,
  type Destruction,
  storedNumbers,
  withoutMaterials,
  type Instant,
  type Key,
  type KeyName,
  type KeyVersion,
} from '#domain';
import type { Change } from '#ports';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference, textLine } from '../inputs.ts';
import type { House } from '../house.ts';
import { liveNodes } from '../nodes.ts';
import type { KeyCondition } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { destructionPut, standingDestruction } from './destruction.ts';
import { makeProbes } from './destruction-probes.ts';
import { destroyInDevice } from './device-version.ts';
import { suspended } from './suspend.ts';

const dayMillis = 86_400_000;
const namesAtOnce = 1000;
const namesTold = 100;
const scheduledOnly: readonly KeyCondition[] = ['destruction-scheduled'];

const scheduleInput = z.strictObject({
  key: keyReference,
  /** How many days the destruction can still be cancelled. */
  waitingDays: z.number().int().min(7).max(30),
  /** Why, for the record and the certificate. */
  reason: textLine.nullable().optional(),
  /** Its names are free at once, for protocols whose clients think that the key is gone. */
  releasesNames: z.boolean().optional(),
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
  quorum: ({ releasesNames }) => (releasesNames ? ['destroy', 'import-replace'] : 'destroy'),
  run: async ({ caller, house, keys, now }, { waitingDays, reason = null, releasesNames = false }) => {
    const { key } = present(keys[0]);
    if (releasesNames && !key.deletable)
      throw new ClavigerError('key-state-forbids', 'deletion is not allowed for this key');
    const names = releasesNames ? await namesOf(house, key) : [];
    const destruction = { requestedAt: now, dueAt: now + waitingDays * dayMillis, waitingDays };
    const after = { ...key, destruction };
    const record = newDestruction(after, { id: newId(), requestedBy: caller.principal.id, reason });
    return {
      output: revised(key, after),
      changes: [updateOf(key, after), destructionPut(null, record), ...names.map(withoutName)],
      facts: { waitingDays, dueAt: destruction.dueAt, destruction: record.id, reason, names: names.length },
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
  run: async ({ house, keys, now }) => {
    const { key } = present(keys[0]);
    requireNotDue(key, now);
    const record = await standingDestruction(house, key.id);
    // also where the clock was set back since
    const off = record && destructionPut(record, cancelled(record));
    const back: Key = { ...key, destruction: null };
    const after = suspended(back, { at: now, cause: 'destruction-cancelled' });
    return { output: revised(key, after), changes: [updateOf(key, after), ...(off ? [off] : [])] };
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
export function destroyedKey({ pending: _waiting, ...whole }: Key, now: Instant): Key {
  const key = whole.imported ? withoutMaterials(whole, storedNumbers(whole)) : whole;
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

export function withoutName({ environment, region, name, keyId }: KeyName): Change {
  return { kind: 'name-deleted', environment, region, name, expectedKeyId: keyId };
}

/** How the material of a key is destroyed. */
export function executionMethod({ versions }: Pick<Key, 'versions'>): Method {
  return versions.some(({ device }) => device) ? 'device-zeroization' : 'cryptographic-erase';
}
type Method = NonNullable<Destruction['execution']>['method'];

/** Of a key that was scheduled before destructions had records. */
const unknownRequest = { requestedBy: '-', reason: null } as const;
/** How long an outage of the root may hold up what was due. */
const patienceMillis = dayMillis;

/**
 * Begins the destruction of a key whose day has come: from here on it can't be called off. What is known of each version is taken down, by
 * which its end will be seen. Only the house asks for it; asked again it changes nothing.
 */
export const beginDestruction = defineOperation<KeyOnly, Destruction>({
  name: 'keys.begin-destruction',
  kind: 'manage',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({ permission: 'keys:begin-destruction', act: 'manage', conditions: anyCondition }),
  ],
  run: async ({ house, keys, now }) => {
    const { key, opened } = present(keys[0]);
    const { destruction } = key;
    if (!destruction || now < destruction.dueAt) {
      throw new ClavigerError('key-state-forbids', `Key ${key.id} is not due for destruction.`);
    }
    const before = await standingDestruction(house, key.id);
    if (before?.step === 'begun') return { output: before };
    const isPatient = now < destruction.dueAt + patienceMillis;
    const probes = await makeProbes(house, opened, isPatient);
    const after = before
      ? begun(before, probes)
      : { ...begun(newDestruction(key, { id: newId(), ...unknownRequest }), probes), revision: 1 };
    return {
      output: after,
      // the key is written too: whoever read it before may not change it any more
      changes: [updateOf(key, key), destructionPut(before, after)],
      facts: { destruction: after.id, versions: probes.length },
    };
  },
});

/**
 * Destroys a key whose destruction has begun: the device object or the shred secret first (all copies of the material become noise), then the
 * material in the store, then its names. Only the house asks for it; asked again after a crash, it finishes what it began.
 */
export const destroyDueKey = defineOperation<KeyOnly, Key>({
  name: 'keys.destroy',
  kind: 'manage',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:destroy', act: 'manage', conditions: anyCondition })],
  run: async ({ house, caller, keys, now }) => {
    const { key } = present(keys[0]);
    const before = await standingDestruction(house, key.id);
    if (!key.destruction || before?.step !== 'begun') {
      throw new ClavigerError('key-state-forbids', `The destruction of key ${key.id} has not begun.`);
    }
    await destroyInDevice(house, key.versions);
    await house.hierarchy.shred(key.id);
    const after = destroyedKey(key, now);
    const names = await namesOf(house, key);
    const record = executed(before, {
      at: now,
      node: house.log.node,
      eventId: caller.requestId,
      method: executionMethod(key),
      // looked for after the secret went: who comes later finds nothing to open
      nodes: await liveNodes(house),
      names: names.slice(0, namesTold).map(({ name }) => name),
    });
    const forgotten = names.map(withoutName);
    const erased = storedNumbers(key);
    return {
      output: revised(key, after),
      changes: [updateOf(key, after, { erased }), destructionPut(before, record), ...forgotten],
      facts: { versions: erased.length, names: forgotten.length, destruction: record.id },
    };
  },
});

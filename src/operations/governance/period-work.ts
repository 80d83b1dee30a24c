import { z } from 'zod';
import {
  changeState,
  currentVersion,
  endedVersions,
  heldTo,
  isDestroyed,
  originatorEnd,
  periodTaskDue,
  replaceVersion,
  rotatesItself,
  type Instant,
  type Key,
  type PeriodTask,
} from '#domain';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import type { House } from '../house.ts';
import { keyReference } from '../inputs.ts';
import type { Operation, Outcome } from '../operation.ts';
import { revised, updateOf } from '../keys/change.ts';
import { withoutVersions } from '../keys/ended-versions.ts';
import { rotated } from '../keys/rotate.ts';
import { periodPolicyOf } from './period-policy.ts';

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;
type Done = { readonly key: Key; readonly erased?: readonly number[]; readonly facts: Outcome<Key>['facts'] };

/** Work of the house that is due on one key: done once, however many nodes ask for it. */
function work(
  task: PeriodTask,
  name: 'deactivate-ended' | 'destroy-ended-versions' | 'period-notice',
  act: (house: House, key: Key, now: Instant) => Done | Promise<Done>,
): Operation<KeyOnly, Key> {
  return defineOperation<KeyOnly, Key>({
    name: `governance.${name}`,
    kind: 'manage',
    input: keyOnly,
    targets: [onKey<KeyOnly>({ permission: `governance:${name}`, act: 'manage', conditions: notScheduled })],
    run: async ({ house, keys, now }) => {
      const { key } = present(keys[0]);
      const due = periodTaskDue(key, task);
      if (due === null || now < due) return { output: key };
      const { key: after, erased = [], facts } = await act(house, key, now);
      return {
        output: revised(key, after),
        changes: [updateOf(key, after, { erased })],
        ...(facts && { facts }),
      };
    },
  });
}

//= sp800-57p1r5 7.3: an active key whose originator period is over and that may still process is deactivated
/** Deactivates the newest version of a key that is not rotated by itself, at the end of its originator period. */
export const deactivateEnded = work('deactivate', 'deactivate-ended', (_house, key, now) => {
  const version = currentVersion(key);
  const change = { at: now, cause: 'originator-period-over' } as const;
  const facts = { version: version.number, endedAt: originatorEnd(version) };
  return { key: replaceVersion(key, changeState(version, 'deactivated', change)), facts };
});

/** Says on the record, once for each version, that four fifths of its originator period are over and that nothing rotates the key. */
export const tellNearEnd = work('tell-near-end', 'period-notice', (_house, key) => {
  const version = currentVersion(key);
  const facts = {
    version: version.number,
    protectUntil: originatorEnd(version),
    owner: key.owner,
    spec: key.spec,
  };
  return { key: { ...key, periodNotice: version.number }, facts };
});

/** Destroys older versions whose recipient period is over for as long as a destruction waits, where the policy says so. */
export const destroyEndedVersions = work(
  'destroy-versions',
  'destroy-ended-versions',
  async (house, key, now) => {
    const numbers = endedVersions(key)
      .filter(({ at }) => now >= at)
      .map(({ number }) => number);
    const after = await withoutVersions(house, key, numbers, { at: now, cause: 'destruction-due' });
    return { key: after, erased: numbers, facts: { versions: numbers.join(' ') } };
  },
);

/** Whether a key that protects now would not any more, with its periods as they are told. */
function stops(before: Key, after: Key, now: Instant): boolean {
  const end = originatorEnd(currentVersion(before));
  const wanted = originatorEnd(currentVersion(after));
  return (
    end !== null && wanted !== null && now < end && now >= wanted && currentVersion(before).state === 'active'
  );
}

const holdInput = keyOnly.extend({
  /** Write the key though nothing changes: an older version of the program put down its next date. */
  isStale: z.boolean(),
});
type HoldInput = z.infer<typeof holdInput>;

/**
 * Holds a key to the crypto-period policy of its environment: no version keeps a wider bound than the policy's, and none gets one. A key
 * that is rotated by itself is rotated at once where it would stop protecting. Only the house asks for it.
 */
export const holdToPeriodPolicy = defineOperation<HoldInput, Key>({
  name: 'governance.hold-to-period-policy',
  kind: 'manage',
  input: holdInput,
  targets: [
    onKey<HoldInput>({
      permission: 'governance:hold-to-period-policy',
      act: 'manage',
      conditions: [...anyCondition, 'destroyed'],
    }),
  ],
  run: async ({ house, keys, now }, { isStale }) => {
    const { key } = present(keys[0]);
    const policy = await periodPolicyOf(house, key.environment);
    const after = isDestroyed(currentVersion(key).state) ? key : heldTo(policy, key);
    if (after === key && !isStale) return { output: key };
    const isIdle = key.suspendedAt !== null || key.destruction !== null || key.origin === 'imported';
    if (!isIdle && rotatesItself(after) && stops(key, after, now))
      return rotated({ house, key: after, now, kind: 'automatic', isEarly: true });
    return {
      output: revised(key, after),
      changes: [updateOf(key, after)],
      facts: { profile: policy.profile, protectUntil: originatorEnd(currentVersion(after)) },
    };
  },
});

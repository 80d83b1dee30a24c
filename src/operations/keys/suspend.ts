import { z } from 'zod';
import { currentVersion, originatorEnd, type Key } from '#domain';
import { defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import { revised, updateOf, withCurrentState } from './change.ts';

const input = z.strictObject({ key: keyReference });
type Input = z.infer<typeof input>;

/** Suspends a key: nothing of it works until it is enabled again. Doing it twice is no error. */
export const disableKey = defineOperation<Input, Key>({
  name: 'keys.disable',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:disable', act: 'manage', conditions: notScheduled })],
  run: ({ keys, now }) => {
    const { key } = present(keys[0]);
    if (currentVersion(key).state === 'suspended') return { output: key };
    const after = withCurrentState(key, 'suspended', { at: now, cause: 'suspended-by-request' });
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

/** Resumes a suspended key; one whose originator period ended meanwhile comes back deactivated. */
export const enableKey = defineOperation<Input, Key>({
  name: 'keys.enable',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:enable', act: 'manage', conditions: notScheduled })],
  run: ({ keys, now }) => {
    const { key } = present(keys[0]);
    const version = currentVersion(key);
    if (version.state !== 'suspended') return { output: key };
    //= sp800-57p1r5 7.4: a suspended key becomes active again only inside its crypto-period
    const end = originatorEnd(version);
    const over = end !== null && now >= end;
    const after = over
      ? withCurrentState(key, 'deactivated', { at: now, cause: 'originator-period-over' })
      : withCurrentState(key, 'active', { at: now, cause: 'resumed-by-request' });
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

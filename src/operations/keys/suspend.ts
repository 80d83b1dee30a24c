import { z } from 'zod';
import { ClavigerError, currentVersion, originatorEnd, type Instant, type Key } from '#domain';
import { defineOperation, onKey, present, withMaterial } from '../define.ts';
import { keyReference } from '../inputs.ts';
import { revised, updateOf, withCurrentState } from './change.ts';

const input = z.strictObject({ key: keyReference });
type Input = z.infer<typeof input>;

type Suspension = {
  readonly at: Instant;
  readonly cause: 'suspended-by-request' | 'destruction-cancelled';
};

/** The key as a whole suspended, and its newest version with it where the table has the transition. */
export function suspended(key: Key, change: Suspension): Key {
  const stopped: Key = { ...key, suspendedAt: key.suspendedAt ?? change.at };
  return currentVersion(key).state === 'active' ? withCurrentState(stopped, 'suspended', change) : stopped;
}

function resumed(key: Key, now: Instant): Key {
  const back: Key = { ...key, suspendedAt: null };
  const version = currentVersion(key);
  if (version.state !== 'suspended') return back;
  //= sp800-57p1r5 7.4: a suspended key becomes active again only inside its crypto-period
  const end = originatorEnd(version);
  return end !== null && now >= end
    ? withCurrentState(back, 'deactivated', { at: now, cause: 'originator-period-over' })
    : withCurrentState(back, 'active', { at: now, cause: 'resumed-by-request' });
}

/** Suspends a key: nothing of it works until it is enabled again. Doing it twice is no error. */
export const disableKey = defineOperation<Input, Key>({
  name: 'keys.disable',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:disable', act: 'manage', conditions: withMaterial })],
  run: ({ keys, now }) => {
    const { key } = present(keys[0]);
    if (key.suspendedAt !== null) return { output: key };
    const after = suspended(key, { at: now, cause: 'suspended-by-request' });
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

/**
 * Resumes a suspended key; one whose originator period ended meanwhile comes back deactivated. Throws `key-state-forbids` for one
 * that only a rotation can bring back: a compromised version never protects again.
 */
export const enableKey = defineOperation<Input, Key>({
  name: 'keys.enable',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:enable', act: 'manage', conditions: withMaterial })],
  run: ({ keys, now }) => {
    const { key } = present(keys[0]);
    if (key.suspendedAt === null) {
      requireNotCompromised(key);
      return { output: key };
    }
    const after = resumed(key, now);
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

function requireNotCompromised(key: Key): void {
  const { state } = currentVersion(key);
  if (state !== 'compromised') return;
  throw new ClavigerError(
    'key-state-forbids',
    `The newest version of key ${key.id} is compromised: rotate the key.`,
    { details: { state } },
  );
}

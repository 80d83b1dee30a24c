import {
  changeState,
  currentVersion,
  replaceVersion,
  type Instant,
  type Key,
  type KeyState,
  type TransitionCause,
} from '#domain';
import type { Change, StoredMaterial } from '#ports';

/** The commit of a changed key: it holds only if nobody changed the key in between. */
export function updateOf(
  before: Key,
  after: Key,
  materials: { added?: readonly StoredMaterial[]; erased?: readonly number[] } = {},
): Change {
  return {
    kind: 'key-updated',
    key: { ...after, revision: before.revision + 1 },
    expectedRevision: before.revision,
    added: materials.added ?? [],
    erased: materials.erased ?? [],
  };
}

/** The key as it will stand after `updateOf`. */
export function revised(before: Key, after: Key): Key {
  return { ...after, revision: before.revision + 1 };
}

/** The key with its newest version in another state. Throws `transition-refused`. */
export function withCurrentState(
  key: Key,
  to: KeyState,
  change: { at: Instant; cause: TransitionCause },
): Key {
  return replaceVersion(key, changeState(currentVersion(key), to, change));
}

import { postponed, type Instant, type Key } from '#domain';
import { destructionPut, standingDestruction, updateOf } from '#operations';
import type { Change, Store } from '#ports';
import { houseEvent } from '../house-event.ts';
import { allKeys } from './escrow.ts';

/** How long a destruction that a backup holds as scheduled can still be called off after a restore. */
const waitMillis = 7 * 86_400_000;

type Recorder = { readonly node: string; readonly backup: string; readonly now: Instant };

/**
 * Moves the day of destructions that are due soon or were due: they may have been called off since the backup was made, and nobody could
 * say so in time. Returns how many. Done twice it moves them once more, never nearer.
 */
export async function postponeDestructions(store: Store, recorder: Recorder): Promise<number> {
  const dueAt = recorder.now + waitMillis;
  let count = 0;
  for await (const key of allKeys(store)) {
    const { destruction } = key;
    if (!destruction || destruction.dueAt >= dueAt) continue;
    const changes = await changesOf(store, { ...key, destruction }, dueAt);
    if (changes.length === 0) continue;
    const event = houseEvent({
      at: recorder.now,
      node: recorder.node,
      environment: key.environment,
      operation: 'backup.postpone-destruction',
      keyId: key.id,
      facts: { backup: recorder.backup, dueAt, before: destruction.dueAt },
    });
    await store.commit({ changes, events: [event] });
    count += 1;
  }
  return count;
}

type Scheduled = Key & { readonly destruction: NonNullable<Key['destruction']> };

async function changesOf(store: Store, key: Scheduled, dueAt: Instant): Promise<readonly Change[]> {
  const record = await standingDestruction({ store }, key.id);
  // from begun there is no way back
  if (record && record.step !== 'scheduled') return [];
  const after = { ...key, destruction: { ...key.destruction, dueAt } };
  const change = updateOf(key, after);
  return record ? [change, destructionPut(record, postponed(record, dueAt))] : [change];
}

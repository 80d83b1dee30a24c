import type { AuditEvent } from '#domain';
import { entityOf, type Change } from '#ports';
import type { House } from './house.ts';

/** Commits changes and their record together, then lets the log take the record. Rejects as `Store.commit` does: with `conflict` nothing was committed. */
export async function commitRecorded(
  house: House,
  changes: readonly Change[],
  event: AuditEvent,
): Promise<void> {
  house.outbox.begin(event.id);
  try {
    await house.store.commit({ changes, events: [event] });
    house.drop(changes.map(entityOf));
    await house.log.append(event);
    house.outbox.logged(event.id);
  } catch (error) {
    house.drop(changes.map(entityOf));
    throw error;
  } finally {
    house.outbox.end(event.id);
  }
}

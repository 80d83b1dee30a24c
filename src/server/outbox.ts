import type { AuditEvent } from '#domain';
import type { House } from '#operations';
import type { AuditLog, Store } from '#ports';

/**
 * Brings the outbox of a node into its log: events that were committed with a change but are not in the log are appended, those
 * that are, are forgotten by the store. What an operation has in hand is left to that operation.
 */
export type Outbox = House['outbox'] & {
  /** Forgets what the log holds, and appends what it lacks. */
  readonly settle: () => Promise<void>;
};

type Parts = {
  readonly store: Store;
  readonly log: AuditLog;
  /** Those of the events that the log does not hold durably. */
  readonly missing: (events: readonly AuditEvent[]) => readonly AuditEvent[];
};

export async function openOutbox({ store, log, missing }: Parts): Promise<Outbox> {
  const underWay = new Set<string>();
  let held = new Set<string>();

  async function bringIn(events: readonly AuditEvent[]): Promise<void> {
    for (const event of missing(events)) await log.append(event);
  }

  const waiting = await store.outbox(log.node);
  await bringIn(waiting);
  await store.clearOutbox(waiting.map((event) => event.id));

  return {
    begin: (eventId) => void underWay.add(eventId),
    end: (eventId) => void underWay.delete(eventId),
    logged: (eventId) => void held.add(eventId),

    async settle() {
      const known = held;
      held = new Set();
      try {
        await store.clearOutbox([...known]);
      } catch (error) {
        for (const id of known) held.add(id);
        throw error;
      }
      // what a failed append left behind is brought in once the log works again
      const left = (await store.outbox(log.node)).filter(({ id }) => !underWay.has(id) && !held.has(id));
      await bringIn(left);
      for (const { id } of left) held.add(id);
    },
  };
}

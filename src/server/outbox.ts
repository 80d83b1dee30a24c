import type { AuditEvent } from '#domain';
import type { AuditLog, Store } from '#ports';

/**
 * Brings the outbox of a node into its log: events that were committed with a change but are not known to be in the log are appended,
 * those that are, are forgotten by the store.
 */
export interface Outbox {
  /** The log holds this event durably. */
  readonly forget: (eventId: string) => void;
  /** Forgets what the log holds, and appends what it lacks. */
  readonly settle: () => Promise<void>;
}

type Parts = {
  readonly store: Store;
  readonly log: AuditLog;
  /** Those of the events that the log does not hold yet. */
  readonly missing: (events: readonly AuditEvent[]) => Promise<readonly AuditEvent[]>;
};

/** Events younger than this are still on their way from the commit to the log. */
const settledAfterMillis = 5000;

export async function openOutbox({ store, log, missing }: Parts, now: () => number): Promise<Outbox> {
  let held = new Set<string>();

  const waiting = await store.outbox(log.node);
  for (const event of await missing(waiting)) await log.append(event);
  if (waiting.length > 0) await store.clearOutbox(waiting.map((event) => event.id));

  return {
    forget: (eventId) => void held.add(eventId),

    async settle() {
      const known = held;
      held = new Set();
      try {
        if (known.size > 0) await store.clearOutbox([...known]);
      } catch (error) {
        for (const id of known) held.add(id);
        throw error;
      }
      // what a failed append left behind is brought in once the log works again
      const left = (await store.outbox(log.node)).filter((event) => event.at < now() - settledAfterMillis);
      const lost = await missing(left.filter((event) => !held.has(event.id)));
      for (const event of lost) await log.append(event);
      for (const event of left) held.add(event.id);
    },
  };
}

import { ClavigerError, type AuditEvent } from '#domain';
import type { AuditLog } from '#ports';

/** A log in memory that can be told to refuse, to break or to keep its callers waiting. */
export type TestLog = AuditLog & {
  /** What was appended, in its order. */
  readonly events: readonly AuditEvent[];
  last(): AuditEvent;
  /** From now on nothing can be written, and it is known before; false: all is well again. */
  refuse(refusing: boolean): void;
  /** The next so many appends fail, though nobody was warned. */
  breakAppends(count: number): void;
  /** Appends wait from now on; the function lets them through. */
  hold(): () => void;
  /** How many appends wait. */
  readonly waiting: number;
};

function unavailable(): ClavigerError {
  return new ClavigerError('audit-unavailable', 'The test log was told to fail.');
}

export function testLog(node: string): TestLog {
  const events: AuditEvent[] = [];
  let refusing = false;
  let breaking = 0;
  let waiting = 0;
  let gate: Promise<void> | null = null;

  return {
    node,
    events,
    get waiting() {
      return waiting;
    },
    last() {
      const event = events.at(-1);
      if (!event) throw new Error('the log is empty');
      return event;
    },
    refuse(wanted) {
      refusing = wanted;
    },
    breakAppends(count) {
      breaking = count;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = null;
        resolve();
      };
    },
    async append(event) {
      if (refusing) throw unavailable();
      if (breaking > 0) {
        breaking -= 1;
        throw unavailable();
      }
      if (gate) {
        waiting += 1;
        await gate;
        waiting -= 1;
      }
      events.push(event);
    },
    requireWritable() {
      if (refusing) throw unavailable();
    },
    health: () => ({ writable: !refusing, problem: refusing ? 'told to' : null, size: events.length }),
    evidence: async () => null,
    published: async () => null,
    attest: async () => [],
    close: async () => undefined,
  };
}

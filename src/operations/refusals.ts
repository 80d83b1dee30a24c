import { newId } from '#crypto';
import type { AuditEvent, Instant } from '#domain';
import type { AuditLog, Clock } from '#ports';

/**
 * Counts what strangers are refused: anybody can try to log in as often as it likes, and a record for each try would let it fill the log.
 * The first tries of a minute have records of their own; one more says how many others there were, by what and from where.
 */
export interface Refusals {
  /** Whether a refusal is to have a record of its own; else it is counted. */
  note(event: AuditEvent): boolean;
  /** Puts on record what was counted in minutes that are over, or all of it. */
  flush(all?: boolean): Promise<void>;
}

/** Records that the tries of one kind have of their own in a minute. */
export const ownRecordsMax = 10;
export const windowMillis = 60_000;
/** Kinds that are told apart in a minute; those beyond are counted without their addresses. */
const kindsMax = 4000;

type Window = {
  readonly since: Instant;
  own: number;
  counted: number;
  /** The last one that was counted. */
  last: AuditEvent;
};

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The network of an address of IPv6, of which whoever has one has all 2^64; others are told apart one by one. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [front = [], back = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':');
}

/** What was found besides, and of what: whoever tries must have had what it is about, so there are not many. */
function findingOf(facts: AuditEvent['facts']): NonNullable<AuditEvent['facts']> {
  const { finding, openedAt = null, creationPath = null } = facts ?? {};
  return finding === undefined ? {} : { finding, openedAt, creationPath };
}

/** Tries of one kind: from one address or network, at one mount, under one name that somebody has, and with one finding. */
function kindOf({ environment, operation, reason, sourceAddress, facts }: AuditEvent): string {
  const parts = [
    environment,
    operation,
    reason,
    networkOf(sourceAddress),
    textOf(facts?.['mount']),
    textOf(facts?.['user']),
    findingOf(facts),
  ];
  return JSON.stringify(parts);
}

function withoutSource(event: AuditEvent): AuditEvent {
  return { ...event, sourceAddress: '-', facts: findingOf(event.facts) };
}

function told(event: AuditEvent, { since, counted }: Window, now: Instant): AuditEvent {
  const { mount, user } = event.facts ?? {};
  return {
    ...event,
    id: newId(),
    at: now,
    userAgent: '-',
    facts: {
      ...(mount === undefined ? {} : { mount }),
      ...(user === undefined ? {} : { user }),
      ...findingOf(event.facts),
      refusedBesides: counted,
      since,
      until: event.at,
    },
  };
}

export function createRefusals({ log, clock }: { log: Pick<AuditLog, 'append'>; clock: Clock }): Refusals {
  const windows = new Map<string, Window>();

  /** The kind of a refusal, and what is known of it; where too many are told apart, that of all the others. */
  function kindWithin(event: AuditEvent): { readonly kind: string; readonly of: AuditEvent } {
    const kind = kindOf(event);
    if (windows.has(kind) || windows.size < kindsMax) return { kind, of: event };
    const of = withoutSource(event);
    return { kind: kindOf(of), of };
  }

  return {
    note(event) {
      const { kind, of } = kindWithin(event);
      const window = windows.get(kind) ?? { since: event.at, own: 0, counted: 0, last: of };
      windows.set(kind, window);
      if (window.own < ownRecordsMax) {
        window.own += 1;
        return true;
      }
      window.counted += 1;
      window.last = of;
      return false;
    },

    async flush(all = false) {
      const now = clock.now();
      for (const [kind, window] of windows) {
        if (!all && now - window.since < windowMillis) continue;
        windows.delete(kind);
        if (window.counted === 0) continue;
        try {
          await log.append(told(window.last, window, now));
        } catch (error) {
          const standing = windows.get(kind);
          if (standing) standing.counted += window.counted;
          else windows.set(kind, window);
          throw error;
        }
      }
    },
  };
}

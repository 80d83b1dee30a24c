import { operationClasses, type LogReference } from '../normal/usage-event.ts';
import type { DetectorSettings } from '../settings.ts';
import { DenialSum } from './denial-sum.ts';
import { FirstSeenSet } from './first-seen-set.ts';
import { HoursOfWeek } from './hours-of-week.ts';
import { SweepCount } from './sweep-count.ts';

/** Most bytes of numbers that a detector keeps for one principal, whatever it does. */
export const principalBytesMax = 2_048;

const referencesMax = 8;

/** What was seen of a principal; the numbers are kinds of its set. */
export const principalSeen = Object.freeze({ network: 0, operation: 1 });

/** What is known of a principal: of all its running copies together. */
export class PrincipalProfile {
  /** Hour of its first event. */
  readonly since: number;
  /** Networks and classes of operations. */
  readonly seen: FirstSeenSet;
  readonly hours = new HoursOfWeek();
  readonly contextsHourly = new SweepCount();
  readonly contextsDaily = new SweepCount();
  readonly keysHourly = new SweepCount();
  /** Contexts and keys that it touched while something about it was new. */
  readonly touchedWhileNew = new SweepCount();
  readonly denials = new DenialSum();
  /** The last events that gave a signal, with their times. */
  readonly #references: { reference: LogReference; at: number }[] = [];

  constructor(hour: number, settings: DetectorSettings) {
    this.since = hour;
    this.seen = new FirstSeenSet([32, operationClasses.length], settings.forgetDays * 24);
  }

  /** Notes an event that gave a signal. */
  refer(reference: LogReference, at: number): void {
    this.#references.push({ reference, at });
    if (this.#references.length > referencesMax) this.#references.shift();
  }

  /** The last of them in this log, since a time. */
  referencesSince(since: number, { log }: LogReference): LogReference[] {
    const last = this.#references.filter(({ reference, at }) => at >= since && reference.log === log);
    return last.map(({ reference }) => reference);
  }

  get bytes(): number {
    const parts = [
      this.seen,
      this.hours,
      this.contextsHourly,
      this.contextsDaily,
      this.keysHourly,
      this.touchedWhileNew,
    ];
    return parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

import { type Alert, scoreOf } from './alert.ts';
import { AlertBook } from './alert-book.ts';
import { type ExpectedChange, ExpectedChanges, isExcusable } from './expected-change.ts';
import { BoundedTable } from './memory/bounded-table.ts';
import { KeyProfile } from './memory/key-profile.ts';
import { Peers } from './memory/peers.ts';
import { PrincipalProfile } from './memory/principal-profile.ts';
import { spread } from './memory/spread.ts';
import type { UsageEvent } from './normal/usage-event.ts';
import { defaultSettings, type DetectorSettings } from './settings.ts';
import { firstSeen, teachPeers } from './signals/first-seen.ts';
import { hardRules } from './signals/hard-rules.ts';
import { howMany } from './signals/how-many.ts';
import { howOften } from './signals/how-often.ts';
import { LogGaps } from './signals/log-gaps.ts';
import { type Sighting, type Signal } from './signals/signal.ts';

const hourMillis = 3_600_000;
const hoursOfDay = 24;
/** Events of several nodes come nearly in order; an older one than this is counted as late. */
const lateMillis = hourMillis;

export type DetectorCounts = {
  readonly events: number;
  /** Events whose signals an expected change excused. */
  readonly expected: number;
  /** Events more than an hour older than one before them. */
  readonly late: number;
  readonly suppressed: number;
  readonly keys: number;
  readonly principals: number;
  /** Keys and principals that a full table forgot. */
  readonly forgotten: number;
};

/** Reads one event after the other and says which of them someone should look at. It has no clock: events bring their time. */
export type Detector = {
  /** Takes the next event. Events come in the order of their time, give or take an hour. */
  observe(event: UsageEvent): Alert | null;
  /** Announces an approved change. At most 10,000 that are not over are kept. */
  expect(change: ExpectedChange): void;
  counts(): DetectorCounts;
  /** Bytes of numbers that are kept for the largest key and the largest principal; `keyBytesMax`, `principalBytesMax` bound them. */
  footprint(): { readonly keyBytes: number; readonly principalBytes: number };
};

/** A detector over one stream of events. The same events and settings give the same alerts. */
export function createDetector(wanted: Partial<DetectorSettings> = {}): Detector {
  return new StreamDetector({ ...defaultSettings, ...wanted });
}

class StreamDetector implements Detector {
  readonly #settings: DetectorSettings;
  readonly #keys: BoundedTable<KeyProfile>;
  readonly #principals: BoundedTable<PrincipalProfile>;
  readonly #peers = new Peers();
  readonly #gaps = new LogGaps();
  readonly #changes = new ExpectedChanges();
  readonly #book: AlertBook;
  readonly #spread: (text: string) => number;
  #start = -1;
  #now = 0;
  #events = 0;
  #expected = 0;
  #late = 0;
  #forgotten = 0;

  constructor(settings: DetectorSettings) {
    this.#settings = settings;
    const forgot = () => {
      this.#forgotten += 1;
    };
    this.#keys = new BoundedTable(settings.keysMax, forgot);
    this.#principals = new BoundedTable(settings.principalsMax, forgot);
    this.#book = new AlertBook(settings);
    this.#spread = (text) => spread(text, settings.salt);
  }

  observe(event: UsageEvent): Alert | null {
    this.#events += 1;
    if (event.at < this.#now - lateMillis) this.#late += 1;
    this.#now = Math.max(this.#now, event.at);
    const hour = Math.floor(this.#now / hourMillis);
    if (this.#start < 0) this.#start = hour;
    const found: Signal[] = [];
    const gap = event.isNumbered ? this.#gaps.note(event.reference) : null;
    if (gap) found.push(gap);
    const sighting = this.#sight(event, hour);
    if (event.isInternal) return this.#internal(sighting, found);
    hardRules(sighting, found);
    firstSeen(sighting, found);
    howMany(sighting, found);
    howOften(sighting, found);
    // what is suspicious does not become usual among peers by having happened
    if (found.length === 0 || scoreOf(found) < this.#settings.alertScoreMin) teachPeers(sighting);
    return found.length === 0 ? null : this.#conclude(sighting, found);
  }

  expect(change: ExpectedChange): void {
    this.#changes.add(change, this.#now);
  }

  counts(): DetectorCounts {
    return {
      events: this.#events,
      expected: this.#expected,
      late: this.#late,
      suppressed: this.#book.suppressed,
      keys: this.#keys.size,
      principals: this.#principals.size,
      forgotten: this.#forgotten,
    };
  }

  footprint(): { keyBytes: number; principalBytes: number } {
    let keyBytes = 0;
    let principalBytes = 0;
    for (const { bytes } of this.#keys.values()) keyBytes = Math.max(keyBytes, bytes);
    for (const { bytes } of this.#principals.values()) principalBytes = Math.max(principalBytes, bytes);
    return { keyBytes, principalBytes };
  }

  #sight(event: UsageEvent, hour: number): Sighting {
    const { learningDays, graceDays } = this.#settings;
    const isLearning = hour - this.#start < learningDays * hoursOfDay;
    // a key that there is not would fill the table with whatever a caller asks for
    const hasKey = event.keyId !== null && event.refusal !== 'absent';
    const key = hasKey ? this.#keys.take(event.keyId, () => new KeyProfile(hour, this.#settings)) : null;
    const principal = this.#principals.take(event.family, () => new PrincipalProfile(hour, this.#settings));
    const isYoung = (since: number) => hour - since < graceDays * hoursOfDay;
    return {
      event,
      settings: this.#settings,
      hour,
      day: Math.floor(hour / hoursOfDay),
      key,
      principal,
      peers: this.#peers,
      isLearning,
      isExpected: this.#changes.cover(event, this.#now),
      keyIsNew: isLearning || (key !== null && isYoung(key.since)),
      principalIsNew: isLearning || isYoung(principal.since),
      spread: this.#spread,
    };
  }

  /** The house's own work teaches which version is the newest; only a gap of the log is remarkable in it. */
  #internal(sighting: Sighting, found: Signal[]): Alert | null {
    const { event, key } = sighting;
    if (key && event.keyVersion !== null && event.keyVersion > key.newestVersion) {
      key.newestVersion = event.keyVersion;
      key.newestSince = event.at;
    }
    return found.length === 0 ? null : this.#conclude(sighting, found);
  }

  #conclude(sighting: Sighting, found: readonly Signal[]): Alert | null {
    const { event, principal, isExpected } = sighting;
    const signals = isExpected ? found.filter(({ name }) => !isExcusable(name)) : found;
    if (isExpected) this.#expected += 1;
    if (signals.length === 0) return null;
    principal.refer(event.reference, this.#now);
    const since = this.#now - this.#settings.dedupeHours * hourMillis;
    const references = principal.referencesSince(since, event.reference);
    return this.#book.consider({ event, at: this.#now, signals, references });
  }
}

import { type Alert, responseTo, responses, scoreOf } from './alert.ts';
import { BoundedTable } from './memory/bounded-table.ts';
import type { LogReference, UsageEvent } from './normal/usage-event.ts';
import type { DetectorSettings } from './settings.ts';
import { type Signal, signalTable } from './signals/signal.ts';

const entriesMax = 65_536;
const worst = responses.length - 1;

type Entry = { until: number; rank: number; number: number };

type Draft = {
  readonly event: UsageEvent;
  readonly at: number;
  readonly signals: readonly Signal[];
  readonly references: readonly LogReference[];
};

/**
 * Decides which findings become alerts: none is repeated for the same key and principal (or the same principal, where nothing about the
 * key is strange) within some hours unless it became worse, and those that only notify have a budget a day.
 */
export class AlertBook {
  readonly #settings: DetectorSettings;
  readonly #recent = new BoundedTable<Entry>(entriesMax, () => undefined);
  #number = 0;
  #suppressed = 0;
  #suppressedTotal = 0;
  #day = -1;
  #today = 0;

  constructor(settings: DetectorSettings) {
    this.#settings = settings;
  }

  get suppressed(): number {
    return this.#suppressedTotal;
  }

  /** An alert for these signals; null where they are too weak, said already, or beyond the budget. */
  consider(draft: Draft): Alert | null {
    const score = scoreOf(draft.signals);
    if (score < this.#settings.alertScoreMin) return null;
    const response = responseTo(score);
    const rank = responses.indexOf(response);
    const before = this.#before(draft);
    if (before && before.rank >= rank) return this.#holdBack();
    if (rank === 0 && this.#isOverBudget(draft.at)) return this.#holdBack();
    const escalates = before?.number ?? null;
    this.#number += 1;
    this.#remember(draft, rank);
    const { event, at, signals, references } = draft;
    const { environment, principal, keyId } = event;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return {
      number: this.#number,
      at,
      environment,
      principal,
      keyId,
      score: rounded(score),
      response,
      signals: signals.map((signal) => ({ ...signal, weight: rounded(signal.weight) })),
      references,
      escalates,
      suppressed,
    };
  }

  #holdBack(): null {
    this.#suppressed += 1;
    this.#suppressedTotal += 1;
    return null;
  }

  #isOverBudget(at: number): boolean {
    const day = Math.floor(at / 86_400_000);
    if (day !== this.#day) {
      this.#day = day;
      this.#today = 0;
    }
    this.#today += 1;
    return this.#today > this.#settings.budgetPerDay;
  }

  /** The alert that said this already, or a milder form of it. */
  #before(draft: Draft): Entry | null {
    const { event, at, signals } = draft;
    // each gap of a log is one of its own
    if (isOfLog(signals)) return null;
    const live = (name: string) => {
      const entry = this.#recent.get(name);
      return entry && entry.until > at ? entry : null;
    };
    const ofAll = live(event.family);
    const ofPair = live(pairName(event));
    // whose grant is to be suspended is not reported for every further key, unless it is a trap
    const isTrap = signals.some(({ name }) => name === 'canary');
    const isCovered = ofAll && !isTrap && (ofAll.rank === worst || isOfPrincipal(signals));
    return isCovered && (!ofPair || ofAll.rank > ofPair.rank) ? ofAll : ofPair;
  }

  #remember(draft: Draft, rank: number): void {
    const { event, at, signals } = draft;
    // who happens to come after a gap has nothing to do with it
    if (isOfLog(signals)) return;
    const entry = { until: at + this.#settings.dedupeHours * 3_600_000, rank, number: this.#number };
    const put = (name: string) =>
      Object.assign(
        this.#recent.take(name, () => ({ ...entry })),
        entry,
      );
    put(pairName(event));
    if (rank === worst || signals.some(({ name }) => signalTable[name].of === 'principal')) put(event.family);
  }
}

const rounded = (chance: number) => Math.round(chance * 1000) / 1000;

function pairName({ family, keyId }: UsageEvent): string {
  return `${family} ${keyId ?? '-'}`;
}

function isOfLog(signals: readonly Signal[]): boolean {
  return signals.some(({ name }) => signalTable[name].of === 'log');
}

function isOfPrincipal(signals: readonly Signal[]): boolean {
  return signals.every(({ name }) => signalTable[name].of === 'principal');
}

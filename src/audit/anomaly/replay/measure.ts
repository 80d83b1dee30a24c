import type { Alert } from '../alert.ts';
import type { UsageEvent } from '../normal/usage-event.ts';
import type { TrafficLabel } from '../traffic/traffic-event.ts';

const dayMillis = 86_400_000;
const incidentsMax = 10_000;
const concernedMax = 1_000;

/** What became of one incident. */
export type IncidentResult = {
  readonly scenario: string;
  readonly incident: string;
  readonly alerts: number;
  /** From its first event to the first alert; null: never found. */
  readonly secondsToAlert: number | null;
  /** Successful uses of keys before the first alert, of all of them. */
  readonly leakedBeforeAlert: number;
  /** Successful uses before the advice to suspend the grant; null: it never came. */
  readonly leakedBeforeSuspension: number | null;
  readonly events: number;
};

export type ScenarioResult = {
  readonly scenario: string;
  readonly incidents: number;
  readonly found: number;
  readonly foundAtFirstEvent: number;
  /** Found of all. */
  readonly recall: number;
  /** The largest of its incidents; null where none was found. */
  readonly secondsToAlertMax: number | null;
  readonly leakedBeforeAlertMax: number | null;
  readonly leakedBeforeSuspensionMax: number | null;
  readonly alertsPerIncident: number;
  readonly twins: number;
  readonly falseAlertsOnTwins: number;
};

export type Measured = {
  readonly scenarios: readonly ScenarioResult[];
  readonly incidents: number;
  readonly found: number;
  /** Incidents found, of those and the false alerts: several alerts for one incident count once. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly falseAlerts: number;
  /** Days after the learning period. */
  readonly daysMeasured: number;
  readonly falseAlertsPerDayPer1000Keys: number | null;
};

type Tally = {
  scenario: string;
  /** Families and keys that it concerns. */
  concerned: Set<string>;
  end: number;
  isTwin: boolean;
  begin: number;
  events: number;
  leaked: number;
  alerts: number;
  alertAt: number | null;
  leakedBeforeAlert: number;
  leakedBeforeSuspension: number | null;
  isAtFirst: boolean;
};

/** Compares alerts with labels, one event after the other. At most 10,000 incidents are followed. */
export class Measure {
  readonly #tallies = new Map<string, Tally>();
  readonly #learningMillis: number;
  #begin: number | null = null;
  #end = 0;
  #falseAlerts = 0;

  constructor(learningDays: number) {
    this.#learningMillis = learningDays * dayMillis;
  }

  /** Takes the next event, with its alert; tells whether the alert is right, and null where there is none. */
  note(event: UsageEvent, label: TrafficLabel | null, alert: Alert | null): boolean | null {
    this.#begin ??= event.at;
    this.#end = Math.max(this.#end, event.at);
    const tally = label && this.#tallyOf(label, event.at);
    const incident = tally && !tally.isTwin ? tally : alert && this.#concerning(event);
    if (alert && !incident && !this.#isLearning(alert.at)) this.#falseAlerts += 1;
    if (alert && (incident ?? tally)) noteAlert(incident ?? (tally as Tally), alert);
    if (tally) noteEvent(tally, event);
    return alert && incident !== null;
  }

  /** The incident that goes on with this principal or key, or ended within a day: its counts make usual events alarm too. */
  #concerning({ at, family, keyId }: UsageEvent): Tally | null {
    for (const tally of this.#tallies.values()) {
      if (tally.isTwin || at > tally.end + dayMillis) continue;
      if (tally.concerned.has(family) || (keyId !== null && tally.concerned.has(keyId))) return tally;
    }
    return null;
  }

  #isLearning(at: number): boolean {
    return at < (this.#begin ?? 0) + this.#learningMillis;
  }

  #tallyOf({ scenario, incident, isTwin }: TrafficLabel, at: number): Tally | null {
    const name = isTwin ? `${incident} twin` : incident;
    const known = this.#tallies.get(name);
    if (known || this.#tallies.size >= incidentsMax) return known ?? null;
    const made = {
      scenario,
      concerned: new Set<string>(),
      end: at,
      isTwin,
      begin: at,
      events: 0,
      leaked: 0,
      alerts: 0,
      alertAt: null,
      leakedBeforeAlert: 0,
      leakedBeforeSuspension: null,
      isAtFirst: false,
    };
    this.#tallies.set(name, made);
    return made;
  }

  incidents(): IncidentResult[] {
    return [...this.#tallies]
      .filter(([, { isTwin }]) => !isTwin)
      .map(([incident, tally]) => ({
        scenario: tally.scenario,
        incident,
        alerts: tally.alerts,
        secondsToAlert: tally.alertAt === null ? null : (tally.alertAt - tally.begin) / 1000,
        leakedBeforeAlert: tally.alertAt === null ? tally.leaked : tally.leakedBeforeAlert,
        leakedBeforeSuspension: tally.leakedBeforeSuspension,
        events: tally.events,
      }));
  }

  result(keys: number): Measured {
    const tallies = [...this.#tallies.values()];
    const names = [...new Set(tallies.map(({ scenario }) => scenario))].sort();
    const scenarios = names.map((name) =>
      scenarioOf(
        name,
        tallies.filter(({ scenario }) => scenario === name),
      ),
    );
    const incidents = scenarios.reduce((sum, { incidents: count }) => sum + count, 0);
    const found = scenarios.reduce((sum, { found: count }) => sum + count, 0);
    const days = Math.max(0, (this.#end - (this.#begin ?? 0) - this.#learningMillis) / dayMillis);
    const claimed = found + this.#falseAlerts;
    return {
      scenarios,
      incidents,
      found,
      precision: claimed === 0 ? null : found / claimed,
      recall: incidents === 0 ? null : found / incidents,
      falseAlerts: this.#falseAlerts,
      daysMeasured: days,
      falseAlertsPerDayPer1000Keys:
        days === 0 || keys === 0 ? null : (this.#falseAlerts / days / keys) * 1000,
    };
  }
}

function noteEvent(tally: Tally, event: UsageEvent): void {
  tally.events += 1;
  tally.end = event.at;
  if (event.refusal === null) tally.leaked += 1;
  if (tally.concerned.size >= concernedMax) return;
  tally.concerned.add(event.family);
  if (event.keyId !== null) tally.concerned.add(event.keyId);
}

function noteAlert(tally: Tally, alert: Alert): void {
  if (tally.alertAt === null) {
    tally.alertAt = alert.at;
    tally.leakedBeforeAlert = tally.leaked;
    tally.isAtFirst = tally.events === 0;
  }
  tally.alerts += 1;
  if (alert.response === 'suspend-grant') tally.leakedBeforeSuspension ??= tally.leaked;
}

const highest = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
};

function scenarioOf(scenario: string, tallies: readonly Tally[]): ScenarioResult {
  const real = tallies.filter(({ isTwin }) => !isTwin);
  const twins = tallies.filter(({ isTwin }) => isTwin);
  const found = real.filter(({ alertAt }) => alertAt !== null);
  const alerts = real.reduce((sum, tally) => sum + tally.alerts, 0);
  return {
    scenario,
    incidents: real.length,
    found: found.length,
    foundAtFirstEvent: found.filter(({ isAtFirst }) => isAtFirst).length,
    recall: real.length === 0 ? 0 : found.length / real.length,
    secondsToAlertMax: highest(found.map(({ alertAt, begin }) => ((alertAt ?? begin) - begin) / 1000)),
    leakedBeforeAlertMax: highest(found.map(({ leakedBeforeAlert }) => leakedBeforeAlert)),
    leakedBeforeSuspensionMax: highest(real.map(({ leakedBeforeSuspension }) => leakedBeforeSuspension)),
    alertsPerIncident: real.length === 0 ? 0 : alerts / real.length,
    twins: twins.length,
    falseAlertsOnTwins: twins.reduce((sum, tally) => sum + tally.alerts, 0),
  };
}

import { changeOf } from './changes.ts';
import { createDice, type Dice } from './dice.ts';
import { habitual, hourMillis, staffed } from './ordinary.ts';
import { type Actor, idOf, newPopulation } from './population.ts';
import type { Scenario, Stage } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { TrafficDraft, TrafficItem } from './traffic-event.ts';

export type TrafficWish = {
  /** A whole number: the same one gives the same traffic. */
  readonly seed: number;
  readonly keys: number;
  readonly days: number;
  /** Names of the scenarios that are played; all by default, none for an empty list. */
  readonly scenarios?: readonly string[];
  /** How often each one is played, with its twin. */
  readonly incidents?: number;
  /** The days before the first of them. */
  readonly quietDays?: number;
};

/** Monday, 2026-01-05T00:00:00Z. */
const firstHour = 1_767_571_200_000 / hourMillis;
/** The longest scenario goes on for so long. */
export const scenarioDays = 10;
const incidentsUsual = 2;

export const canaryKeys: readonly string[] = [idOf(9, 1), idOf(9, 2)];

type Appointment = {
  readonly scenario: Scenario;
  readonly hour: number;
  readonly serial: number;
  readonly isTwin: boolean;
};

/** When which incident begins: anywhere after the quiet days, in an order that the dice give. */
function appointments(dice: Dice, wish: TrafficWish): Appointment[] {
  const wanted = scenarios.filter(({ name }) => wish.scenarios?.includes(name) ?? true);
  const quiet = wish.quietDays ?? 28;
  const first = firstHour + quiet * 24;
  const room = Math.max(1, (wish.days - quiet - scenarioDays) * 24);
  return wanted.flatMap((scenario) =>
    Array.from({ length: wish.incidents ?? incidentsUsual }, (_, serial) =>
      [false, true].map((isTwin) => ({ scenario, hour: first + dice.below(room), serial, isTwin })),
    ).flat(),
  );
}

/** Plays what begins in an hour; the events go into the hours where they belong. */
class Agenda {
  readonly #byHour = new Map<number, TrafficDraft[]>();
  readonly #lost = new Map<TrafficDraft, number>();

  put(drafts: readonly TrafficDraft[], indicesLost: number): void {
    for (const draft of drafts) {
      const hour = Math.floor(draft.at / hourMillis);
      const known = this.#byHour.get(hour);
      if (known) known.push(draft);
      else this.#byHour.set(hour, [draft]);
    }
    if (drafts[0] && indicesLost > 0) this.#lost.set(drafts[0], indicesLost);
  }

  take(hour: number): readonly TrafficDraft[] {
    const drafts = this.#byHour.get(hour) ?? [];
    this.#byHour.delete(hour);
    return drafts;
  }

  lostBefore(draft: TrafficDraft): number {
    return this.#lost.get(draft) ?? 0;
  }
}

/**
 * Made-up traffic of a company, with incidents and harmless twins that are labelled. It comes hour by hour: only the population, an hour and
 * the incidents that go on are in memory.
 */
export function* generateTraffic(wish: TrafficWish): Generator<TrafficItem> {
  const dice = createDice(wish.seed);
  // each of the two stolen-role scenarios has gateways of its own
  const population = newPopulation(dice, wish.keys, 2 * (wish.incidents ?? incidentsUsual));
  const played = appointments(createDice(wish.seed + 1), wish);
  const scenarioDice = createDice(wish.seed + 2);
  const agenda = new Agenda();
  const taken = new Set<Actor>();
  let index = 0;
  for (let hour = firstHour; hour < firstHour + wish.days * 24; hour += 1) {
    const { drafts, expected } = changeOf(dice, population, hour);
    for (const change of expected) yield { kind: 'expected', change };
    for (const [number, appointment] of played.entries())
      if (appointment.hour === hour)
        yield* begin({ dice: scenarioDice, population, taken, number }, appointment, agenda);
    const ordinary = [...drafts, ...habitual(dice, population, hour), ...staffed(dice, population, hour)];
    const versions = new Map(population.keys.map(({ id, version }) => [id, version]));
    const all = [...ordinary, ...agenda.take(hour)].sort((a, b) => a.at - b.at);
    for (const draft of all) {
      index += agenda.lostBefore(draft);
      const event = { id: idOf(7, index), at: draft.at, ...withVersion(draft.event, versions) };
      yield { kind: 'event', index, event, label: draft.label };
      index += 1;
    }
  }
}

/** A use that was done is one of the key's newest version, unless it says otherwise. */
function withVersion(
  event: TrafficDraft['event'],
  versions: ReadonlyMap<string, number>,
): TrafficDraft['event'] {
  if (event.keyVersion !== null || event.keyId === null || event.outcome !== 'success') return event;
  return { ...event, keyVersion: versions.get(event.keyId) ?? 1 };
}

function* begin(
  house: Pick<Stage, 'dice' | 'population' | 'taken' | 'number'>,
  { scenario, hour, serial, isTwin }: Appointment,
  agenda: Agenda,
): Generator<TrafficItem> {
  const incident = `${scenario.name}-${serial + 1}`;
  const label = { scenario: scenario.name, incident, isTwin };
  const stage = { ...house, at: hour * hourMillis + house.dice.below(hourMillis), label };
  const { drafts, expected, indicesLost } = isTwin ? scenario.playTwin(stage) : scenario.play(stage);
  for (const change of expected ?? []) yield { kind: 'expected', change };
  agenda.put(drafts, indicesLost ?? 0);
}

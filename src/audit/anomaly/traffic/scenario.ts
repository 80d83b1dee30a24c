import type { ExpectedChange } from '../expected-change.ts';
import type { Dice } from './dice.ts';
import type { Actor, Habit, Population } from './population.ts';
import { type TrafficDraft, type TrafficLabel } from './traffic-event.ts';

/** Where and when an incident, or its twin, is put. */
export type Stage = {
  readonly dice: Dice;
  readonly population: Population;
  /** Milliseconds since 1970 at which it begins. */
  readonly at: number;
  readonly label: TrafficLabel;
  /** Those who had a part in an incident or a twin already: nobody has two, as long as there is someone else. */
  readonly taken: Set<Actor>;
  /** Serial number of the incident in the whole traffic. */
  readonly number: number;
};

export type Played = {
  readonly drafts: readonly TrafficDraft[];
  readonly expected?: readonly ExpectedChange[];
  /** How many indices the log lacks before the first of them. */
  readonly indicesLost?: number;
};

/** An incident that can be played in traffic, and something harmless that looks like it. */
export type Scenario = {
  readonly name: string;
  readonly about: string;
  /** What it must be found by: at its first event, or only after some. */
  readonly found: 'at-first-event' | 'later';
  readonly play: (stage: Stage) => Played;
  readonly playTwin: (stage: Stage) => Played;
};

export const minute = 60_000;
export const hour = 60 * minute;

/** Someone outside: a network that nobody in the house has. */
export function outsideAddress({ number, dice }: Stage): string {
  return `185.${20 + (number % 200)}.${Math.floor(number / 200)}.${1 + dice.below(250)}`;
}

/** A habit that has been there for long and is used often enough to be known. */
export function knownHabit({ dice, population, taken }: Stage, fits: (habit: Habit) => boolean): Habit {
  const often = (habit: Habit) => habit.since === 0 && habit.mean >= 0.1 && habit.shape !== 'sparse';
  const known = population.habits.filter((habit) => often(habit) && fits(habit));
  const free = known.filter(({ actor }) => !taken.has(actor));
  const habit = dice.pick([free, known, population.habits].find(({ length }) => length > 0) ?? []);
  taken.add(habit.actor);
  return habit;
}

/** The name under which a change announces an actor. */
export function announcedName({ environment, name }: Actor): string {
  return `${environment}/${name}`;
}

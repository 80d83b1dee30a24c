import type { Dice } from './dice.ts';
import type { Actor, Habit, Population } from './population.ts';
import { shareOfHour } from './shape.ts';
import { asActor, contextOf, draftOf, type TrafficDraft } from './traffic-event.ts';

export const hourMillis = 3_600_000;

/** How often a usual operation fails: data that is damaged, a limit of the house. */
const unreadableShare = 0.001;
const throttledShare = 0.0005;
/** Uses a day of a person; managing acts a week of a custodian, of each kind. */
const personDaily = 4;
const custodianWeekly = 2.5;
const readsDaily = 6;

const within = (dice: Dice, hour: number) => hour * hourMillis + dice.below(hourMillis);

function useOf(dice: Dice, habit: Habit, hour: number): TrafficDraft {
  const { operation, keyId, contexts } = habit;
  const fails =
    operation === 'decrypt' && dice.chance(unreadableShare)
      ? 'ciphertext-invalid'
      : dice.chance(throttledShare)
        ? 'busy'
        : null;
  const context = contexts === 0 ? null : contextOf(keyId, dice.below(contexts));
  const use = { operation, keyId, context, reason: fails } as const;
  return draftOf(within(dice, hour), asActor(dice, habit.actor), use, null);
}

/** What services do in an hour. */
export function habitual(dice: Dice, { habits }: Population, hour: number): TrafficDraft[] {
  const drafts: TrafficDraft[] = [];
  for (const habit of habits) {
    const mean = habit.mean * shareOfHour(habit.shape, hour, habit.phase);
    if (mean === 0 || hour < habit.since) continue;
    const count = mean > 0.5 ? dice.bursty(mean, 6) : dice.poisson(mean);
    for (let use = 0; use < count; use += 1) drafts.push(useOf(dice, habit, hour));
  }
  return drafts;
}

const managing = ['put-policy', 'disable', 'schedule-destruction'] as const;

/** What people do in an hour: they look at keys, manage some, and take some out that may be. */
export function staffed(dice: Dice, population: Population, hour: number): TrafficDraft[] {
  const drafts: TrafficDraft[] = [];
  const weekly = (times: number) => dice.poisson((times / 168) * shareOfHour('office', hour, 0));
  const act = (actor: Actor, operation: string, keyId: string | null) =>
    drafts.push(draftOf(within(dice, hour), asActor(dice, actor), { operation, keyId }, null));
  const keyOf = (environment: string) =>
    dice.pick(population.keys.filter((key) => key.environment === environment)).id;
  const has = (environment: string) => population.keys.some((key) => key.environment === environment);
  for (const custodian of population.custodians.filter(({ environment }) => has(environment))) {
    for (const operation of managing)
      for (let left = weekly(custodianWeekly); left > 0; left -= 1)
        act(custodian, operation, keyOf(custodian.environment));
    for (let left = weekly(readsDaily * 7); left > 0; left -= 1)
      act(custodian, dice.pick(['describe', 'list']), keyOf(custodian.environment));
  }
  for (const exporter of population.exporters.filter(({ environment }) => has(environment)))
    for (let left = weekly(7); left > 0; left -= 1) act(exporter, 'export', keyOf(exporter.environment));
  for (const person of population.people.filter(({ environment }) => has(environment))) {
    const own = population.keys.filter((key) => key.environment === person.environment).slice(0, 3);
    for (let left = weekly(personDaily * 7); left > 0; left -= 1)
      act(person, dice.pick(['encrypt', 'decrypt']), dice.pick(own).id);
  }
  return drafts;
}

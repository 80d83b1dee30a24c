import type { ExpectedChange } from '../expected-change.ts';
import type { Dice } from './dice.ts';
import { houseNetworks, newCopies, newHabit, type Population } from './population.ts';
import { hourMillis } from './ordinary.ts';
import { draftOf, newKey, type TrafficDraft } from './traffic-event.ts';

/** Harmless changes a day, in a company of 1,000 keys. */
const dailyPerThousand = {
  deployment: 20,
  newKey: 3,
  approvedUser: 0.5,
  /** A service begins to use another's key, and nobody said so: a false alert that no detector of this kind avoids. */
  unannouncedUser: 0.1,
  rotation: 3,
  /** Of each person, whatever the number of keys. */
  newPlaceOfPerson: 0.02,
};
const otherHouseNetworkShare = 0.2;
const otherClientShare = 0.1;

export type Changed = {
  readonly drafts: readonly TrafficDraft[];
  readonly expected: readonly ExpectedChange[];
};

/** Makes the harmless changes of an hour; the population is changed in place. */
export function changeOf(dice: Dice, population: Population, hour: number): Changed {
  const drafts: TrafficDraft[] = [];
  const expected: ExpectedChange[] = [];
  const times = (daily: number) => dice.poisson((daily * population.keys.length) / 1000 / 24);
  for (let left = times(dailyPerThousand.deployment); left > 0; left -= 1) deploy(dice, population);
  for (let left = times(dailyPerThousand.newKey); left > 0; left -= 1)
    drafts.push(bringKey(dice, population, hour));
  for (let left = times(dailyPerThousand.rotation); left > 0; left -= 1)
    drafts.push(rotate(dice, population, hour));
  for (let left = times(dailyPerThousand.unannouncedUser); left > 0; left -= 1)
    joinKey(dice, population, hour);
  for (let left = times(dailyPerThousand.approvedUser); left > 0; left -= 1)
    expected.push(announce(dice, population, hour));
  for (const person of population.people)
    if (dice.chance(dailyPerThousand.newPlaceOfPerson / 24))
      person.networks = [...person.networks.slice(-1), `92.${dice.below(250)}.${dice.below(250)}`];
  return { drafts, expected };
}

function deploy(dice: Dice, { services }: Population): void {
  const service = dice.pick(services);
  service.copies = newCopies(dice, service.name, service.copies.length);
  if (dice.chance(otherHouseNetworkShare)) service.networks = [dice.pick(houseNetworks(service.environment))];
  if (dice.chance(otherClientShare)) service.agent = dice.pick(services).agent;
}

function bringKey(dice: Dice, population: Population, hour: number): TrafficDraft {
  const actor = dice.pick(population.services);
  const key = newKey(population.keys.length, actor.environment);
  population.keys.push(key);
  population.habits.push(newHabit(dice, actor, key.id, { since: hour + 1 }));
  const custodian = population.custodians.find(({ environment }) => environment === actor.environment);
  const { copies: [principal = 'custodian'] = [], networks: [network = '10.0.0'] = [] } = custodian ?? {};
  const who = { principal, environment: actor.environment, address: `${network}.9`, agent: actor.agent };
  return draftOf(hour * hourMillis, who, { operation: 'create', keyId: key.id }, null);
}

function rotate(dice: Dice, { keys }: Population, hour: number): TrafficDraft {
  const key = dice.pick(keys);
  key.version += 1;
  const who = {
    principal: 'claviger',
    environment: key.environment,
    address: '127.0.0.1',
    agent: 'claviger',
  };
  const use = { operation: 'rotate-due', keyId: key.id, version: key.version };
  return draftOf(hour * hourMillis, who, use, null);
}

function joinKey(dice: Dice, population: Population, hour: number) {
  const key = dice.pick(population.keys);
  const near = population.services.filter(({ environment }) => environment === key.environment);
  const actor = dice.pick(near);
  population.habits.push(newHabit(dice, actor, key.id, { since: hour + 1 }));
  return { actor, key };
}

function announce(dice: Dice, population: Population, hour: number): ExpectedChange {
  const { actor, key } = joinKey(dice, population, hour);
  return {
    principal: `${actor.environment}/${actor.name}`,
    keyId: key.id,
    operations: null,
    from: hour * hourMillis,
    until: (hour + 14 * 24) * hourMillis,
    ticket: `CHG-${hour}`,
  };
}

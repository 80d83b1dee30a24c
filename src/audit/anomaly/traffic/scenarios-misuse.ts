import { environments } from './population.ts';
import { knownHabit, minute, outsideAddress, type Scenario, type Stage } from './scenario.ts';
import { asActor, draftOf, type Use } from './traffic-event.ts';

const every = (count: number, draft: (at: number) => ReturnType<typeof draftOf>) => ({
  drafts: Array.from({ length: count }, (_, at) => draft(at)),
});

/** So many of the same operation by an actor of the house, at its place. */
function byHouse(stage: Stage, use: Omit<Use, 'keyId'>, count = 1) {
  const { actor, keyId } = knownHabit(stage, () => true);
  const who = asActor(stage.dice, actor);
  return every(count, (at) => draftOf(stage.at + at * minute, who, { keyId, ...use }, stage.label));
}

function byStaff(stage: Stage, staff: 'custodians' | 'exporters', operation: string) {
  const { dice, population } = stage;
  const actor = dice.pick(population[staff].filter(({ environment }) => environment === 'production'));
  const keys = population.keys.filter(({ environment }) => environment === actor.environment);
  const who = asActor(dice, actor);
  return every(3, (at) =>
    draftOf(stage.at + at * minute, who, { operation, keyId: dice.pick(keys).id }, stage.label),
  );
}

function touchCanary(stage: Stage) {
  const { actor } = knownHabit(stage, () => true);
  const keyId = stage.dice.pick(stage.population.canaryKeys);
  return every(1, () =>
    draftOf(stage.at, asActor(stage.dice, actor), { operation: 'describe', keyId }, stage.label),
  );
}

function listKeys(stage: Stage) {
  const { actor } = knownHabit(stage, () => true);
  return every(3, (at) =>
    draftOf(
      stage.at + at * minute,
      asActor(stage.dice, actor),
      { operation: 'list', keyId: null },
      stage.label,
    ),
  );
}

function signFromElsewhere(stage: Stage) {
  const { actor, keyId, operation } = knownHabit(stage, (habit) => habit.operation === 'sign');
  const who = { ...asActor(stage.dice, actor), address: outsideAddress(stage) };
  return every(2, (at) => draftOf(stage.at + at * 600 * minute, who, { operation, keyId }, stage.label));
}

/** The same service after it moved to a network of the house that others have used for long. */
function signAfterMove(stage: Stage) {
  const { actor, keyId, operation } = knownHabit(stage, (habit) => habit.operation === 'sign');
  const near = stage.population.services.filter(({ environment }) => environment === actor.environment);
  const who = { ...asActor(stage.dice, actor), address: `${stage.dice.pick(near).networks[0]}.77` };
  return every(2, (at) => draftOf(stage.at + at * 600 * minute, who, { operation, keyId }, stage.label));
}

function fromOtherEnvironment(stage: Stage) {
  const { keyId, actor } = knownHabit(stage, (habit) => habit.actor.environment === 'production');
  const strangers = stage.population.services.filter(({ environment }) => environment !== actor.environment);
  const who = asActor(stage.dice, stage.dice.pick(strangers));
  return every(2, (at) =>
    draftOf(
      stage.at + at * minute,
      who,
      { operation: 'decrypt', keyId, reason: 'access-denied' },
      stage.label,
    ),
  );
}

/** A service of the same name in its own environment, with its own key. */
function fromOwnEnvironment(stage: Stage) {
  const { keyId, actor, operation } = knownHabit(
    stage,
    (habit) => habit.actor.environment === environments[1],
  );
  return every(2, (at) =>
    draftOf(stage.at + at * minute, asActor(stage.dice, actor), { operation, keyId }, stage.label),
  );
}

function ransom(stage: Stage) {
  const { actor } = knownHabit(stage, (habit) => habit.actor.environment === 'production');
  const keys = stage.population.keys.filter(({ environment }) => environment === actor.environment);
  const who = asActor(stage.dice, actor);
  return every(10, (at) => {
    const use = {
      operation: 'schedule-destruction',
      keyId: keys[(stage.number + at) % keys.length]?.id ?? null,
    };
    return draftOf(stage.at + at * 20_000, who, use, stage.label);
  });
}

export const misuses: readonly Scenario[] = [
  {
    name: 'U3',
    about: 'any touch of a canary key',
    found: 'at-first-event',
    play: touchCanary,
    playTwin: listKeys,
  },
  {
    name: 'D2',
    about: 'a signing key used twice, ten hours apart, from outside',
    found: 'at-first-event',
    play: signFromElsewhere,
    playTwin: signAfterMove,
  },
  {
    name: 'S4',
    about: 'an attempt to export a key, refused',
    found: 'at-first-event',
    play: (stage) => byHouse(stage, { operation: 'export', reason: 'access-denied' }),
    playTwin: (stage) => byStaff(stage, 'exporters', 'export'),
  },
  {
    name: 'M1',
    about: 'a service that never managed a key schedules the deletion of ten',
    found: 'at-first-event',
    play: ransom,
    playTwin: (stage) => byStaff(stage, 'custodians', 'schedule-destruction'),
  },
  {
    name: 'E1',
    about: 'a key used with an identity of another environment, refused',
    found: 'at-first-event',
    play: fromOtherEnvironment,
    playTwin: fromOwnEnvironment,
  },
  {
    name: 'P1',
    about: 'use of a key for what it is not for, refused',
    found: 'at-first-event',
    play: (stage) => byHouse(stage, { operation: 'verify', reason: 'purpose-forbids' }),
    playTwin: (stage) => byHouse(stage, { operation: 'describe' }, 3),
  },
  {
    name: 'R1',
    about: 'use of a version whose state forbids it, refused',
    found: 'at-first-event',
    play: (stage) => byHouse(stage, { operation: 'decrypt', reason: 'key-state-forbids' }),
    playTwin: (stage) => byHouse(stage, { operation: 'get-public-key' }, 3),
  },
  {
    name: 'N1',
    about: 'probing: 30 requests refused within 30 minutes',
    found: 'later',
    play: (stage) => byHouse(stage, { operation: 'describe', reason: 'access-denied' }, 30),
    playTwin: (stage) => byHouse(stage, { operation: 'describe', reason: 'access-denied' }, 3),
  },
  {
    name: 'G1',
    about: 'the log lacks three of its events',
    found: 'at-first-event',
    play: (stage) => ({ ...byHouse(stage, { operation: 'list' }), indicesLost: 3 }),
    playTwin: (stage) => byHouse(stage, { operation: 'list' }),
  },
];

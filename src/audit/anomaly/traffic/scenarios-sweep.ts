import { familyOf } from '../normal/network.ts';
import {
  announcedName,
  hour,
  knownHabit,
  minute,
  outsideAddress,
  type Played,
  type Scenario,
  type Stage,
} from './scenario.ts';
import { asActor, contextOf, draftOf, type Use } from './traffic-event.ts';

const stolenAgent = 'aws-cli/2.17.40 md/awscrt lang/python#3.11.9';

/** A principal's credentials, used from elsewhere. */
function stolen(stage: Stage, principal: string, environment: string) {
  return { principal, environment, address: outsideAddress(stage), agent: stolenAgent };
}

function sweep(stage: Stage, count: number, everyMillis: number): Played {
  // a role that protects and never decrypts anything
  const { actor, keyId } = knownHabit(
    stage,
    ({ actor: { name, isWriter } }) => isWriter && name.startsWith('gateway'),
  );
  const who = stolen(stage, actor.copies[0] ?? actor.name, actor.environment);
  const drafts = Array.from({ length: count }, (_, at) => {
    const use: Use = {
      operation: 'decrypt',
      keyId,
      context: contextOf(keyId, 'swept', stage.number, at),
    };
    return draftOf(stage.at + at * everyMillis, who, use, stage.label);
  });
  return { drafts };
}

/** A new job that was announced does the same from the house. */
function approvedSweep(stage: Stage, count: number, everyMillis: number): Played {
  const { actor, keyId } = knownHabit(stage, (habit) => habit.actor.environment === 'production');
  const principal = `batch${stage.number}-job`;
  const change = {
    principal: `${actor.environment}/${familyOf(principal)}`,
    keyId,
    operations: null,
    from: stage.at - hour,
    until: stage.at + count * everyMillis + hour,
    ticket: `CHG-batch-${stage.number}`,
  };
  const who = { ...asActor(stage.dice, actor), principal };
  const drafts = Array.from({ length: count }, (_, at) => {
    const use: Use = { operation: 'decrypt', keyId, context: contextOf(keyId, 'job', stage.number, at) };
    return draftOf(stage.at + at * everyMillis, who, use, stage.label);
  });
  return { drafts, expected: [change] };
}

/** From the usual place and of the usual kind: only the number of contexts tells. */
function insiderSweep(stage: Stage): Played {
  const { actor, keyId } = knownHabit(
    stage,
    (habit) => habit.operation === 'decrypt' && habit.contexts > 0 && habit.contexts <= 40,
  );
  const who = asActor(stage.dice, actor);
  const drafts = Array.from({ length: 400 }, (_, at) => {
    const use: Use = {
      operation: 'decrypt',
      keyId,
      context: contextOf(keyId, 'swept', stage.number, at),
    };
    return draftOf(stage.at + at * 5_000, who, use, stage.label);
  });
  return { drafts };
}

/** A busy day, but over the contexts that the service has always had. */
function busyDay(stage: Stage): Played {
  const { actor, keyId, contexts } = knownHabit(
    stage,
    (habit) => habit.operation === 'decrypt' && habit.contexts > 0 && habit.contexts <= 5 && habit.mean < 20,
  );
  const who = asActor(stage.dice, actor);
  const drafts = Array.from({ length: 12 }, (_, at) => {
    const context = contexts === 0 ? null : contextOf(keyId, at % contexts);
    return draftOf(stage.at + at * minute, who, { operation: 'decrypt', keyId, context }, stage.label);
  });
  return { drafts };
}

function bulkRead(stage: Stage): Played {
  const { actor } = knownHabit(stage, ({ operation }) => operation === 'decrypt');
  const who = stolen(stage, actor.copies[0] ?? actor.name, actor.environment);
  const near = stage.population.keys.filter(({ environment }) => environment === actor.environment);
  const drafts = Array.from({ length: 50 }, (_, at) =>
    draftOf(
      stage.at + at * 12_000,
      who,
      { operation: 'decrypt', keyId: near[(stage.number * 53 + at) % near.length]?.id ?? null },
      stage.label,
    ),
  );
  return { drafts };
}

/** A migration that was announced. */
function announcedRead(stage: Stage): Played {
  const { actor } = knownHabit(stage, ({ operation }) => operation === 'decrypt');
  const near = stage.population.keys.filter(({ environment }) => environment === actor.environment);
  const who = asActor(stage.dice, actor);
  const drafts = Array.from({ length: 50 }, (_, at) =>
    draftOf(
      stage.at + at * 12_000,
      who,
      { operation: 'decrypt', keyId: near[(stage.number * 53 + at) % near.length]?.id ?? null },
      stage.label,
    ),
  );
  const change = {
    principal: announcedName(actor),
    keyId: null,
    operations: null,
    from: stage.at - hour,
    until: stage.at + hour,
    ticket: `CHG-migration-${stage.number}`,
  };
  return { drafts, expected: [change] };
}

export const sweeps: readonly Scenario[] = [
  {
    name: 'C1',
    about: 'stolen credentials of a role that never decrypts: 700 contexts in 30 minutes, from outside',
    found: 'at-first-event',
    play: (stage) => sweep(stage, 700, 2_570),
    playTwin: (stage) => approvedSweep(stage, 700, 2_570),
  },
  {
    name: 'C2',
    about: 'the same slowly: 5 contexts an hour for 6 days',
    found: 'at-first-event',
    play: (stage) => sweep(stage, 720, 12 * minute),
    playTwin: (stage) => approvedSweep(stage, 720, 12 * minute),
  },
  {
    name: 'C3',
    about:
      'a sweep of 400 contexts from the usual host by a service that decrypts: nothing is new but the number',
    found: 'later',
    play: insiderSweep,
    playTwin: busyDay,
  },
  {
    name: 'U2',
    about: 'valid credentials on a new host read 50 different keys in 10 minutes',
    found: 'at-first-event',
    play: bulkRead,
    playTwin: announcedRead,
  },
];

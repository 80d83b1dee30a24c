import { hour, knownHabit, type Played, type Scenario, type Stage } from './scenario.ts';
import { asActor, contextOf, draftOf } from './traffic-event.ts';

/** A habit of a few to some dozens of uses an hour at any time of the week. */
function steadyHabit(stage: Stage) {
  return knownHabit(stage, ({ shape, mean }) => shape === 'flat' && mean >= 1);
}

/** So many more uses within an hour, of what is used anyway. */
function burst(stage: Stage, factor: number): Played {
  const { actor, keyId, operation, contexts, mean } = steadyHabit(stage);
  const count = Math.max(40, Math.round(mean * factor));
  const who = asActor(stage.dice, actor);
  const begin = Math.ceil(stage.at / hour) * hour;
  const drafts = Array.from({ length: count }, (_, at) => {
    const context = contexts === 0 ? null : contextOf(keyId, at % contexts);
    return draftOf(begin + Math.floor((at * hour) / count), who, { operation, keyId, context }, stage.label);
  });
  return { drafts };
}

/** Every day a little more, over ten days. */
function drain(stage: Stage): Played {
  const { actor, keyId, operation, contexts, mean } = steadyHabit(stage);
  const who = asActor(stage.dice, actor);
  const drafts = Array.from({ length: 240 }, (_, at) => {
    const count = stage.dice.poisson(mean * (at / 240) * 2);
    return Array.from({ length: count }, () => {
      const context = contexts === 0 ? null : contextOf(keyId, stage.dice.below(contexts));
      const when = stage.at + at * hour + stage.dice.below(hour);
      return draftOf(when, who, { operation, keyId, context }, stage.label);
    });
  }).flat();
  return { drafts };
}

export const volumes: readonly Scenario[] = [
  {
    name: 'V1',
    about: 'ten times as much as usual (at least 40 uses) within an hour, and nothing else unusual',
    found: 'later',
    play: (stage) => burst(stage, 10),
    playTwin: (stage) => {
      const { drafts } = burst(stage, 1);
      return { drafts: drafts.slice(0, Math.ceil(drafts.length / 4)) };
    },
  },
  {
    name: 'V2',
    about: 'a drain that grows over ten days to three times of what is usual',
    found: 'later',
    play: drain,
    playTwin: (stage) => ({ drafts: drain(stage).drafts.filter((_, at) => at % 10 === 0) }),
  },
];

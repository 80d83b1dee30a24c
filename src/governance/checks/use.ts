import { versionOf } from '#domain';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayOf, nodesAgreeMillis, stateAt } from './key-view.ts';

/** More principals than that share no duty any more, but a key. */
const usersMax = 10;
/** How records of use name principals who are not kept apart any more. */
const several = '*';

/** What can name everybody; an escape can hide anything. Most policies have neither, and need not be parsed. */
const suspect = /"(?:Principal|AWS)"\s*:\s*(?:\[[^\]]*)?"\*"|\\u/;

/** Whether a key policy allows something to everybody, without a condition. */
export function allowsEverybody(policy: string): boolean {
  if (!suspect.test(policy)) return false;
  try {
    const document = JSON.parse(policy) as { Statement?: unknown };
    return [document.Statement].flat().some((statement) => {
      const { Effect, Principal, Condition } = (statement ?? {}) as Record<string, unknown>;
      if (Effect !== 'Allow' || Condition !== undefined) return false;
      const named =
        typeof Principal === 'object' && Principal !== null ? Object.values(Principal) : [Principal];
      return named.flat().includes('*');
    });
  } catch {
    return true;
  }
}

/** Whether keys are used by those, and in the states, that they should be. */
export const useChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    id: 'state-honoured',
    title:
      'No version was used in a state that forbids it: retired ones do not protect, compromised ones do nothing.',
    of: 'records of who used which version how',
    holds: 'none shows a use in a state that forbids it',
    fails: 'used in a state that forbids it',
    empty: ['no-data', 'No use of any key is known'],
    judge: ({ key, subject, facts }, tally) => {
      for (const { version: number, act, lastAt, principal } of facts.uses) {
        const version = versionOf(key, number);
        tally.judge();
        if (!version) {
          tally.lack(subject, `Version ${number} was used and is not known.`);
          continue;
        }
        const states = [
          stateAt(version, lastAt - nodesAgreeMillis),
          stateAt(version, lastAt + nodesAgreeMillis),
        ];
        const isAllowed = states.some(
          (state) => state === 'active' || (act === 'process' && state === 'deactivated'),
        );
        if (!isAllowed)
          tally.except(
            subject,
            `${principal} used version ${number} to ${act} on ${dayOf(lastAt)}, when it was ${states[0] ?? 'not there'}.`,
          );
      }
    },
  }),
  keyCheck({
    id: 'key-users-few',
    title: `No key is used by more than ${usersMax} principals.`,
    of: 'keys whose users are known',
    holds: `each has ${usersMax} users at most`,
    fails: `more than ${usersMax} principals use them`,
    empty: ['no-data', 'No use of any key is known'],
    judge: ({ subject, facts }, tally) => {
      if (facts.uses.length === 0) return;
      tally.judge();
      // fewer records than that are fewer principals
      if (facts.uses.length <= usersMax) return;
      const users = new Set(facts.uses.map(({ principal }) => principal));
      if (users.has(several)) tally.except(subject, 'More principals use it than are counted one by one.');
      else if (users.size > usersMax) tally.except(subject, `${users.size} principals use it.`);
    },
  }),
  keyCheck({
    id: 'key-policy-closed',
    title: 'No key policy allows anything to everybody without a condition.',
    of: 'living keys',
    holds: 'no policy allows anything to everybody without a condition',
    fails: 'the key policy allows something to everybody without a condition',
    empty: ['no-data', 'There is no living key'],
    judge: ({ key, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      if (allowsEverybody(key.policy)) tally.except(subject, 'Its policy allows something to everybody.');
    },
  }),
]);

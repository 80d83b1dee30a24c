import { currentVersion } from '#domain';
import type { CertificateFacts, DeviceFacts, PopulationHead } from '../population.ts';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { dayMillis, dayOf, yearMillis } from './key-view.ts';
import { newTally } from './tally.ts';

const living = {
  of: 'living keys',
  empty: ['no-data', 'There is no living key'],
} as const;

const isBlank = (text: string): boolean => text.trim() === '';

/** Longer than that nobody leaves a key suspended, or waiting for its material, on purpose. */
const suspendedDaysMax = 90;
const awaitedDaysMax = 30;

type Listed<T> = {
  readonly id: string;
  readonly title: string;
  readonly of: string;
  readonly fails: string;
  readonly holds: string;
  readonly list: (head: PopulationHead) => readonly T[] | undefined;
  readonly wrong: (one: T, head: PopulationHead) => readonly [subject: string, why: string] | null;
};

/** A list of the inventory that may not have been gathered at all. */
function listCheck<T>({ id, title, list, wrong, ...words }: Listed<T>): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version: 1,
    title,
    method: 'TEST',
    begin: (head) => ({
      result: () => {
        const tally = newTally();
        tally.cite({ kind: 'population' });
        const all = list(head);
        for (const one of all ?? []) {
          tally.judge();
          const found = wrong(one, head);
          if (found) tally.except(...found);
        }
        return tally.result({
          ...words,
          empty: all ? ['no-data', `There are no ${words.of}`] : ['no-data', `No ${words.of} were gathered`],
        });
      },
    }),
  });
}

const certificatesCurrent = listCheck<CertificateFacts>({
  id: 'certificates-current',
  title: 'Every certificate that the house relies on has an owner, and has not ended.',
  of: 'certificates',
  holds: 'each has an owner and has not ended',
  fails: 'no owner, or ended',
  list: ({ certificates }) => certificates,
  wrong: ({ id, subject, notAfter, owner }, { at }) => {
    if (notAfter <= at) return [`certificate:${id}`, `${subject} ended on ${dayOf(notAfter)}.`];
    return owner === null || isBlank(owner) ? [`certificate:${id}`, `Nobody answers for ${subject}.`] : null;
  },
});

const devicesListed = listCheck<DeviceFacts>({
  id: 'devices-listed',
  title: 'Every device and server that holds keys is listed with what it is and where it stands.',
  of: 'devices and servers that hold keys',
  holds: 'each is listed with what it is and where it stands',
  fails: 'what it is, or where it stands, is not said',
  list: ({ devices }) => devices,
  wrong: ({ type, name, model, place }) =>
    model === null || place === null
      ? [`device:${name}`, `${model === null ? 'What' : 'Where'} the ${type} is nobody said.`]
      : null,
});

/** What the inventory says of each key, and whether it says anything. */
export const inventoryChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    ...living,
    id: 'key-owner',
    title: 'Every living key has an owner and lies in an environment that is known.',
    holds: 'each has an owner and a known environment',
    fails: 'no owner, or an environment that is not known',
    judge: ({ key, subject, isLiving }, tally, { environments }) => {
      if (!isLiving) return;
      tally.judge();
      if (isBlank(key.owner)) tally.except(subject, 'It has no owner.');
      else if (!environments.some(({ name }) => name === key.environment))
        tally.except(subject, `Its environment, ${key.environment || '(none)'}, is not known.`);
    },
  }),
  keyCheck({
    ...living,
    id: 'key-purpose',
    title: 'Every living key says in words what it is for (its description, or the tag "purpose").',
    holds: 'each says what it is for',
    fails: 'neither a description nor the tag "purpose" says what they are for',
    judge: ({ key, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const isTold =
        !isBlank(key.description) ||
        key.tags.some((tag) => tag.key.toLowerCase() === 'purpose' && !isBlank(tag.value));
      if (!isTold) tally.except(subject, `Nobody said what the ${key.usage} key is for.`);
    },
  }),
  keyCheck({
    ...living,
    id: 'key-classified',
    title: 'Every living key says how sensitive the data is that it protects.',
    holds: 'each names the class of its data',
    fails: 'the class of the data is not said',
    judge: ({ key, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const said = key.dataClassification.trim();
      if (said === '' || said === 'unclassified') tally.except(subject, 'Its data is not classified.');
    },
  }),
  keyCheck({
    id: 'key-owner-present',
    title: 'No living key is owned by a principal who was disabled.',
    of: 'living keys whose owner is a principal',
    holds: 'each owner is still there',
    fails: 'the owner was disabled, and nobody took over',
    empty: ['not-applicable', 'No living key names a principal as its owner'],
    judge: ({ key, subject, isLiving }, tally, head) => {
      if (!isLiving) return;
      const owner = head.principals.find(
        ({ principal }) => principal.name === key.owner && principal.environment === key.environment,
      );
      if (!owner) return;
      tally.judge();
      if (owner.principal.disabled) tally.except(subject, `Its owner, ${key.owner}, was disabled.`);
    },
  }),
  keyCheck({
    id: 'key-in-use',
    title: 'No living key lies unused for a year.',
    of: 'living keys that are a year old',
    holds: 'each was used within the year',
    fails: 'not used for a year, and not ended',
    empty: ['not-applicable', 'No living key is a year old'],
    judge: ({ key, facts, subject, isLiving }, tally, { at }) => {
      if (!isLiving || key.destruction || at - key.createdAt < yearMillis) return;
      tally.judge();
      if (!facts.lastUse) tally.except(subject, `It was made on ${dayOf(key.createdAt)}; no use is known.`);
      else if (at - facts.lastUse.at > yearMillis)
        tally.except(subject, `Its last use was ${facts.lastUse.operation} on ${dayOf(facts.lastUse.at)}.`);
    },
  }),
  keyCheck({
    id: 'suspension-reviewed',
    title: `No key is suspended for more than ${suspendedDaysMax} days: somebody decides.`,
    of: 'suspended keys',
    holds: `none is suspended for more than ${suspendedDaysMax} days`,
    fails: `suspended for more than ${suspendedDaysMax} days`,
    empty: ['not-applicable', 'No key is suspended'],
    judge: ({ key, subject, isLiving }, tally, { at }) => {
      if (!isLiving || key.suspendedAt === null) return;
      tally.judge();
      if (at - key.suspendedAt > suspendedDaysMax * dayMillis)
        tally.except(subject, `It is suspended since ${dayOf(key.suspendedAt)}.`);
    },
  }),
  keyCheck({
    id: 'activation-finished',
    title: `No key waits for more than ${awaitedDaysMax} days to be activated.`,
    of: 'keys before activation',
    holds: `none waits for more than ${awaitedDaysMax} days`,
    fails: `still not activated after ${awaitedDaysMax} days`,
    empty: ['not-applicable', 'No key is before its activation'],
    judge: ({ key, subject }, tally, { at }) => {
      const newest = currentVersion(key);
      if (newest.state !== 'pre-activation') return;
      tally.judge();
      if (at - newest.createdAt > awaitedDaysMax * dayMillis)
        tally.except(subject, `Version ${newest.number} waits since ${dayOf(newest.createdAt)}.`);
    },
  }),
  certificatesCurrent,
  devicesListed,
]);

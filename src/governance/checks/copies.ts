import { isDestroyed } from '#domain';
import { evidenceMax } from '../check.ts';
import type { KeyFacts, PlacedEvent, PopulationHead } from '../population.ts';
import { attestationOf, needed } from './attested.ts';
import { keyCheck, type LibraryCheck } from './key-check.ts';
import { viewerOf } from './key-view.ts';
import { newTally } from './tally.ts';

/** Fewest places: more registered copies of one key than that need a word. */
const copiesMax = 3;

const living = {
  of: 'living keys',
  empty: ['no-data', 'There is no living key'],
} as const;

/** Keys from outside: how they were generated a person must state. */
const importedGeneration: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'imported-stated',
  version: 1,
  title: 'Of keys that were brought from outside somebody stated how they were generated.',
  method: 'EXAMINE',
  begin: (head: PopulationHead) => {
    const viewOf = viewerOf(head);
    const tally = newTally();
    tally.cite({ kind: 'population' });
    return {
      key: (facts: KeyFacts) => {
        const { key, isLiving } = viewOf(facts);
        if (isLiving && (key.origin === 'imported' || key.origin === 'external')) tally.judge();
      },
      event: (placed: PlacedEvent) => {
        const { operation, outcome } = placed.event;
        if (outcome === 'success' && operation.startsWith('keys.import-')) tally.citeEvent(placed);
      },
      result: () => {
        const stated = attestationOf(head, 'imported-key-generation');
        const found = tally.result({
          of: 'living keys from outside',
          holds: 'how they were generated was stated',
          fails: 'not stated',
          empty: ['not-applicable', 'No living key was brought from outside'],
        });
        if (found.outcome !== 'pass') return found;
        if (!stated) {
          const reason = `${found.population} living keys were brought from outside. Needed: ${needed(head, 'imported-key-generation')}`;
          return { ...found, outcome: 'manual', reason };
        }
        const cited = { kind: 'attestation', id: stated.id } as const;
        return { ...found, evidence: [cited, ...found.evidence].slice(0, evidenceMax) };
      },
    };
  },
});

/** Where material is, in which form, and how often. */
export const copyChecks: readonly LibraryCheck[] = Object.freeze([
  keyCheck({
    ...living,
    id: 'storage-protected',
    title:
      'Every living key is kept wrapped under a root that is not a file of this machine, or in a device.',
    holds: 'each is in a device, or wrapped under a root that is kept apart',
    fails: 'kept under a root that is a file, or a passphrase, of the same machine (tier development)',
    judge: ({ key, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      if (key.tier === 'development')
        tally.except(subject, 'It is of tier development: what opens it is on the same machine.');
    },
  }),
  keyCheck({
    ...living,
    id: 'never-plain',
    title: 'No living key may be copied out in plain text.',
    holds: 'none may be copied out in plain text',
    fails: 'may be copied out in plain text',
    judge: ({ key, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      if (key.plaintextBackup) tally.except(subject, 'Whoever may export it may copy it out in plain text.');
    },
  }),
  keyCheck({
    ...living,
    id: 'material-in-one-environment',
    title: 'No material is in two environments.',
    holds: 'none has its material in another environment too',
    fails: 'the same material is in another environment',
    judge: ({ key, facts, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const other = facts.sameMaterial.find(({ environment }) => environment !== key.environment);
      if (other)
        tally.except(
          subject,
          `Key ${other.keyId} of environment ${other.environment} has the same material.`,
        );
    },
  }),
  keyCheck({
    ...living,
    id: 'material-once',
    title: 'No material stands behind two keys.',
    holds: 'none has its material in common with another key',
    fails: 'another key has the same material',
    judge: ({ facts, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const [other] = facts.sameMaterial;
      if (other) tally.except(subject, `Key ${other.keyId} has the same material.`);
    },
  }),
  keyCheck({
    ...living,
    id: 'copies-few',
    title: `No living key has more than ${copiesMax} registered copies outside.`,
    holds: `none has more than ${copiesMax} registered copies outside`,
    fails: `more than ${copiesMax} registered copies outside`,
    judge: ({ facts, subject, isLiving }, tally) => {
      if (!isLiving) return;
      tally.judge();
      const count = facts.copies.filter(({ status }) => status !== 'destroyed').length;
      if (count > copiesMax) tally.except(subject, `${count} copies are registered.`);
    },
  }),
  keyCheck({
    id: 'copies-wrapped',
    title: 'Every registered copy left wrapped, and names its place and its holder.',
    of: 'registered copies of keys',
    holds: 'each left wrapped and has a place and a holder',
    fails: 'left in plain text, or with no place or holder',
    empty: ['not-applicable', 'No copy of a key left the stores'],
    judge: ({ facts, subject }, tally) => {
      for (const copy of facts.copies) {
        if (copy.status === 'destroyed') continue;
        tally.judge();
        if (copy.detail['wrap'] === 'none') tally.except(subject, `Copy ${copy.id} left in plain text.`);
        else if (copy.place.trim() === '' || copy.holder.trim() === '')
          tally.except(subject, `Copy ${copy.id} has no place or no holder.`);
      }
    },
    cites: ({ event }) => event.outcome === 'success' && event.operation.startsWith('keys.export'),
  }),
  keyCheck({
    id: 'copies-of-ended-gone',
    title: 'Copies of destroyed keys are acknowledged as destroyed.',
    of: 'copies of destroyed keys',
    holds: 'the holder of each said that it is gone',
    fails: 'nobody said that they are gone',
    empty: ['not-applicable', 'No destroyed key had a registered copy'],
    judge: ({ key, facts, subject }, tally) => {
      if (!key.versions.every(({ state }) => isDestroyed(state))) return;
      for (const copy of facts.copies) {
        tally.judge();
        if (copy.status !== 'destroyed')
          tally.except(subject, `${copy.holder} holds a copy at ${copy.place}.`);
      }
    },
  }),
  importedGeneration,
]);

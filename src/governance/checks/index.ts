import { attestedChecks } from './attested.ts';
import { copyChecks } from './copies.ts';
import { endingChecks } from './ending.ts';
import { houseChecks } from './house.ts';
import { inventoryChecks } from './inventory.ts';
import type { LibraryCheck } from './key-check.ts';
import { logChecks } from './log.ts';
import { peopleChecks } from './people.ts';
import { periodChecks } from './period.ts';
import { quorumChecks } from './quorum.ts';
import { strengthChecks } from './strength.ts';
import { useChecks } from './use.ts';

export { attestationSubjects, type AttestationSubject } from './attested.ts';
export type { LibraryCheck } from './key-check.ts';

/** Every check that there is, ordered by id. */
export const checkLibrary: readonly LibraryCheck[] = Object.freeze(
  [
    attestedChecks,
    copyChecks,
    endingChecks,
    houseChecks,
    inventoryChecks,
    logChecks,
    peopleChecks,
    periodChecks,
    quorumChecks,
    strengthChecks,
    useChecks,
  ]
    .flat()
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
);

import { ask } from '../evaluate.ts';
import type { Detector, Finding } from '../finding.ts';
import type { Population } from '../population.ts';
import { clearBackupAllowed, exportedInClear, longLivedCredential } from './key-in-source.ts';
import {
  compromisedNotDestroyed,
  copyOutlivesKey,
  destructionUnproved,
  retiredNotDestroyed,
  suspendedLong,
} from './no-destruction.ts';
import {
  ownerByDefault,
  ownerGone,
  ownerMissing,
  purposeUnsaid,
  unclassified,
  unused,
} from './no-inventory.ts';
import {
  importedWithoutEnd,
  periodTooLong,
  rotationNear,
  rotationOverdue,
  usedAfterEnd,
} from './no-rotation.ts';
import { sameMaterialElsewhere } from './shared-environments.ts';
import { severalApplications, severalNames, severalPurposes } from './shared-key.ts';
import { copyBesideData, escrowBesideBackup, rootBesideData } from './stored-with-data.ts';

export { catalogue, findingsMax, limits, type DetectorId } from './limits.ts';

/** Every detector, in the order of the seven mistakes. */
export const detectors: readonly Detector[] = Object.freeze([
  longLivedCredential,
  exportedInClear,
  clearBackupAllowed,
  sameMaterialElsewhere,
  periodTooLong,
  rotationOverdue,
  rotationNear,
  usedAfterEnd,
  importedWithoutEnd,
  copyBesideData,
  escrowBesideBackup,
  rootBesideData,
  retiredNotDestroyed,
  compromisedNotDestroyed,
  destructionUnproved,
  copyOutlivesKey,
  suspendedLong,
  severalApplications,
  severalPurposes,
  severalNames,
  ownerMissing,
  ownerGone,
  ownerByDefault,
  purposeUnsaid,
  unclassified,
  unused,
]);

/** All that the detectors find in a population, in one walk, ordered by detector, environment and subject. */
export async function detect(population: Population): Promise<readonly Finding[]> {
  return (await ask(population, detectors)).flat();
}

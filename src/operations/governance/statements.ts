import { attest, listAttestations, revokeAttestation, withdrawAttestation } from './attestations.ts';
import { joinCeremony, listCeremonies, recordCeremony, showCeremony } from './ceremonies.ts';
import { readDue, writeDocument } from './written.ts';

/** What persons state, what falls due, and documents that are written of it all. */
export const statementOperations = Object.freeze({
  attest,
  listAttestations,
  revokeAttestation,
  withdrawAttestation,
  recordCeremony,
  joinCeremony,
  showCeremony,
  listCeremonies,
  readDue,
  writeDocument,
});

import { attest, listAttestations, revokeAttestation, withdrawAttestation } from './attestations.ts';
import { joinCeremony, listCeremonies, recordCeremony, showCeremony } from './ceremonies.ts';

/** What persons state: attestations, and ceremonies. */
export const statementOperations = Object.freeze({
  attest,
  listAttestations,
  revokeAttestation,
  withdrawAttestation,
  recordCeremony,
  joinCeremony,
  showCeremony,
  listCeremonies,
});

export {
  certificateFindings,
  certificateText,
  readCertificate,
  readTrustedKeys,
  type SignedCertificate,
  type TrustedKeys,
} from './certificate.ts';
export { type CloudTrailFacts, cloudTrailRecord } from './cloudtrail.ts';
export { newLogKeys, openLogKeys, type LogKeys } from './keys.ts';
export type { LogHeadReport, LogOptions } from './journal.ts';
export { openAuditLog, type OpenedLog } from './log.ts';
export { consistencyProof, inclusionProof, isConsistent, isIncluded, subtreeRoots } from './proofs.ts';
export {
  type EventFilter,
  logFolders,
  type LoggedEvent,
  readEvents,
  readEventsByTime,
  readNewestEvents,
} from './read.ts';
export {
  type AuditFinding,
  type KnownHead,
  type Verified,
  verifyLog,
  type VerifyOptions,
} from './verify/verify.ts';

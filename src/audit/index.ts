export {
  certificateFindings,
  certificateText,
  readCertificate,
  type SignedCertificate,
} from './certificate.ts';
export { type CloudTrailFacts, cloudTrailRecord } from './cloudtrail.ts';
export { eventOperation, readEvent } from './event-text.ts';
export { newLogKeys, openLogKeys, type LogKeys } from './keys.ts';
export type { LogHeadReport, LogOptions } from './journal.ts';
export { openAuditLog, type OpenedLog } from './log.ts';
export { type LogFollower, type LogPlace, followLog, placeInLog } from './follow.ts';
export { consistencyProof, inclusionProof, isConsistent, isIncluded, subtreeRoots } from './proofs.ts';
export {
  type EventFilter,
  logFolders,
  type LoggedEvent,
  readEvents,
  readEventsByTime,
  readNewestEvents,
} from './read.ts';
export { leafHash } from './merkle-hash.ts';
export { RunningRoot } from './running-root.ts';
export { isAttested } from './attestation.ts';
export { openNote } from './checkpoint.ts';
export {
  attestationFindings,
  eventOf,
  evidenceFindings,
  readTrustedKeys,
  type TrustedKeys,
} from './statement.ts';
export {
  type AuditFinding,
  type KnownHead,
  type Verified,
  verifyLog,
  type VerifyOptions,
} from './verify/verify.ts';
export {
  auditCloudEvent,
  type CloudEvent,
  cloudEventBatchType,
  cloudEventType,
  noticeEvent,
} from './sinks/cloud-event.ts';
export { noticeMail } from './sinks/mail.ts';
export {
  type Notice,
  type NoticeKind,
  noticeKinds,
  noticeSeverities,
  type NoticeSeverity,
  oneLine,
} from './sinks/notice.ts';
export { ocsfOfEvent, ocsfOfNotice } from './sinks/ocsf.ts';
export { auditMessage, noticeMessage, octetCounted, syslogBytes } from './sinks/syslog.ts';

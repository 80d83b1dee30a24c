export { ceremonyRoles, type CeremonyRole } from './roles.ts';
export {
  type CeremonyKind,
  ceremonyKinds,
  ceremonyScript,
  recordTemplate,
  type ScriptWish,
  wishFaults,
} from './script.ts';
export {
  absentOf,
  type Attendance,
  type CeremonyRecord,
  type CeremonyTranscript,
  recordDigest,
  transcriptFormat,
  transcriptText,
} from './transcript.ts';
export {
  ceremonyRecordShape,
  readTranscript,
  recordFaults,
  type SignedTranscript,
  transcriptBytesMax,
  transcriptFindings,
} from './verify-transcript.ts';

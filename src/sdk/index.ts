export type {
  AlertRecord,
  AnomalySettingsRecord,
  NoticeRecord,
  SuspendedGrantRecord,
} from './anomaly.ts';
export { ClavigerApiError } from './api-error.ts';
export type { ApprovalRecord, QuorumPolicyRecord, QuorumTermsRecord } from './approvals.ts';
export { createClient, type Client, type Context, type DataKey, type SignWish } from './client.ts';
export { createCustodian, type Custodian } from './custody.ts';
export type { FileContext } from './envelope/context.ts';
export { EnvelopeError } from './envelope/envelope-error.ts';
export { decryptStream, encryptStream, type FileKey, type KeyOpener } from './envelope/stream.ts';
export type * from './records.ts';
export type { ComplianceOutcome, ComplianceRecord, EvidencePiece } from './compliance.ts';
export { wrapMaterial, type TransportWrap } from './wrap-material.ts';
export type { Exported, ExportWish, ExportWrap, WrapForm } from './exports.ts';
export type { FindingRecord, FindingWish } from './findings.ts';
export type {
  InventoryFacetsRecord,
  InventoryFilter,
  InventoryRowRecord,
  InventoryViewRecord,
  InventoryWish,
} from './inventory.ts';
export type { CopyRecord, RecoveryHoldersRecord } from './recovery.ts';
export type { PeriodExceptionRecord, PeriodLimits, PeriodPolicyRecord, PeriodPolicyWish } from './periods.ts';
export { createSecrets, type SecretRecord, type Secrets } from './secrets.ts';
export type { AttestationRecord, Ceremony, TranscriptRecord } from './statements.ts';
export type { DueRecord } from './written.ts';
export type { ClientOptions } from './transport.ts';
export { createTransit, type Transit, type TransitKey } from './transit.ts';

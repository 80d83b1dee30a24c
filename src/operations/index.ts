export * from './operation.ts';
export { operations } from './table.ts';
export { createDoor } from './run.ts';
export type { DoorObserver, House } from './house.ts';
export { createHierarchy, type Hierarchy } from './hierarchy.ts';
export { createKeyCache, keyArn, type KeyCache } from './key-cache.ts';
export { createDocumentCache, type DocumentCache } from './document-cache.ts';
export { type Mount, mountAt, mountsOf, type PlacedMount } from './mounts/mounts.ts';
export { findGrant, type TokenGrant } from './tokens/grants.ts';
export { type IssuedToken, issueToken, type TokenWish, usualTokenSeconds } from './tokens/issue.ts';
export type { TokenLease } from './tokens/lease.ts';
export { openedWithin, type Unwrapped, type Wrapped } from './wrappings/wrappings.ts';
export { spendUse } from './tokens/spend.ts';
export type { TokenReference, TokenView } from './tokens/tokens.ts';
export { isCidr, isWithin } from './auth/cidr.ts';
export type { TokenRole } from './tokens/roles.ts';
export { SecretBytes } from '#crypto';
export { secondsOfUnits } from '#access';
export type { SecretHead, SecretSettings, SecretVersion } from './secrets/head.ts';
export type { ReadSecret } from './secrets/read.ts';
export type { SecretLabels, WrittenSecret } from './secrets/write.ts';
export { hasEndedSecrets } from './secrets/remove.ts';
export type { ListedSecret } from './secrets/describe.ts';
export type { ItemResult } from './keys/items.ts';
export type { OpenedResult, SealedDataKey, SealedResult } from './keys/versioned.ts';
export type { MacChoice } from './keys/mac-items.ts';
export type { SigningChoice } from './keys/sign-items.ts';
export { anomalySettingsOf, type AnomalySettings } from './anomaly/settings.ts';
export type { AnomalyAlert, ToldAlert } from './anomaly/alerts.ts';
export {
  createSuspendedGrants,
  type SuspendedGrant,
  type SuspendedGrants,
} from './anomaly/suspended-grants.ts';
export {
  dueNotices,
  type NoticeDestinations,
  type NoticeTopic,
  type NoticeView,
  type WaitingNotice,
} from './notices/notices.ts';
export { createDemands, type Demands } from './demands.ts';
export { createRefusals, type Refusals } from './refusals.ts';
export { createKeyUses, type KeyUses } from './key-uses.ts';
export { createLastUses, type LastUses } from './last-uses.ts';
export { createUsageMeter, type UsageMeter } from './usage-meter.ts';
export { followChanges, type Freshness } from './freshness.ts';
export {
  accessKeySecretName,
  newPrincipal,
  sealAccessKey,
  tokenCredential,
  type CredentialView,
  type NewAccessKey,
  type NewToken,
} from './principals/principals.ts';
export { newAccountId, type NewAdministrator } from './environments/environments.ts';
export type { DataKey } from './keys/data-key.ts';
export type { DataKeyPair } from './keys/data-key-pair.ts';
export type { Decrypted } from './keys/decrypt.ts';
export {
  exportWraps,
  hashNames,
  type HashName,
  publicKeyPem,
  rawPublicKeyOf,
  transportSpecs,
  transportWraps,
  type TransportSpec,
  type TransportWrap,
} from '#crypto';
export type { ExportedKey } from './keys/export.ts';
export type { BackedUpVersion, BroughtMaterial } from './keys/backup-clear.ts';
export type { ClearForm } from './keys/export-clear.ts';
export type { ImportParameters } from './keys/import.ts';
export type { Encrypted } from './keys/encrypt.ts';
export type { Reencrypted } from './keys/reencrypt.ts';
export { recordFindings, type DetectionSummary } from './governance/finding-register.ts';
export { runDetectors } from './governance/detect.ts';
export type { FindingView } from './governance/findings.ts';
export { recoveryHolders, type RecoveryHolders } from './recovery/holders.ts';
export { destroyedKey, executionMethod, namesOf } from './keys/destroy.ts';
export { destructionPut, standingDestruction, type DestructionReport } from './keys/destruction.ts';
export { liveNodes, nodeLeasePrefix } from './nodes.ts';
export { updateOf } from './keys/change.ts';
export type { Rotations } from './keys/rotate.ts';
export type { ServerStatus } from './status.ts';
export type { Custody, Rekeyed, RekeyProgress } from './custody/custody.ts';
export {
  currentRootSetting,
  isCurrentRoot,
  parseCurrentRoot,
  requireCurrentRoot,
} from './roots/current-root.ts';
export type { Batch, BatchInput, RekeyState } from './environments/rekey.ts';
export { houseKey } from './roots/rewrap.ts';
export {
  createRootSeat,
  type RootPlaces,
  type RootProgress,
  type RootSeat,
  type RootTarget,
} from './roots/root-seat.ts';
export type { RootMigration, RootStatus, RootTargetReport } from './roots/roots.ts';
export type { EnrolledKey } from './quorum/approver-keys.ts';
export type { RequestView } from './quorum/decide.ts';
export type { QuorumPolicyView } from './quorum/policy.ts';
export { orphansInDevice } from './keys/device-version.ts';
export type { Devices } from './house.ts';
export type { AppRole } from './auth/approle/roles.ts';
export type { SecretIdRecord } from './auth/approle/secret-id-records.ts';
export type { CertConfig, CertRole } from './auth/cert/settings.ts';
export { decimalSerial } from './auth/cert/matching.ts';
export type { JwtConfig, JwtRole } from './auth/jwt/settings.ts';
export type { KubernetesConfig, KubernetesRole } from './auth/kubernetes/settings.ts';
export type { MethodRole } from './auth/method-records.ts';
export type { EntityView, IdentityReference, ListedEntity } from './identity/entities.ts';
export type { GroupView } from './identity/groups.ts';
export type { PlacedAlias } from './identity/mounts.ts';
export type { TokenSettings, TokenSettingsChange } from './auth/token-settings.ts';
export type { ListedPeriodExceptions, PeriodException } from './governance/period-exceptions.ts';
export { pendingPeriodPolicy, type PeriodPolicyView } from './governance/period-policy.ts';
export type { AttestationView } from './governance/attestations.ts';
export type { Ceremony } from './governance/ceremonies.ts';
export type { Facets, InventoryList, ListedRow } from './governance/inventory.ts';
export type { InventoryView } from './governance/inventory-views.ts';
export { gatherPopulation } from './governance/population.ts';

import { authoriseRekey, beginRekey, cancelRekey, confirmRekey, sealServer } from './custody/operations.ts';
import { createAdministrator, createEnvironment, listEnvironments } from './environments/environments.ts';
import { endRekey, fenceRekey, rekeyEnvironment, rekeyStatus, resealBatch } from './environments/rekey.ts';
import { authOperations } from './auth/table.ts';
import { identityOperations } from './identity/table.ts';
import { deriveSharedSecret } from './keys/agree.ts';
import { makeByAgreement } from './keys/make-by-agreement.ts';
import {
  getPolicy,
  listPolicies,
  listTags,
  putPolicy,
  tagKey,
  untagKey,
  updateDescription,
} from './keys/attributes.ts';
import { reportCompromise } from './keys/compromise.ts';
import { createKey } from './keys/create.ts';
import { generateDataKeyPair, generateDataKeyPairWithoutPlaintext } from './keys/data-key-pair.ts';
import { generateDataKey, generateDataKeyWithoutPlaintext } from './keys/data-key.ts';
import { decrypt } from './keys/decrypt.ts';
import { describeKey, getPublicKey, lastUse, listKeys } from './keys/describe.ts';
import { beginDestruction, cancelDestruction, destroyDueKey, scheduleDestruction } from './keys/destroy.ts';
import { certifyDestruction } from './keys/certify-destruction.ts';
import { checkDestruction, describeDestruction } from './keys/destruction.ts';
import { encrypt } from './keys/encrypt.ts';
import {
  deleteImportedMaterial,
  expireImportedMaterial,
  getImportParameters,
  importMaterial,
} from './keys/import.ts';
import { exportKey, exportUnderKey, listKeyCopies } from './keys/export.ts';
import { trimKey } from './keys/trim.ts';
import { backUpInClear, restoreFromClear } from './keys/backup-clear.ts';
import { derivePublicKeys } from './keys/derived-public-keys.ts';
import { exportInClear } from './keys/export-clear.ts';
import { getWrappingKey, importKey, importNextVersion } from './keys/import-whole.ts';
import { importUnderKey } from './keys/import-under-key.ts';
import { generateMac, verifyMac } from './keys/mac.ts';
import { digest, generateRandom } from './keys/random.ts';
import { setOwner } from './keys/owner.ts';
import { reencrypt } from './keys/reencrypt.ts';
import {
  disableRotation,
  enableRotation,
  getRotationStatus,
  listRotations,
  rotateDueKey,
  rotateKey,
} from './keys/rotate.ts';
import { sign, verify } from './keys/sign.ts';
import { deleteCubbyhole, listCubbyhole, readCubbyhole, writeCubbyhole } from './cubbyholes/cubbyholes.ts';
import {
  deletePolicy,
  listPolicies as listAclPolicies,
  readPolicy,
  writePolicy,
} from './policies/policies.ts';
import { acknowledgeAlert, listAlerts, readAlert, recordAlert } from './anomaly/alerts.ts';
import { readAnomalySettings, writeAnomalySettings } from './anomaly/settings.ts';
import { liftSuspendedGrant, listSuspendedGrants } from './anomaly/suspended-grants.ts';
import { listNotices, settleNotice } from './notices/notices.ts';
import { quorumOperations } from './quorum/table.ts';
import {
  approvePeriodException,
  endPeriodExceptions,
  listPeriodExceptions,
  requestPeriodException,
  revokePeriodException,
} from './governance/period-exceptions.ts';
import { finishPeriodPass, readPeriodPolicy, writePeriodPolicy } from './governance/period-policy.ts';
import {
  deactivateEnded,
  destroyEndedVersions,
  holdToPeriodPolicy,
  tellNearEnd,
} from './governance/period-work.ts';
import {
  gatherEvidence,
  listComplianceResults,
  listFrameworks,
  runCompliance,
} from './governance/compliance.ts';
import { detectFindings, findFlaws } from './governance/detect.ts';
import { acknowledgeFinding, listFindings, readFinding, reopenFinding } from './governance/findings.ts';
import { statementOperations } from './governance/statements.ts';
import { exportInventory, inventoryFacets, listInventory } from './governance/inventory.ts';
import {
  deleteInventoryView,
  listInventoryViews,
  readInventoryView,
  saveInventoryView,
} from './governance/inventory-views.ts';
import { sweepDocuments } from './sweep.ts';
import { ownCapabilities, tokenCapabilities } from './tokens/capabilities.ts';
import { createToken as issueChildToken } from './tokens/create.ts';
import { deleteTokenRole, listTokenRoles, readTokenRole, writeTokenRole } from './tokens/roles.ts';
import {
  listTokenAccessors,
  lookUpOwnToken,
  lookUpToken,
  renewOwnToken,
  renewToken,
  revokeOwnToken,
  revokeToken,
} from './tokens/tokens.ts';
import {
  lookUpWrapping,
  reopenWrapping,
  rewrapAnswer,
  unwrapAnswer,
  wrapAnswer,
} from './wrappings/wrappings.ts';
import { disableMount, enableMount, listMounts, moveMount, readMount, tuneMount } from './mounts/mounts.ts';
import { configureKey } from './keys/configure.ts';
import { macItems, verifyMacItems } from './keys/mac-items.ts';
import { signItems, verifyItems } from './keys/sign-items.ts';
import {
  decryptItems,
  encryptItems,
  generateSealedDataKey,
  generateSealedDataKeyWithoutPlaintext,
  rewrapItems,
} from './keys/versioned.ts';
import { disableKey, enableKey } from './keys/suspend.ts';
import { createName, deleteName, listNames, moveName } from './names/names.ts';
import {
  createAccessKey,
  createPrincipal,
  createToken,
  deleteCredential,
  listCredentials,
  listPrincipals,
  setPrincipal,
} from './principals/principals.ts';
import { makeSuccessorRoot, migrateRoot, prepareRoot, rootStatus, verifyRoot } from './roots/roots.ts';
import {
  acknowledgeDestroyed,
  beginEscrow,
  completeEscrow,
  listCopies,
  recordBackup,
  registerCopy,
} from './recovery/copies.ts';
import { recordDrill } from './recovery/drill.ts';
import { listRecoveryHolders, setRecoveryHolders } from './recovery/holders.ts';
import {
  configureSecrets,
  describeSecret,
  listSecrets,
  readSecretSettings,
  updateSecret,
} from './secrets/describe.ts';
import { readSecret } from './secrets/read.ts';
import {
  deleteSecret,
  destroySecret,
  removeSecret,
  shredEndedSecrets,
  undeleteSecret,
} from './secrets/remove.ts';
import { patchSecret, writeSecret } from './secrets/write.ts';
import { serverStatus } from './status.ts';

/** Every operation there is. A test walks it: each permission is used once, each rule lists its conditions. */
export const operations = Object.freeze({
  ...quorumOperations,
  readPeriodPolicy,
  writePeriodPolicy,
  listInventory,
  exportInventory,
  inventoryFacets,
  saveInventoryView,
  readInventoryView,
  listInventoryViews,
  deleteInventoryView,
  finishPeriodPass,
  holdToPeriodPolicy,
  deactivateEnded,
  tellNearEnd,
  destroyEndedVersions,
  requestPeriodException,
  approvePeriodException,
  revokePeriodException,
  listPeriodExceptions,
  endPeriodExceptions,
  listFrameworks,
  runCompliance,
  listComplianceResults,
  gatherEvidence,
  detectFindings,
  findFlaws,
  listFindings,
  readFinding,
  acknowledgeFinding,
  reopenFinding,
  createKey,
  describeKey,
  listKeys,
  encrypt,
  decrypt,
  reencrypt,
  generateDataKey,
  generateDataKeyWithoutPlaintext,
  generateDataKeyPair,
  generateDataKeyPairWithoutPlaintext,
  generateRandom,
  digest,
  generateMac,
  verifyMac,
  sign,
  verify,
  deriveSharedSecret,
  makeByAgreement,
  getPublicKey,
  derivePublicKeys,
  encryptItems,
  decryptItems,
  rewrapItems,
  generateSealedDataKey,
  generateSealedDataKeyWithoutPlaintext,
  signItems,
  verifyItems,
  macItems,
  verifyMacItems,
  configureKey,
  trimKey,
  enableKey,
  disableKey,
  scheduleDestruction,
  cancelDestruction,
  beginDestruction,
  destroyDueKey,
  checkDestruction,
  certifyDestruction,
  describeDestruction,
  enableRotation,
  disableRotation,
  getRotationStatus,
  rotateKey,
  rotateDueKey,
  listRotations,
  updateDescription,
  setOwner,
  getPolicy,
  putPolicy,
  listPolicies,
  tagKey,
  untagKey,
  listTags,
  createName,
  moveName,
  deleteName,
  listNames,
  lastUse,
  reportCompromise,
  getImportParameters,
  importMaterial,
  deleteImportedMaterial,
  expireImportedMaterial,
  importUnderKey,
  getWrappingKey,
  importKey,
  importNextVersion,
  exportKey,
  exportUnderKey,
  exportInClear,
  backUpInClear,
  restoreFromClear,
  listKeyCopies,
  listAclPolicies,
  readPolicy,
  writePolicy,
  deletePolicy,
  issueChildToken,
  lookUpToken,
  lookUpOwnToken,
  renewToken,
  renewOwnToken,
  revokeToken,
  revokeOwnToken,
  listTokenAccessors,
  tokenCapabilities,
  ownCapabilities,
  writeTokenRole,
  readTokenRole,
  listTokenRoles,
  deleteTokenRole,
  readCubbyhole,
  writeCubbyhole,
  deleteCubbyhole,
  listCubbyhole,
  wrapAnswer,
  lookUpWrapping,
  unwrapAnswer,
  reopenWrapping,
  rewrapAnswer,
  sweepDocuments,
  listMounts,
  readMount,
  enableMount,
  tuneMount,
  moveMount,
  disableMount,
  writeSecret,
  patchSecret,
  readSecret,
  deleteSecret,
  undeleteSecret,
  destroySecret,
  removeSecret,
  shredEndedSecrets,
  listSecrets,
  describeSecret,
  updateSecret,
  readSecretSettings,
  configureSecrets,
  ...authOperations,
  ...identityOperations,
  ...statementOperations,
  createEnvironment,
  createAdministrator,
  listEnvironments,
  createPrincipal,
  listPrincipals,
  setPrincipal,
  createAccessKey,
  createToken,
  deleteCredential,
  listCredentials,
  setRecoveryHolders,
  listRecoveryHolders,
  recordDrill,
  recordBackup,
  beginEscrow,
  completeEscrow,
  registerCopy,
  acknowledgeDestroyed,
  listCopies,
  serverStatus,
  sealServer,
  beginRekey,
  authoriseRekey,
  confirmRekey,
  cancelRekey,
  prepareRoot,
  migrateRoot,
  verifyRoot,
  makeSuccessorRoot,
  rootStatus,
  rekeyEnvironment,
  rekeyStatus,
  resealBatch,
  fenceRekey,
  endRekey,
  recordAlert,
  listAlerts,
  readAlert,
  acknowledgeAlert,
  readAnomalySettings,
  writeAnomalySettings,
  listSuspendedGrants,
  liftSuspendedGrant,
  settleNotice,
  listNotices,
});

import type { OperationClass } from './usage-event.ts';

/** Operations of the house whose class does not follow from the first word of their name. */
const byOperation: ReadonlyMap<string, OperationClass> = new Map([
  ['keys.encrypt', 'protect'],
  ['keys.encrypt-items', 'protect'],
  ['keys.generate-data-key', 'protect'],
  ['keys.generate-data-key-without-plaintext', 'protect'],
  ['keys.generate-sealed-data-key', 'protect'],
  ['keys.generate-sealed-data-key-without-plaintext', 'protect'],
  ['keys.generate-data-key-pair', 'protect'],
  ['keys.generate-data-key-pair-without-plaintext', 'protect'],
  ['keys.decrypt', 'process'],
  ['keys.decrypt-items', 'process'],
  ['secrets.read', 'process'],
  ['keys.reencrypt', 'rewrap'],
  ['keys.rewrap-items', 'rewrap'],
  ['keys.sign', 'sign'],
  ['keys.sign-items', 'sign'],
  ['keys.generate-mac', 'sign'],
  ['keys.mac-items', 'sign'],
  ['keys.verify', 'verify'],
  ['keys.verify-items', 'verify'],
  ['keys.verify-mac', 'verify'],
  ['keys.verify-mac-items', 'verify'],
  ['keys.derive-shared-secret', 'derive'],
  ['keys.export', 'export'],
  ['keys.export-in-clear', 'export'],
  ['keys.export-under-key', 'export'],
  ['keys.back-up-in-clear', 'export'],
  ['keys.import-material', 'import'],
  ['keys.import-under-key', 'import'],
  ['keys.import-next-version', 'import'],
  ['keys.import-whole', 'import'],
  ['keys.restore-from-clear', 'import'],
  ['keys.delete-imported-material', 'destroy'],
  ['keys.schedule-destruction', 'destroy'],
  ['keys.begin-destruction', 'destroy'],
  ['keys.destroy', 'destroy'],
  ['keys.trim', 'destroy'],
  ['secrets.destroy', 'destroy'],
  ['secrets.remove', 'destroy'],
  ['keys.disable', 'disable'],
  ['keys.report-compromise', 'disable'],
  ['keys.put-policy', 'policy'],
  ['policies.write', 'policy'],
  ['policies.delete', 'policy'],
  ['principals.create', 'policy'],
  ['principals.update', 'policy'],
  ['credentials.create-access-key', 'policy'],
  ['credentials.create-token', 'policy'],
  ['environments.create-administrator', 'policy'],
  ['auth.write-app-role', 'policy'],
  ['auth.write-method-config', 'policy'],
  ['auth.write-method-role', 'policy'],
  ['auth.write-password-user', 'policy'],
  ['keys.create', 'create'],
  ['anomaly.write-settings', 'policy'],
  ['anomaly.lift-suspended-grant', 'policy'],
]);

const reading =
  /\.(?:describe|list|get-|read|look-up|lookup|last-use|rekey-status|status|check-|certify-|verify|generate-random|digest)/;

/** The class of an operation of the house. One that this table does not name changes something unless its name says that it reads. */
export function classOfOperation(operation: string): OperationClass {
  return byOperation.get(operation) ?? (reading.test(operation) ? 'read' : 'manage');
}

//= AWS KMS API reference, actions; the names that CloudTrail gives to events of the service itself
const byEventName: ReadonlyMap<string, OperationClass> = new Map([
  ['Encrypt', 'protect'],
  ['GenerateDataKey', 'protect'],
  ['GenerateDataKeyWithoutPlaintext', 'protect'],
  ['GenerateDataKeyPair', 'protect'],
  ['GenerateDataKeyPairWithoutPlaintext', 'protect'],
  ['Decrypt', 'process'],
  ['ReEncrypt', 'rewrap'],
  ['Sign', 'sign'],
  ['GenerateMac', 'sign'],
  ['Verify', 'verify'],
  ['VerifyMac', 'verify'],
  ['DeriveSharedSecret', 'derive'],
  ['ImportKeyMaterial', 'import'],
  ['DeleteImportedKeyMaterial', 'destroy'],
  ['ScheduleKeyDeletion', 'destroy'],
  ['DeleteKey', 'destroy'],
  ['DisableKey', 'disable'],
  ['PutKeyPolicy', 'policy'],
  ['CreateKey', 'create'],
]);

/** The class of an event of AWS KMS; our own rendering names what AWS has no word for as we do. */
export function classOfEventName(name: string): OperationClass {
  const known = byEventName.get(name);
  if (known !== undefined) return known;
  if (name.includes('.')) return classOfOperation(name);
  return /^(?:Describe|List|Get|GenerateRandom)/.test(name) ? 'read' : 'manage';
}

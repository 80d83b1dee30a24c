import { awsSpecName, awsUsageName } from '#access';
import { currentVersion, type ImportedMaterial, type Key } from '#domain';
import { keyArn } from '#operations';
import { algorithmNamesOf } from './specs.ts';

/** Milliseconds as AWS tells times: seconds with a fraction. */
export function seconds(at: number): number {
  return at / 1000;
}

const algorithmMembers: Readonly<Record<string, string>> = {
  encrypt: 'EncryptionAlgorithms',
  sign: 'SigningAlgorithms',
  mac: 'MacAlgorithms',
  'key-agreement': 'KeyAgreementAlgorithms',
};

/** The algorithms of a key under the name that AWS has for its usage. */
export function algorithmsMember(key: Key): object {
  const member = algorithmMembers[key.usage];
  return member ? { [member]: algorithmNamesOf(key) } : {};
}

/** The state of a key in AWS's words. */
export function keyState(
  key: Key,
): 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport' | 'Unavailable' {
  if (key.destruction) return 'PendingDeletion';
  if (key.imported?.isPresent === false) return 'PendingImport';
  if (key.suspendedAt !== null) return 'Disabled';
  return currentVersion(key).state === 'compromised' ? 'Unavailable' : 'Enabled';
}

/** KeyMetadata. */
export function keyMetadata(key: Key, accountId: string): object {
  const state = keyState(key);
  return {
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: keyArn(accountId, key),
    CreationDate: seconds(key.createdAt),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: awsUsageName(key.usage),
    KeyState: state,
    ...(key.destruction ? { DeletionDate: seconds(key.destruction.dueAt) } : {}),
    ...originMembers(key),
    ...(key.imported ? expiryMembers(key.imported) : {}),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: awsSpecName(key.spec),
    KeySpec: awsSpecName(key.spec),
    ...algorithmsMember(key),
    MultiRegion: false,
    ...materialMember(key),
  };
}

function originMembers(key: Key): object {
  if (key.imported) return { Origin: 'EXTERNAL' };
  const { device } = currentVersion(key);
  return device ? { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: device.id } : { Origin: 'AWS_KMS' };
}

/** Symmetric encryption keys tell which material protects now. */
function materialMember(key: Key): object {
  const { materialId } = currentVersion(key);
  return key.spec === 'AES_256' && key.usage === 'encrypt' && materialId !== ''
    ? { CurrentKeyMaterialId: materialId }
    : {};
}

/** What is told of material that was imported and is here. */
export function expiryMembers(imported: ImportedMaterial): object {
  if (!imported.isPresent) return {};
  return imported.expiresAt === null
    ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: seconds(imported.expiresAt) };
}
